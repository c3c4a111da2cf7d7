import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

@Suite struct GatedLinearAttentionTests {
    private func bench(
        width: Int = 12, heads: Int = 2, options: [String: MixerOption] = [:], convolution: Int = 0
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: heads, headDimension: 8,
            layers: [LayerConfiguration(mixer: "gla", options: options)], vocabularyCount: 8,
            shortConvolution: convolution)
        return MixerBench(try GatedLinearAttention(MixerRequest(architecture: architecture, layer: 0)), width: width)
    }

    private func input(_ time: Int, width: Int = 12) -> [Double] {
        MixerBench.normal(time * width, domain: "x", seed: 1)
    }

    private static let wide: [String: MixerOption] = ["key-dimension": 20, "value-dimension": 18, "gate-rank": 3]

    @Test("the published layer's outputs and states come out of all three forms")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("gla", from: "channel")
        #expect(fixtures.count == 2)
        for fixture in fixtures {
            let options = ["key-dimension": "key_dimension", "value-dimension": "value_dimension", "gate-rank": "rank"]
            let bench = try bench(
                width: fixture.number("width"), heads: fixture.number("heads"),
                options: options.mapValues { .number(Double(try fixture.number($0))) })
            bench.set(
                "qkv_proj.weight",
                try ["q", "k", "v"].flatMap { try fixture.weight("\($0)_proj.weight").values })
            for (name, published) in [
                ("gk_a_proj.weight", "gk_proj.0.weight"), ("gk_b_proj.weight", "gk_proj.1.weight"),
                ("gk_b_proj.bias", "gk_proj.1.bias"), ("g_proj.weight", "g_proj.weight"),
                ("norm.weight", "g_norm_swish_gate.weight"), ("out_proj.weight", "o_proj.weight"),
            ] {
                bench.set(name, try fixture.weight(published).values)
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 31, 32, 33, 100])
    func formsAgree(time: Int) throws {
        try bench().expectFormsAgree(input(time))
        try bench(options: Self.wide, convolution: 4).expectFormsAgree(input(time))
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        try bench().expectGradients(input(35))
        try bench(options: Self.wide, convolution: 3).expectGradients(input(37))
    }

    @Test("decays near 0 and near 1 neither overflow nor lose the gradient", arguments: [-60.0, -20, 20])
    func extremeDecay(bias: Double) throws {
        let bench = try bench(options: ["gate-divisor": 0.1])
        bench.set("gk_b_proj.bias", (0..<8).map { bias * Double($0) / 4 })
        bench.expectFormsAgree(input(70))
        bench.expectGradients(input(35))
    }

    @Test("a greater divisor of the gate lets the state forget more slowly")
    func divisor() throws {
        let sizes = try [1, 16, 256].map { divisor in
            let state = try bench(options: ["gate-divisor": .number(Double(divisor))]).recurrent(input(200)).state
            return state.reduce(0) { $0 + $1 * $1 }
        }
        #expect(sizes[0] < sizes[1] && sizes[1] < sizes[2])
    }

    @Test("whole models of it conform", arguments: [0, 4])
    func conformance(convolution: Int) throws {
        for options in [[:], Self.wide] {
            let report = try MixerConformance.check(mixer: "gla", options: options, shortConvolution: convolution)
            #expect(report.isSound, "\(report)")
        }
    }

    @Test("options that cannot be are refused by name")
    func badOptions() {
        for (options, field) in [
            (["heads": 0], "heads"), (["key-dimension": "wide"], "key-dimension"), (["gate-rank": 0.5], "gate-rank"),
            (["gate-divisor": 0], "gate-divisor"),
        ] as [([String: MixerOption], String)] {
            #expect {
                _ = try bench(options: options)
            } throws: { error in
                (error as? AssayError)?.problem.contains("'\(field)'") ?? false
            }
        }
    }

    @Test("the state's size is constant, and its cost is counted")
    func cost() throws {
        let mixer = try bench(convolution: 3).mixer
        // Two states of 4 x 8, and two tokens of 32 channels.
        #expect(mixer.stateCount(capacity: 10) == 64 + 64 && mixer.stateCount(capacity: 9_999) == 64 + 64)
        #expect(mixer.cost(context: 77).stateBytes == 4 * 128)
        let gates = 2 * (16 * (12 + 8) + 16 * 12)
        #expect(mixer.cost(context: 77).decodeFLOPs == Double(2 * 32 * (12 + 3) + gates + 2 * 12 * 16 + 5 * 64))
    }
}
