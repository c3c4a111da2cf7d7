import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

@Suite struct KimiDeltaAttentionTests {
    private func bench(
        width: Int = 12, heads: Int = 2, dimension: Int = 8, options: [String: MixerOption] = [:], convolution: Int = 0,
        epsilon: Double = 1e-5
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: heads, headDimension: dimension,
            layers: [LayerConfiguration(mixer: "kda", options: options)], vocabularyCount: 8,
            shortConvolution: convolution, normEpsilon: epsilon)
        return MixerBench(try KimiDeltaAttention(MixerRequest(architecture: architecture, layer: 0)), width: width)
    }

    private func input(_ time: Int, width: Int = 12) -> [Double] {
        MixerBench.normal(time * width, domain: "x", seed: 1)
    }

    @Test("the published layer's outputs and states come out of all three forms")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("kda", from: "channel")
        #expect(fixtures.count == 2)
        for fixture in fixtures {
            let bench = try bench(
                width: fixture.number("width"), heads: fixture.number("heads"),
                dimension: fixture.number("head_dimension"), convolution: fixture.number("kernel"))
            bench.set(
                "qkv_proj.weight",
                try ["q", "k", "v"].flatMap { try fixture.weight("\($0)_proj.weight").values })
            for (name, published) in [
                ("conv.weight", "conv1d.weight"), ("f_a_proj.weight", "forget_gate.f_a_proj.weight"),
                ("f_b_proj.weight", "forget_gate.f_b_proj.weight"), ("A_log", "forget_gate.A_log"),
                ("dt_bias", "forget_gate.dt_bias"), ("b_proj.weight", "b_proj.weight"),
                ("g_a_proj.weight", "g_a_proj.weight"), ("g_b_proj.weight", "g_b_proj.weight"),
                ("norm.weight", "o_norm.weight"), ("out_proj.weight", "o_proj.weight"),
            ] {
                bench.set(name, try fixture.weight(published).values)
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 17, 32, 33, 100])
    func formsAgree(time: Int) throws {
        try bench().expectFormsAgree(input(time))
        try bench(heads: 3, dimension: 20, options: ["negative-eigenvalues": true], convolution: 3)
            .expectFormsAgree(input(time))
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        try bench().expectGradients(input(35))
        try bench(heads: 1, dimension: 18, options: ["negative-eigenvalues": true]).expectGradients(input(37))
    }

    @Test("strong decay neither overflows nor loses the gradient, weak decay keeps everything")
    func extremeDecay() throws {
        for (aLog, bias) in [(5.0, 20.0), (3, 0), (-12, 0)] {
            let bench = try bench()
            bench.set("A_log", [aLog, aLog - 1])
            bench.set("dt_bias", (0..<16).map { bias * Double($0) / 8 })
            bench.expectFormsAgree(input(70))
            bench.expectGradients(input(35))
        }
    }

    @Test(
        "beta near its ends and equal keys, where the triangular system is hardest, stay exact",
        arguments: [false, true])
    func saturatedBeta(negative: Bool) throws {
        let bench = try bench(options: ["negative-eigenvalues": .boolean(negative)])
        bench.set("b_proj.weight", try #require(bench.values["b_proj.weight"]).map { 20 * $0 })
        bench.set("A_log", [-12, -4])
        let token = input(1)
        let same = Array(repeating: token, count: 40).flatMap { $0 }
        bench.expectFormsAgree(input(70))
        bench.expectFormsAgree(same)
        bench.expectGradients(input(35))
        bench.expectGradients(same)
    }

    @Test("negative eigenvalues double beta, and nothing else")
    func negativeEigenvalues() throws {
        let (plain, negative) = (try bench(), try bench(options: ["negative-eigenvalues": true]))
        for bench in [plain, negative] {
            // The first token writes beta v to an empty state, which the norm would hide but for its epsilon.
            bench.set("b_proj.weight", [Double](repeating: 0, count: 24))
        }
        let x = input(1)
        #expect(
            difference(
                negative.recurrent(x).state.suffix(128).map { $0 / 2 }, Array(plain.recurrent(x).state.suffix(128)))
                < 1e-6)
    }

    @Test("whole models of it conform", arguments: [0, 4])
    func conformance(convolution: Int) throws {
        for options in [[:], ["negative-eigenvalues": true, "head-dimension": 5]] as [[String: MixerOption]] {
            let report = try MixerConformance.check(mixer: "kda", options: options, shortConvolution: convolution)
            #expect(report.isSound, "\(report)")
        }
    }

    @Test("options that cannot be are refused by name")
    func badOptions() {
        for (options, field) in [
            (["heads": 0], "heads"), (["head-dimension": "wide"], "head-dimension"),
            (["negative-eigenvalues": 1], "negative-eigenvalues"),
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
        // Two states of 8 x 8, and two tokens of 48 channels.
        #expect(mixer.stateCount(capacity: 10) == 128 + 96 && mixer.stateCount(capacity: 9_999) == 128 + 96)
        #expect(mixer.cost(context: 77).stateBytes == 4 * 224)
        let gates = 2 * 2 * 8 * (12 + 16) + 2 * 2 * 12
        #expect(mixer.cost(context: 77).decodeFLOPs == Double(2 * 48 * (12 + 3) + gates + 2 * 12 * 16 + 7 * 128))
    }

    @Test("without a kernel of the architecture the convolution has the published one")
    func ownConvolution() throws {
        #expect(try bench().mixer.stateLayout(capacity: 1)["convolution"]?.shape == [3, 48])
        #expect(try bench(convolution: 2).mixer.stateLayout(capacity: 1)["convolution"]?.shape == [1, 48])
    }
}
