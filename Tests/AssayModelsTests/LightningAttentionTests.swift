import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

@Suite struct LightningAttentionTests {
    private func bench(
        width: Int = 12, heads: Int = 2, headDimension: Int = 8, convolution: Int = 0, layer: Int = 1, layers: Int = 3
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: heads, headDimension: headDimension,
            layers: Array(repeating: LayerConfiguration(mixer: "lightning"), count: layers), vocabularyCount: 8,
            shortConvolution: convolution)
        return MixerBench(
            try LightningAttention(MixerRequest(architecture: architecture, layer: layer)), width: width)
    }

    @Test("the published layer's outputs and states come out of all three forms")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("lightning")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let (heads, dimension) = (try fixture.number("heads"), try fixture.number("head_dimension"))
            let bench = try bench(
                width: fixture.number("width"), heads: heads, headDimension: dimension,
                layer: fixture.number("layer"), layers: fixture.number("layers"))
            // Published: every head's q | k | v; ours: q, k and v of all heads.
            let rows = try fixture.weight("qkv_proj.weight").rows
            let ours = (0..<3).flatMap { part in
                (0..<heads).flatMap { head in
                    (0..<dimension).flatMap { rows[(head * 3 + part) * dimension + $0] }
                }
            }
            bench.set("qkv_proj.weight", ours)
            for name in ["output_gate.weight", "norm.weight", "out_proj.weight"] {
                bench.set(name, try fixture.weight(name).values)
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 63, 64, 65, 150])
    func formsAgree(time: Int) throws {
        let bench = try bench()
        bench.expectFormsAgree(MixerBench.normal(time * bench.width, domain: "x", seed: 1))
    }

    @Test("they agree with a short convolution, odd head widths, and in the first and the last layer")
    func formsAgreeElsewhere() throws {
        let x = MixerBench.normal(70 * 12, domain: "x", seed: 2)
        try bench(convolution: 4).expectFormsAgree(x)
        try bench(heads: 3, headDimension: 5).expectFormsAgree(x)
        try bench(heads: 1, headDimension: 80, layer: 0, layers: 1).expectFormsAgree(x)
        try bench(layer: 2, layers: 3).expectFormsAgree(x)
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        let x = MixerBench.normal(67 * 6, domain: "x", seed: 3)
        try bench(width: 6, headDimension: 4).expectGradients(x)
        try bench(width: 6, headDimension: 4, convolution: 3).expectGradients(x)
    }

    @Test("whole models of it are causal, decode as they train, and have the reference's gradients")
    func wholeModels() throws {
        let architecture = ModelChecks.tiny("lightning", shortConvolution: 3)
        try ModelChecks.formsAgree(architecture, time: 66)
        try ModelChecks.isCausal(architecture, time: 66)
        try ModelChecks.gradientsAgree(architecture, time: 5)
    }

    @Test("decays are those of MiniMax: early heads forget fast, and late layers hardly")
    func decays() {
        let first = LightningAttention.slopes(heads: 4, layer: 0, layerCount: 8)
        #expect(abs(first[0] - 0.25 * (1 + 1e-5)) < 1e-12 && abs(first[3] - 0.00390625 * (1 + 1e-5)) < 1e-12)
        let last = LightningAttention.slopes(heads: 4, layer: 7, layerCount: 8)
        #expect(last.allSatisfy { $0 > 0 && $0 < 1e-5 })
    }

    @Test("without decay the state keeps everything")
    func undecayed() throws {
        let report = try MixerConformance.check(mixer: "lightning", options: ["decay": false])
        #expect(report.isSound, "\(report)")
        let architecture = ModelChecks.tiny("lightning", options: ["decay": false])
        let mixer = try #require(try MixerRegistry.make(architecture, layer: 0) as? LightningAttention)
        #expect(mixer.slopes == [0, 0])
    }

    @Test("the state's size is constant, and its cost is counted")
    func cost() throws {
        let mixer = try bench(width: 12, heads: 2, headDimension: 8).mixer
        #expect(mixer.stateCount(capacity: 10) == 128 && mixer.stateCount(capacity: 10_000) == 128)
        let cost = mixer.cost(context: 512)
        #expect(cost.stateBytes == 512)
        // q, k, v, gate and out: 5 x 12 x 16 weights; 5 operations an element of the states.
        #expect(cost.decodeFLOPs == Double(2 * 5 * 12 * 16 + 5 * 128))
        #expect(cost.prefillFLOPs > cost.decodeFLOPs)
    }
}
