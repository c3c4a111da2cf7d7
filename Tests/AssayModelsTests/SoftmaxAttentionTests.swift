import Testing

@testable import AssayModels

/// Architectures that between them take every branch of softmax attention.
private let architectures: [Architecture] = [
    ModelChecks.tiny("full"),
    ModelChecks.tiny("full", options: ["rotary-fraction": 0.34], heads: 4, keyValueHeads: 2, tiedHead: false),
    ModelChecks.tiny("full", options: ["rotary-fraction": 0, "query-key-norm": "head"], shortConvolution: 3),
    ModelChecks.tiny(
        "full", options: ["query-key-norm": "all", "rotary-fraction": 0.67, "rotary-base": 100], heads: 3,
        keyValueHeads: 1),
    ModelChecks.tiny("sliding-window", options: ["window": 3]),
    ModelChecks.tiny(
        "sliding-window", options: ["window": 4, "sinks": 2, "query-key-norm": "head"], heads: 4, keyValueHeads: 2,
        shortConvolution: 2),
    ModelChecks.tiny("sliding-window", options: ["window": 50, "sinks": 1]),
]

@Suite struct SoftmaxAttentionTests {
    @Test("parallel, recurrent and reference form of softmax attention agree", arguments: architectures)
    func forms(_ architecture: Architecture) throws { try ModelChecks.formsAgree(architecture) }

    @Test("the parallel form agrees with the reference over several blocks of the kernel")
    func long() throws {
        try ModelChecks.formsAgree(architectures[1], time: 150)
        try ModelChecks.formsAgree(architectures[5], time: 150)
    }

    @Test("a later token never changes an earlier output, bit for bit", arguments: architectures.prefix(6))
    func causality(_ architecture: Architecture) throws { try ModelChecks.isCausal(architecture) }

    @Test("gradients agree with central differences of the reference", arguments: architectures)
    func gradients(_ architecture: Architecture) throws { try ModelChecks.gradientsAgree(architecture) }

    @Test("a window forgets what it does not see, and sinks do not")
    func forgetting() throws {
        let time = 12
        for (sinks, remembers) in [(0, false), (1, true)] {
            // One layer: with more, a window reaches further back through the layer below.
            let model = try LanguageModel(
                ModelChecks.tiny("sliding-window", options: ["window": 3, "sinks": .number(Double(sinks))], layers: 1))
            let weights = ModelChecks.weights(model)
            var sequence = ModelChecks.tokens(model, count: time)
            let vocabulary = model.architecture.vocabularyCount
            let before = ModelChecks.parallel(model, weights, [sequence])[0].suffix(vocabulary)
            sequence[0] = (sequence[0] + 1) % Int32(vocabulary)
            let after = ModelChecks.parallel(model, weights, [sequence])[0].suffix(vocabulary)
            #expect(before.elementsEqual(after) != remembers)
        }
    }
}
