import AssayCore
import Foundation
import Testing

@testable import AssayModels

@Suite struct RetNetTests {
    private func bench(
        width: Int = 12, heads: Int = 2, options: [String: MixerOption] = ["key-dimension": 6], convolution: Int = 0
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: heads, layers: [LayerConfiguration(mixer: "retnet", options: options)],
            vocabularyCount: 8, shortConvolution: convolution)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: width)
    }

    @Test("the published layer's outputs and states come out of all three forms")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("retnet", from: "additive")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let bench = try bench(
                width: fixture.number("width"), heads: fixture.number("heads"),
                options: [
                    "key-dimension": .number(Double(fixture.number("key_dimension"))),
                    "value-dimension": .number(Double(fixture.number("value_dimension"))),
                ])
            bench.set(
                "qkv_proj.weight", try ["q", "k", "v"].flatMap { try fixture.weight("\($0)_proj.weight").values })
            bench.set("gate_proj.weight", try fixture.weight("g_proj.weight").values)
            bench.set("norm.weight", try fixture.weight("g_norm.weight").values)
            bench.set("out_proj.weight", try fixture.weight("o_proj.weight").values)
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 31, 32, 33, 100])
    func formsAgree(time: Int) throws {
        let bench = try bench()
        bench.expectFormsAgree(MixerBench.normal(time * bench.width, domain: "x", seed: 1))
    }

    @Test("they agree with a short convolution, without positions, and with other widths of keys and values")
    func formsAgreeElsewhere() throws {
        let x = MixerBench.normal(70 * 12, domain: "x", seed: 2)
        try bench(convolution: 4).expectFormsAgree(x)
        try bench(options: ["key-dimension": 5, "rotary-fraction": 0, "value-dimension": 3]).expectFormsAgree(x)
        try bench(heads: 1, options: ["key-dimension": 20, "rotary-fraction": 0.5, "value-dimension": 70])
            .expectFormsAgree(x)
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        let x = MixerBench.normal(37 * 6, domain: "x", seed: 3)
        try bench(width: 6, options: ["key-dimension": 4]).expectGradients(x)
        try bench(width: 6, options: ["key-dimension": 2, "value-dimension": 3], convolution: 3).expectGradients(x)
    }

    @Test("it conforms with other widths, and without positions")
    func conformance() throws {
        let report = try MixerConformance.check(
            mixer: "retnet", options: ["key-dimension": 5, "value-dimension": 7, "rotary-fraction": 0])
        #expect(report.isSound, "\(report)")
    }

    @Test("decays are 1 - 2^(-5 - h), and values are twice as wide as keys")
    func published() throws {
        let mixer = try #require(try bench(heads: 4).mixer as? RetNet)
        for (head, slope) in mixer.slopes.enumerated() {
            #expect(abs(exp(-slope) - (1 - pow(2, -5 - Double(head)))) < 1e-15)
        }
        #expect(mixer.shape.valueDimension == 12 && mixer.stateCount(capacity: 5) == 4 * 6 * 12)
    }

    @Test("an odd width of keys cannot turn in pairs")
    func options() {
        #expect(throws: AssayError.self) { try bench(options: ["key-dimension": 5]) }
    }

    @Test("its cost is counted")
    func cost() throws {
        let cost = try bench().mixer.cost(context: 512)
        #expect(cost.stateBytes == Double(4 * 2 * 6 * 12))
        // q, k of 12 columns, v, gate and out of 24; 5 operations an element of the states.
        #expect(cost.decodeFLOPs == Double(2 * 12 * (2 * 12 + 3 * 24) + 5 * 144))
        #expect(cost.prefillFLOPs > cost.decodeFLOPs)
    }
}
