import AssayTensor
import Testing

@testable import AssayModels

/// Options that between them take every branch of attention to chosen tokens.
private let variants: [[String: MixerOption]] = [
    ["top-k": 3, "index-heads": 3],
    ["top-k": 2, "block-size": 3, "index-heads": 2, "query-latent-dimension": 7, "rotary-dimension": 2],
    ["top-k": 5, "rotary-dimension": 0, "value-dimension": 3, "index-dimension": 5],
    ["top-k": 4, "attention": "grouped", "query-key-norm": "head", "output-gate": true, "rotary-fraction": 0.67],
    ["top-k": 2, "attention": "grouped", "block-size": 4, "short-convolution": 3],
]

@Suite struct SparseTopKTests {
    private func bench(
        _ options: [String: MixerOption], mixer: String = "sparse-top-k", heads: Int = 2
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: 12, heads: heads, keyValueHeads: options["attention"] == nil ? heads : 1,
            headDimension: 6, layers: [LayerConfiguration(mixer: mixer, options: options)], vocabularyCount: 8)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: 12)
    }

    @Test("DeepSeek-V3.2's layer comes out of all three forms, with more tokens than it sees and with fewer")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("deepseek-v3.2", from: "sparse")
        #expect(fixtures.count >= 3)
        for fixture in fixtures {
            let own: [String: MixerOption] = [
                "top-k": .number(Double(try fixture.number("top"))),
                "index-heads": .number(Double(try fixture.number("index_heads"))),
                "index-dimension": .number(Double(try fixture.number("index_dimension"))),
            ]
            let bench = try fixture.attentionBench("sparse-top-k", fixture.latentOptions().merging(own) { $1 })
            try fixture.loadLatentAttention(into: bench, interleaved: true)
            let names = [
                "index_q.weight": "wq_b.weight", "index_k.weight": "wk.weight", "index_k_norm.weight": "k_norm.weight",
                "index_k_norm.bias": "k_norm.bias", "index_weights.weight": "weights_proj.weight",
            ]
            for (ours, theirs) in names { bench.set(ours, try fixture.weight("indexer." + theirs).values) }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: variants.indices)
    func forms(_ variant: Int) throws {
        let bench = try bench(variants[variant], heads: 3)
        bench.expectFormsAgree(MixerBench.normal(50 * 12, domain: "x", seed: 1))
    }

    @Test("gradients of what the loss teaches are those of the reference: none passes through the indexer")
    func gradients() throws {
        for options in variants {
            try bench(options).expectGradients(MixerBench.normal(19 * 12, domain: "x", seed: 2))
        }
    }

    @Test("it conforms to the contract of a mixer", arguments: variants.indices)
    func conformance(_ variant: Int) throws {
        let report = try MixerConformance.check(mixer: "sparse-top-k", options: variants[variant])
        #expect(report.isSound, "\(report)")
    }

    @Test(
        "the indexer's gradient is that of KL(attention || its scores), by central differences, whatever the loss",
        arguments: variants.indices)
    func indexerGradient(_ variant: Int) throws {
        let bench = try bench(variants[variant])
        let mixer = try #require(bench.mixer as? SparseTopKAttention)
        let time = 21
        let x = MixerBench.normal(time * 12, domain: "x", seed: 3)
        let values = bench.values
        let results = ["upstream", "other upstream"].map {
            bench.parallel(x, upstream: MixerBench.normal(x.count, domain: $0, seed: 4)).parameters
        }
        for name in mixer.selfTaughtParameters {
            let computed = try #require(results[0][name])
            #expect(results[1][name] == computed, "\(name) learns from the loss")
            let numeric = computed.indices.map { index in
                let sides = [1e-5, -1e-5].map { step in
                    var moved = values
                    moved[name]?[index] += step
                    return mixer.referenceDivergence(x, time: time, weights: moved, attended: values)
                }
                return (sides[0] - sides[1]) / 2e-5
            }
            #expect(numeric.contains { abs($0) > 1e-4 }, "\(name) has no effect")
            #expect(difference(computed, numeric) < 1e-3, "gradient of \(name)")
        }
    }

    @Test("following that gradient brings the indexer closer to the attention")
    func indexerLearns() throws {
        let bench = try bench(variants[0])
        let mixer = try #require(bench.mixer as? SparseTopKAttention)
        let x = MixerBench.normal(24 * 12, domain: "x", seed: 5)
        let start = mixer.referenceDivergence(x, time: 24, weights: bench.values, attended: bench.values)
        for _ in 0..<40 {
            let gradients = bench.parallel(x, upstream: [Double](repeating: 0, count: x.count)).parameters
            for name in mixer.selfTaughtParameters {
                let (now, slope) = (try #require(bench.values[name]), try #require(gradients[name]))
                bench.set(name, zip(now, slope).map { $0 - 0.5 * $1 })
            }
        }
        let end = mixer.referenceDivergence(x, time: 24, weights: bench.values, attended: bench.values)
        #expect(end < 0.8 * start, "from \(start) to \(end)")
    }

    @Test("with room for all tokens it is dense latent attention")
    func dense() throws {
        let x = MixerBench.normal(30 * 12, domain: "x", seed: 6)
        let dense = try bench([:], mixer: "mla")
        for options in [["top-k": 30], ["top-k": 5, "block-size": 7]] as [[String: MixerOption]] {
            let sparse = try bench(options)
            for (name, values) in dense.values { sparse.set(name, values) }
            #expect(difference(sparse.parallel(x).output, dense.parallel(x).output) < 1e-6)
            #expect(difference(sparse.recurrent(x).output, dense.recurrent(x).output) < 1e-6)
        }
    }

    @Test("attention stops growing with the length, scoring does not, and the state has an index key a token")
    func cost() throws {
        let options: [String: MixerOption] = ["top-k": 16, "latent-dimension": 10, "rotary-dimension": 4]
        let mixer = try bench(options).mixer
        #expect(mixer.stateLayout(capacity: 9).parts.map(\.shape) == [[1, 9, 10], [1, 9, 4], [1, 9, 6]])
        let costs = [15, 16, 99, 199].map { mixer.cost(context: $0).decodeFLOPs }
        // 4 index heads of 6: 15 operations a head and token.
        #expect(costs[1] - costs[0] == Double(17 * 60))
        #expect(costs[3] - costs[2] == Double(100 * 60))
    }

    @Test("an index narrower than what turns is refused, and options of the other attention")
    func refusal() {
        let refused: [[String: MixerOption]] = [
            ["index-dimension": 2, "rotary-dimension": 4], ["attention": "grouped", "latent-dimension": 4],
            ["query-key-norm": "head"], ["attention": "grouped", "sink-logits": true],
        ]
        for options in refused { #expect(throws: (any Error).self) { _ = try bench(options) } }
    }
}
