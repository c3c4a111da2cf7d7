import AssayCore
import Foundation
import Testing

@testable import AssayModels

@Suite struct LinearAttentionTests {
    private static let variants: [[String: MixerOption]] = [
        [:], ["normaliser": false], ["feature-map": "silu"], ["feature-map": "identity"],
    ]

    private func bench(
        width: Int = 12, heads: Int = 2, headDimension: Int = 6, options: [String: MixerOption] = [:],
        convolution: Int = 0
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: heads, headDimension: headDimension,
            layers: [LayerConfiguration(mixer: "linear-attention", options: options)], vocabularyCount: 8,
            shortConvolution: convolution)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: width)
    }

    @Test("the published layer's outputs and states come out of all three forms, the normaliser's too")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("linear-attention", from: "additive")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let map = try fixture.number("elu") == 1 ? "elu" : try fixture.number("silu") == 1 ? "silu" : "identity"
            let hasNormaliser = try fixture.number("normaliser") == 1
            let bench = try bench(
                width: fixture.number("width"), heads: fixture.number("heads"),
                headDimension: fixture.number("head_dimension"),
                options: ["feature-map": .text(map), "normaliser": .boolean(hasNormaliser)])
            bench.set(
                "qkv_proj.weight", try ["q", "k", "v"].flatMap { try fixture.weight("\($0)_proj.weight").values })
            bench.set("out_proj.weight", try fixture.weight("o_proj.weight").values)
            if !hasNormaliser { bench.set("norm.weight", try fixture.weight("norm.weight").values) }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree for every feature map", arguments: variants)
    func formsAgree(_ options: [String: MixerOption]) throws {
        for time in [1, 31, 33, 100] {
            let bench = try bench(options: options)
            bench.expectFormsAgree(MixerBench.normal(time * bench.width, domain: "x", seed: 1))
        }
        let x = MixerBench.normal(70 * 12, domain: "x", seed: 2)
        try bench(heads: 3, headDimension: 5, options: options, convolution: 4).expectFormsAgree(x)
        try bench(heads: 1, headDimension: 80, options: options).expectFormsAgree(x)
    }

    @Test("gradients are those of the reference for every feature map, over more than one chunk", arguments: variants)
    func gradients(_ options: [String: MixerOption]) throws {
        let x = MixerBench.normal(37 * 6, domain: "x", seed: 3)
        try bench(width: 6, headDimension: 4, options: options).expectGradients(x)
        try bench(width: 6, headDimension: 3, options: options, convolution: 3).expectGradients(x)
    }

    @Test("it conforms with every feature map", arguments: variants)
    func conformance(_ options: [String: MixerOption]) throws {
        let report = try MixerConformance.check(mixer: "linear-attention", options: options)
        #expect(report.isSound, "\(report)")
    }

    @Test("the normaliser belongs to the state, and needs positive features")
    func normaliser() throws {
        let layout = try bench().mixer.stateLayout(capacity: 9)
        #expect(layout.parts.map(\.name) == ["state", "normaliser"])
        #expect(layout["normaliser"]?.shape == [2, 1, 6] && layout.count == 2 * 6 * 6 + 2 * 6)
        #expect(try bench(options: ["normaliser": false]).mixer.stateCount(capacity: 9) == 2 * 6 * 6)
        for map in ["silu", "identity"] {
            #expect(throws: AssayError.self) {
                try bench(options: ["feature-map": .text(map), "normaliser": true])
            }
        }
    }

    @Test("its cost is counted")
    func cost() throws {
        let cost = try bench().mixer.cost(context: 512)
        #expect(cost.stateBytes == Double(4 * (72 + 12)))
        // q, k, v and out; 5 operations an element of the states; sums of keys, their products, and the division.
        #expect(cost.decodeFLOPs == Double(2 * 4 * 12 * 12 + 5 * 72 + 2 * (3 * 6 + 6)))
        #expect(cost.prefillFLOPs > cost.decodeFLOPs)
    }
}
