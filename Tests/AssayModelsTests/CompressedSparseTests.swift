import AssayTensor
import Testing

@testable import AssayModels

/// Options that between them take every branch.
private let variants: [[String: MixerOption]] = [
    ["block-size": 3, "selected-blocks": 3, "window": 4],
    ["block-size": 2, "selected-blocks": 5, "window": 7, "query-key-norm": "head", "rotary-fraction": 0.34],
    ["block-size": 5, "selected-blocks": 4, "window": 1, "rotary-fraction": 0, "scale": 0.7],
]

@Suite struct CompressedSparseTests {
    private func bench(_ options: [String: MixerOption], mixer: String = "compressed-sparse") throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: 12, heads: 4, keyValueHeads: 2, headDimension: 6,
            layers: [LayerConfiguration(mixer: mixer, options: options)], vocabularyCount: 8)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: 12)
    }

    @Test("native sparse attention comes out of all three forms as its plain reference has it, and its state")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("native-sparse", from: "sparse")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let names = ["block-size": "block", "selected-blocks": "count", "window": "window"]
            let bench = try fixture.attentionBench(
                "compressed-sparse", names.mapValues { .number(Double(try fixture.number($0))) })
            let product = try ["q_proj", "k_proj", "v_proj"].flatMap { try fixture.weight("\($0).weight").values }
            bench.set("qkv_proj.weight", product)
            bench.set("branch_gates.weight", try fixture.weight("g_proj.weight").values)
            bench.set("out_proj.weight", try fixture.weight("o_proj.weight").values)
            // The state has room for a block that is not whole: leave it out, as it is not in use.
            let recurrent = bench.recurrent(fixture.input.values)
            let time = try fixture.number("time")
            let layout = bench.mixer.stateLayout(capacity: time)
            let used = layout.used(position: time).flatMap { recurrent.state[$0] }
            #expect(difference(used, fixture.state.values) < 1e-4, "state")
            let forms = [
                bench.reference(fixture.input.values), bench.parallel(fixture.input.values).output, recurrent.output,
            ]
            for form in forms { #expect(difference(form, fixture.output.values) < 1e-4) }
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: variants.indices)
    func forms(_ variant: Int) throws {
        let bench = try bench(variants[variant])
        for time in [1, 4, 47] { bench.expectFormsAgree(MixerBench.normal(time * 12, domain: "x", seed: 1)) }
    }

    @Test("gradients of inputs and parameters are those of the reference", arguments: variants.indices)
    func gradients(_ variant: Int) throws {
        try bench(variants[variant]).expectGradients(MixerBench.normal(23 * 12, domain: "x", seed: 2))
    }

    @Test("it conforms to the contract of a mixer", arguments: variants.indices)
    func conformance(_ variant: Int) throws {
        let report = try MixerConformance.check(
            mixer: "compressed-sparse", options: variants[variant], heads: 4, keyValueHeads: 2, shortConvolution: 3)
        #expect(report.isSound, "\(report)")
    }

    @Test("with one block and one window for all tokens it is full attention, half of it from each")
    func dense() throws {
        let x = MixerBench.normal(30 * 12, domain: "x", seed: 6)
        let (full, sparse) = (try bench([:], mixer: "full"), try bench(["block-size": 64, "window": 64]))
        for (name, values) in full.values { sparse.set(name, values) }
        sparse.set("branch_gates.weight", [Double](repeating: 0, count: 12 * 12))
        #expect(difference(sparse.parallel(x).output, full.parallel(x).output) < 1e-6)
        #expect(difference(sparse.recurrent(x).output, full.recurrent(x).output) < 1e-6)
    }

    @Test("the state has means beside keys and values, and only the compressed view grows with the length")
    func cost() throws {
        let mixer = try bench(["block-size": 10, "selected-blocks": 3, "window": 20]).mixer
        let layout = mixer.stateLayout(capacity: 35)
        #expect(layout.parts.map(\.shape) == [[2, 35, 6], [2, 35, 6], [2, 4, 6], [2, 4, 6]])
        #expect(layout.parts[2].entryCount(position: 35) == 3 && layout.parts[2].entryIndex(position: 29) == 2)
        #expect(mixer.cost(context: 100).stateBytes == Double(4 * 2 * 12 * 110))
        let costs = [199, 299].map { mixer.cost(context: $0).decodeFLOPs }
        #expect(costs[1] - costs[0] == Double(10 * 4 * 24))
    }
}
