import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// Options that released models need: each conforms in all forms and gradients, and changes what is computed.
@Suite struct ReleasedOptionTests {
    private static let mixers: [(mixer: String, options: [String: MixerOption])] = [
        ("full", ["output-gate": true, "gate-bias": true, "projection-bias": true]),
        ("full", ["rotary-scaling": "linear", "rotary-factor": 4]),
        ("full", ["rotary-scaling": "llama3", "rotary-factor": 8, "rotary-length": 16, "rotary-base": 100]),
        ("full", ["rotary-scaling": "yarn", "rotary-factor": 4, "rotary-length": 64, "rotary-truncate": false]),
        ("mla", ["projection-bias": true, "query-latent-dimension": 6]),
        ("sparse-top-k", ["projection-bias": true, "top-k": 3]),
        ("gated-convolution", ["bias": true]), ("gated-delta-net", ["norm-epsilon": 0.05]),
        ("mamba-2", ["projection-bias": true, "state-dimension": 6]),
        ("mamba-2", ["step-least": 0.02, "step-most": 0.04, "state-dimension": 6]),
    ]

    private static let feedForwards: [(name: String, options: [String: MixerOption])] = [
        ("swiglu", ["bias": true]), ("geglu", ["bias": true]),
        ("mixture-of-experts", ["router-bias": true, "expert-bias": true, "experts": 4, "top-k": 2]),
        ("mixture-of-experts", ["activation": "clamped-swish", "swish-limit": 0.2, "expert-bias": true]),
        ("mixture-of-experts", ["shared-hidden": 5, "shared-gate": true]),
    ]

    @Test("a mixer with an option of released models conforms", arguments: mixers.indices)
    func mixer(_ index: Int) throws {
        let report = try MixerConformance.check(mixer: Self.mixers[index].mixer, options: Self.mixers[index].options)
        #expect(report.isSound, "\(report)")
    }

    @Test("a feed-forward with one does", arguments: feedForwards.indices)
    func feedForward(_ index: Int) throws {
        let one = Self.feedForwards[index]
        let report = try MixerConformance.check(feedForward: one.name, options: one.options)
        #expect(report.isSound, "\(report)")
    }

    /// Layers whose branches sit on the stream in different ways, one of them without a feed-forward, and a cap.
    private var mixed: Architecture {
        var architecture = ModelChecks.tiny("full", keyValueHeads: 1, shortConvolution: 2)
        architecture.layers = [
            LayerConfiguration(mixer: "gated-delta-net", feedForwardForm: BranchForm(.output, branchFactor: 0.7)),
            LayerConfiguration(mixer: "full", feedForward: "none", mixerForm: BranchForm(.post, streamFactor: 1.5)),
            LayerConfiguration(
                mixer: "full", feedForward: "geglu", mixerForm: BranchForm(.output),
                feedForwardForm: BranchForm(.sandwich)),
        ]
        architecture.block = BlockForm(logitsCap: 0.4)
        return architecture
    }

    @Test("layers with forms of their own, and capped logits, agree in all forms and gradients")
    func forms() throws {
        try ModelChecks.formsAgree(mixed)
        try ModelChecks.gradientsAgree(mixed, time: 5)
        try ModelChecks.isCausal(mixed)
        let model = try LanguageModel(mixed)
        let logits = model.reference(
            tokens: ModelChecks.tokens(model, count: 6), weights: model.initialWeights(seed: 1))
        #expect(logits.allSatisfy { abs($0) < 0.4 } && logits.contains { abs($0) > 1e-3 })
        #expect(try CanonicalJSON.value(from: CanonicalJSON.text(mixed)) == mixed)
        var wrong = mixed
        wrong.layers[0].feedForwardForm?.branchFactor = 0
        #expect(throws: AssayError.self) { try wrong.validate() }
    }

    @Test("options that do nothing beside others are refused")
    func refusals() throws {
        let mixers: [(String, [String: MixerOption])] = [
            ("full", ["rotary-factor": 2]), ("full", ["rotary-scaling": "linear", "rotary-fast": 3]),
            ("full", ["gate-bias": true]), ("mamba-2", ["step-least": 2, "step-most": 1]),
            ("full", ["rotary-scaling": "llama3", "rotary-low": 4, "rotary-high": 4]),
        ]
        for (mixer, options) in mixers {
            #expect(throws: AssayError.self) { try MixerConformance.check(mixer: mixer, options: options) }
        }
        let mixtures: [[String: MixerOption]] = [["swish-limit": 2], ["shared-hidden": 4, "shared-experts": 1]]
        for options in mixtures {
            #expect(throws: AssayError.self) {
                try MixerConformance.check(feedForward: "mixture-of-experts", options: options)
            }
        }
    }

    @Test("scaled rotary frequencies are those of transformers, for every kind")
    func frequencies() {
        // _compute_llama3_parameters and _compute_yarn_parameters of transformers 5.23.0, for 8 elements and base 10000.
        let llama3 = RotaryAngles(
            dimension: 8, base: 10_000, scaling: .llama3(factor: 8, low: 1, high: 4, length: 64))
        let yarn = RotaryAngles(
            dimension: 8, base: 10_000,
            scaling: .yarn(factor: 4, fast: 32, slow: 1, length: 64, truncates: true, attention: 1.25))
        #expect(llama3.magnitude == 1 && yarn.magnitude == 1.25)
        for (angles, expected) in [(llama3, Self.llama3Frequencies), (yarn, Self.yarnFrequencies)] {
            for (own, other) in zip(angles.frequencies, expected) { #expect(abs(own / other - 1) < 1e-6) }
            #expect(angles.frequencies.count == 4)
        }
    }

    private static let llama3Frequencies: [Double] = [1, 0.0130422562, 0.00124999997, 0.000125000006]
    private static let yarnFrequencies: [Double] = [1, 0.0625, 0.00249999994, 0.000250000012]
}
