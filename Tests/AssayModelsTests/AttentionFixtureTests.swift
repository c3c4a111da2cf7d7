import AssayTensor
import Testing

@testable import AssayModels

/// Attention layers of published systems; see Tests/Fixtures/make_attention_fixtures.py.
@Suite struct AttentionFixtureTests {
    /// Sets the projections of grouped attention, and norms of which published weights may lack 1.
    private func load(_ fixture: MixerFixture, into bench: MixerBench, query: [Double], norm: Double) throws {
        for kind in ["weight", "bias"] where fixture.weights["k_proj.\(kind)"] != nil {
            let rest = try ["k_proj", "v_proj"].flatMap { try fixture.weight("\($0).\(kind)").values }
            bench.set("qkv_proj.\(kind)", (kind == "weight" ? query : try fixture.weight("q_proj.bias").values) + rest)
            bench.set("out_proj.\(kind)", try fixture.weight("o_proj.\(kind)").values)
        }
        for name in ["q_norm.weight", "k_norm.weight"] where fixture.weights[name] != nil {
            bench.set(name, try fixture.weight(name).values.map { norm + $0 })
        }
    }

    private func check(
        _ name: String, norm: Double = 0, mixer: (MixerFixture) -> String = { _ in "full" },
        options: (MixerFixture) throws -> [String: MixerOption]
    ) throws {
        let fixtures = try MixerFixture.load(name, from: "attention")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let bench = try fixture.attentionBench(mixer(fixture), try options(fixture))
            try load(fixture, into: bench, query: fixture.weight("q_proj.weight").values, norm: norm)
            if let sinks = fixture.weights["sinks"] { bench.set("sinks", sinks.values) }
            fixture.expectAgreement(with: bench)
        }
    }

    private func fraction(_ fixture: MixerFixture) throws -> MixerOption {
        .number(Double(try fixture.number("rotary_dimension")) / Double(try fixture.number("head_dimension")))
    }

    @Test("MiniMax-M2: norms over all heads jointly, partial rotary turn")
    func miniMaxM2() throws {
        try check("minimax-m2") { ["query-key-norm": "all", "rotary-fraction": try fraction($0)] }
    }

    /// The window of a fixture, as options of the mixer that `kind` names.
    private func window(_ fixture: MixerFixture, _ options: [String: MixerOption]) throws -> [String: MixerOption] {
        let window = try fixture.number("window")
        return window == 0 ? options : options.merging(["window": .number(Double(window))]) { $1 }
    }

    private func kind(_ fixture: MixerFixture) -> String {
        fixture.configuration["window"] == 0 ? "full" : "sliding-window"
    }

    @Test("gpt-oss: a score that joins every softmax, biases, with a window and without")
    func gptOss() throws {
        try check("gpt-oss", mixer: kind) { try window($0, ["sink-logits": true, "projection-bias": true]) }
    }

    @Test("Gemma 3: zero-centred norms of each head, a scale of its own, with a window and without")
    func gemma3() throws {
        try check("gemma3", norm: 1, mixer: kind) {
            let scale = 1 / Double(try $0.number("scalar")).squareRoot()
            return try window($0, ["query-key-norm": "head", "scale": .number(scale)])
        }
    }

    @Test("Qwen3-Next: a sigmoid gate on the heads, zero-centred norms, partial rotary turn")
    func qwen3Next() throws {
        let fixtures = try MixerFixture.load("qwen3-next", from: "attention")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let bench = try fixture.attentionBench(
                "full",
                ["query-key-norm": "head", "output-gate": true, "rotary-fraction": try fraction(fixture)])
            // Published: every head's query | gate; ours: all queries, and the gates in a projection of their own.
            let (heads, dimension) = (try fixture.number("heads"), try fixture.number("head_dimension"))
            let rows = try fixture.weight("q_proj.weight").rows
            func part(_ index: Int) -> [Double] {
                (0..<heads).flatMap {
                    rows[(($0 * 2 + index) * dimension)..<(($0 * 2 + index + 1) * dimension)].joined()
                }
            }
            try load(fixture, into: bench, query: part(0), norm: 1)
            bench.set("output_gate.weight", part(1))
            fixture.expectAgreement(with: bench)
        }
    }

    // MARK: Latent attention

    @Test("Kimi-Linear: latent attention without positions")
    func kimi() throws {
        let fixtures = try MixerFixture.load("kimi-linear", from: "attention")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let options = try fixture.latentOptions().merging(["rotary-fraction": 0]) { $1 }
            let bench = try fixture.attentionBench("mla", options)
            try fixture.loadLatentAttention(into: bench, interleaved: false)
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("DeepSeek-V3: latent attention with positions in interleaved pairs")
    func deepSeek() throws {
        let fixtures = try MixerFixture.load("deepseek-v3", from: "attention")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let bench = try fixture.attentionBench("mla", fixture.latentOptions())
            try fixture.loadLatentAttention(into: bench, interleaved: true)
            fixture.expectAgreement(with: bench)
        }
    }
}
