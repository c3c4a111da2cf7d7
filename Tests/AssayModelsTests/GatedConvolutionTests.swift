import AssayTensor
import Testing

@testable import AssayModels

@Suite struct GatedConvolutionTests {
    private func bench(width: Int = 10, options: [String: MixerOption] = [:]) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: 1,
            layers: [LayerConfiguration(mixer: "gated-convolution", options: options)], vocabularyCount: 8)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: width)
    }

    @Test("LFM2's layer comes out of all three forms, and its state")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("gated-convolution", from: "attention")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let bench = try bench(
                width: fixture.number("width"), options: ["kernel": .number(Double(fixture.number("kernel")))])
            for name in ["in_proj.weight", "conv.weight", "out_proj.weight"] {
                bench.set(name, try fixture.weight(name).values)
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 17], [1, 3, 8])
    func formsAgree(time: Int, kernel: Int) throws {
        let bench = try bench(options: ["kernel": .number(Double(kernel))])
        bench.expectFormsAgree(MixerBench.normal(time * bench.width, domain: "x", seed: 1))
    }

    @Test("gradients of inputs and parameters are those of the reference")
    func gradients() throws {
        let bench = try bench()
        bench.expectGradients(MixerBench.normal(9 * bench.width, domain: "x", seed: 2))
    }

    @Test("whole models of it are causal, decode as they train, and have the reference's gradients")
    func wholeModels() throws {
        let architecture = ModelChecks.tiny("gated-convolution")
        try ModelChecks.formsAgree(architecture)
        try ModelChecks.isCausal(architecture)
        try ModelChecks.gradientsAgree(architecture, time: 6)
    }

    @Test("the state is the last two inputs of the convolution, whatever the length")
    func cost() throws {
        let mixer = try bench(width: 16).mixer
        #expect(mixer.stateLayout(capacity: 9).parts.map(\.shape) == [[2, 16]])
        #expect(mixer.cost(context: 1_000_000).stateBytes == 128)
        let operations: Int = 2 * 4 * 256 + 2 * 16 + 6 * 16
        #expect(mixer.cost(context: 7).decodeFLOPs == Double(operations))
    }
}
