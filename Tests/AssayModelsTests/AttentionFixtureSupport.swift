import AssayTensor

@testable import AssayModels

extension MixerFixture {
    /// A layer with the widths of an attention fixture.
    func attentionBench(_ mixer: String, _ options: [String: MixerOption]) throws -> MixerBench {
        let heads = try number("heads")
        let architecture = Architecture(
            name: "test", width: try number("width"), heads: heads,
            keyValueHeads: configuration["key_value_heads"] ?? heads,
            headDimension: configuration["head_dimension"] ?? 8,
            layers: [LayerConfiguration(mixer: mixer, options: options)], vocabularyCount: 8, normEpsilon: 1e-6,
            rotaryBase: Double(configuration["base"] ?? 10_000))
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: architecture.width)
    }

    /// Sets the weights of multi-head latent attention. Published: heads of `own | rotary`, here `rotary | own`.
    func loadLatentAttention(into bench: MixerBench, interleaved: Bool) throws {
        let (heads, own, shared) = (
            try number("heads"), try number("nope"), try number("rotary")
        )
        let (latent, value) = (try number("latent"), try number("value"))
        let pairs = interleaved ? (0..<shared).map { $0 % (shared / 2) * 2 + $0 / (shared / 2) } : Array(0..<shared)
        let hasQueryLatent = try number("query_latent") > 0
        let name = hasQueryLatent ? "q_b_proj.weight" : "q_proj.weight"
        let queries = try weight(name).rows
        bench.set(
            name,
            (0..<heads).flatMap { head in
                let start = head * (own + shared)
                return (pairs.map { start + own + $0 } + Array(start..<(start + own))).flatMap { queries[$0] }
            })
        if hasQueryLatent {
            bench.set("q_a_proj.weight", try weight("q_a_proj.weight").values)
            bench.set("q_a_norm.weight", try weight("q_a_layernorm.weight").values)
        }
        let entries = try weight("kv_a_proj_with_mqa.weight").rows
        bench.set("kv_a_proj.weight", (Array(0..<latent) + pairs.map { latent + $0 }).flatMap { entries[$0] })
        bench.set("kv_a_norm.weight", try weight("kv_a_layernorm.weight").values)
        let expansion = try weight("kv_b_proj.weight").rows
        let (keys, values) = (0..<own, own..<(own + value))
        bench.set(
            "kv_b_proj.weight",
            [keys, values].flatMap { part in
                (0..<heads).flatMap { head in part.flatMap { expansion[head * (own + value) + $0] } }
            })
        bench.set("out_proj.weight", try weight("o_proj.weight").values)
    }

    /// The widths of its latent attention, as options.
    func latentOptions() throws -> [String: MixerOption] {
        let names = [
            "latent-dimension": "latent", "query-latent-dimension": "query_latent", "nope-dimension": "nope",
            "rotary-dimension": "rotary", "value-dimension": "value",
        ]
        return try names.mapValues { .number(Double(try number($0))) }
    }
}
