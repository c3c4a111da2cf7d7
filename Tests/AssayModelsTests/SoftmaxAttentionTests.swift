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
    ModelChecks.tiny(
        "full", options: ["output-gate": true, "query-key-norm": "head", "rotary-fraction": 0.34], heads: 4,
        keyValueHeads: 2),
    ModelChecks.tiny(
        "full", options: ["sink-logits": true, "projection-bias": true, "scale": 0.9], shortConvolution: 3),
    ModelChecks.tiny(
        "sliding-window", options: ["window": 3, "sinks": 1, "sink-logits": true, "short-convolution": 0], heads: 6,
        keyValueHeads: 1, shortConvolution: 3),
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

    @Test("every option keeps the contract of a mixer", arguments: architectures.suffix(3))
    func conformance(_ architecture: Architecture) throws {
        let report = try MixerConformance.check(architecture)
        #expect(report.isSound, "\(report)")
    }

    @Test(
        "without rotary embedding a token sees a set: the order of those before it does not matter",
        arguments: ["full", "sliding-window", "mla"])
    func noPositions(_ mixer: String) throws {
        for (fraction, matters) in [(0.0, false), (1.0, true)] {
            let model = try LanguageModel(
                ModelChecks.tiny(mixer, options: ["rotary-fraction": .number(fraction)], layers: 1))
            let weights = ModelChecks.weights(model)
            let sequence = ModelChecks.tokens(model, count: 9)
            let swapped = [sequence[3], sequence[5], sequence[0], sequence[1], sequence[7], sequence[4], sequence[6]]
            let other = swapped + [sequence[2], sequence[8]]
            let last = [sequence, other].map {
                ModelChecks.parallel(model, weights, [$0])[0].suffix(model.architecture.vocabularyCount)
            }
            let difference = zip(last[0], last[1]).map { abs($0 - $1) }.max() ?? 0
            #expect(matters ? difference > 1e-3 : difference < 1e-5)
        }
    }

    @Test("options that cannot be are refused by name")
    func refusals() {
        for options in [["scale": 0], ["output-gate": 1], ["short-convolution": 9]] as [[String: MixerOption]] {
            #expect(throws: (any Error).self) { _ = try LanguageModel(ModelChecks.tiny("full", options: options)) }
        }
    }
}
