import AssayTensor
import Testing

@testable import AssayModels

/// Architectures that between them take every branch of multi-head latent attention.
private let architectures: [Architecture] = [
    ModelChecks.tiny("mla"),
    ModelChecks.tiny("mla", options: ["rotary-dimension": 0, "latent-dimension": 5], heads: 4),
    ModelChecks.tiny("mla", options: ["rotary-fraction": 0, "query-latent-dimension": 7, "value-dimension": 3]),
    ModelChecks.tiny(
        "mla",
        options: [
            "rotary-dimension": 6, "nope-dimension": 3, "value-dimension": 8, "query-latent-dimension": 5,
            "rotary-base": 100, "scale": 0.6,
        ], heads: 3),
]

@Suite struct LatentAttentionTests {
    @Test(
        "parallel, recurrent and reference form agree: decoding absorbs what prefill expands", arguments: architectures)
    func forms(_ architecture: Architecture) throws { try ModelChecks.formsAgree(architecture) }

    @Test("a later token never changes an earlier output, bit for bit", arguments: architectures)
    func causality(_ architecture: Architecture) throws { try ModelChecks.isCausal(architecture) }

    @Test("gradients agree with central differences of the reference", arguments: architectures)
    func gradients(_ architecture: Architecture) throws { try ModelChecks.gradientsAgree(architecture, time: 7) }

    @Test("every option keeps the contract of a mixer", arguments: architectures)
    func conformance(_ architecture: Architecture) throws {
        let report = try MixerConformance.check(architecture)
        #expect(report.isSound, "\(report)")
    }

    @Test("the state is a latent and a shared key a token, however many heads there are")
    func state() throws {
        func mixer(heads: Int) throws -> any Mixer {
            let architecture = Architecture(
                name: "test", width: 32, heads: heads, headDimension: 8,
                layers: [
                    LayerConfiguration(mixer: "mla", options: ["latent-dimension": 20, "rotary-dimension": 6])
                ], vocabularyCount: 8)
            return try MixerRegistry.make(architecture, layer: 0)
        }
        for heads in [1, 4] {
            let layout = try mixer(heads: heads).stateLayout(capacity: 10)
            #expect(layout.parts.map(\.shape) == [[1, 10, 20], [1, 10, 6]])
            #expect(layout.parts.allSatisfy { $0.kind == .cache })
            #expect(try mixer(heads: heads).cost(context: 1_000).stateBytes == Double(4 * 26 * 1_000))
        }
        // Queries 4 x (8 + 6), entries 26, expansion 4 x (8 + 8) from 20, output 4 x 8; absorbed: two latents and a key.
        let projections: Int = 2 * (56 * 32 + 26 * 32 + 64 * 20 + 32 * 32)
        let (decode, prefill): (Int, Int) = (10 * 2 * 4 * 46, 5 * 2 * 4 * 22)
        let cost = try mixer(heads: 4).cost(context: 9)
        #expect(cost.decodeFLOPs == Double(projections + decode))
        #expect(cost.prefillFLOPs == Double(projections + prefill))
    }

    @Test("options that cannot be are refused by name")
    func refusals() {
        #expect(throws: (any Error).self) {
            _ = try LanguageModel(ModelChecks.tiny("mla", options: ["rotary-dimension": 5]))
        }
        #expect(throws: (any Error).self) {
            _ = try LanguageModel(ModelChecks.tiny("mla", options: ["latent-dimension": 0]))
        }
    }
}
