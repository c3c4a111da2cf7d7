import AssayCore
import Foundation
import Testing

@testable import AssayModels

@Suite struct HuggingFaceFolderTests {
    /// The configuration of a fixture with some fields changed, read with the fixture's weights.
    private func load(_ system: String, _ changes: [String: FieldValue?]) throws -> LoadedCheckpoint {
        let name = try ReleasedCheckpoint.whole(system)
        var fields = try ReleasedCheckpoint.configuration(ReleasedCheckpoint.bytes(name, "config.json"))
        for (field, value) in changes { fields[field] = value }
        return try ReleasedCheckpoint.load(fields, ReleasedCheckpoint.bytes(name, "model.safetensors"))
    }

    @Test("a field that would change the maths is refused by its name and value, with the file")
    func unsupportedFields() throws {
        let cases: [(system: String, field: String, value: FieldValue, shown: String)] = [
            ("llama", "hidden_act", .text("relu"), "\"relu\""), ("llama", "sliding_window", .number(128), "128"),
            ("llama", "quantization_config", .object(["quant_method": .text("gptq")]), "{quant_method}"),
            ("llama", "residual_multiplier", .number(0.5), "0.5"),
            ("llama", "rope_parameters", .object(["rope_type": .text("longrope")]), "\"longrope\""),
            ("llama", "rope_parameters", .object(["rope_type": .text("default"), "factor": .number(2)]), "2"),
            ("llama", "rope_interleaved", .boolean(true), "true"),
            ("llama", "hidden_size", .text("16"), "\"16\""), ("llama", "attention_bias", .number(1), "1"),
            ("gemma3_text", "use_bidirectional_attention", .boolean(true), "true"),
            ("gemma3_text", "layer_types", .list([.text("full_attention")]), "1 entries"),
            ("kimi_linear", "mla_use_nope", .boolean(false), "false"),
            ("kimi_linear", "moe_router_activation_func", .text("softmax"), "\"softmax\""),
            ("deepseek_v32", "scoring_func", .text("softmax"), "\"softmax\""),
            ("deepseek_v32", "q_lora_rank", .null, "missing"), ("mamba2", "norm_before_gate", .boolean(true), "true"),
            ("mamba2", "time_step_limit", .list([.number(1), .number(0)]), "no range"),
            ("qwen3_next", "linear_num_value_heads", .number(7), "7"),
            ("gpt_oss", "hidden_act", .text("gelu"), "\"gelu\""),
            ("minimax", "num_experts_per_tok", .number(1_000), "1000"), ("rwkv7", "value_dim", .number(999), "999"),
        ]
        for one in cases {
            #expect("\(one)") {
                try load(one.system, [one.field: one.value])
            } throws: {
                let text = "\($0)"
                let field = one.field == "rope_parameters" ? "rope_parameters." : "'\(one.field)'"
                return text.hasPrefix("config.json: ") && text.contains(field) && text.contains(one.shown)
            }
        }
    }

    @Test("fields without effect, fields that are off, and both ways to write infinity are accepted")
    func inertFields() throws {
        _ = try load(
            "llama",
            [
                "attention_dropout": .number(0.1), "use_cache": .boolean(false), "torch_dtype": .text("bfloat16"),
                "sliding_window": .null, "some_new_feature": .boolean(false), "pruned_heads": .object([:]),
            ])
        for text in [#"{"a": [0.0, Infinity], "b": NaN}"#, #"{"a": [0.0, {"__float__": "Infinity"}], "b": NaN}"#] {
            guard case .object(let members) = try FieldValue.parse(Data(text.utf8), location: "x") else { continue }
            #expect(members["a"] == .list([.number(0), .number(.infinity)]))
        }
        #expect(try load("mamba2", ["time_step_limit": .list([.number(0), .number(.infinity)])]).system == "mamba2")
    }

    @Test("a tensor that is missing, left over, of another shape or not a number is refused by its name")
    func tensors() throws {
        let name = try ReleasedCheckpoint.whole("llama")
        let fields = try ReleasedCheckpoint.configuration(ReleasedCheckpoint.bytes(name, "config.json"))
        let file = try SafeTensors.parse(ReleasedCheckpoint.bytes(name, "model.safetensors"), location: "x")
        func tensors(_ change: (inout [String: (shape: [Int], values: [Float])]) -> Void) throws -> Data {
            var all: [String: (shape: [Int], values: [Float])] = [:]
            for entry in file.entries { all[entry.name] = (entry.shape, try file.floats(entry.name)) }
            change(&all)
            return SafeTensors.data(
                all.sorted { $0.key < $1.key }.map { .init($0.key, shape: $0.value.shape, values: $0.value.values) })
        }
        func expect(_ part: String, _ change: (inout [String: (shape: [Int], values: [Float])]) -> Void) throws {
            let data = try tensors(change)
            #expect { try ReleasedCheckpoint.load(fields, data) } throws: { "\($0)".contains(part) }
        }
        let norm = "model.layers.1.input_layernorm.weight"
        _ = try ReleasedCheckpoint.load(fields, tensors { _ in })
        try expect("no tensor '\(norm)'") { $0[norm] = nil }
        try expect("'model.layers.0.self_attn.extra' of shape [2]") {
            $0["model.layers.0.self_attn.extra"] = ([2], [1, 2])
        }
        try expect("'\(norm)' has the shape [3]") { $0[norm] = ([3], [1, 2, 3]) }
        try expect("'\(norm)' holds nan at element 1") { $0[norm]?.values[1] = .nan }
        // Buffers that are computed, and layers that predict further tokens, are not missed.
        _ = try ReleasedCheckpoint.load(fields, tensors { $0["model.rotary_emb.inv_freq"] = ([1], [1]) })
    }

    @Test("a configuration that asks for more than the file holds is refused before memory is taken")
    func sizes() throws {
        for field in ["vocab_size", "intermediate_size", "hidden_size"] {
            #expect(throws: AssayError.self) {
                try load("llama", [field: .number(field == "vocab_size" ? 1_000_000 : 16_384)])
            }
        }
    }

    @Test("shards are read by the index, which may name only files of the folder that hold what it says")
    func shards() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("shards-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        func write(_ name: String, _ data: Data) throws { try data.write(to: folder.appendingPathComponent(name)) }
        let name = try ReleasedCheckpoint.whole("llama")
        try write("config.json", ReleasedCheckpoint.bytes(name, "config.json"))
        let file = try SafeTensors.parse(ReleasedCheckpoint.bytes(name, "model.safetensors"), location: "x")
        var map: [String: String] = [:]
        for (number, part) in [file.entries.prefix(5), file.entries.dropFirst(5)].enumerated() {
            try write(
                "part-\(number).safetensors",
                SafeTensors.data(
                    try part.map { .init($0.name, shape: $0.shape, values: try file.floats($0.name)) }))
            for entry in part { map[entry.name] = "part-\(number).safetensors" }
        }
        func index(_ map: [String: String]) throws {
            let pairs = map.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
            try write("model.safetensors.index.json", Data("{\"metadata\": {}, \"weight_map\": {\(pairs)}}".utf8))
        }
        try index(map)
        let whole = try ReleasedCheckpoint.load(
            ReleasedCheckpoint.configuration(ReleasedCheckpoint.bytes(name, "config.json")),
            ReleasedCheckpoint.bytes(name, "model.safetensors"))
        let parts = try CheckpointReader.read(folder)
        #expect(Array(parts.weights.buffer) == Array(whole.weights.buffer))
        for wrong in ["../other.safetensors", "/etc/passwd", "", "part-1.safetensors", "part-7.safetensors"] {
            var changed = map
            changed[file.entries[0].name] = wrong
            try index(changed)
            #expect(throws: AssayError.self) { try CheckpointReader.read(folder) }
        }
    }

    @Test("what is no checkpoint is refused, and says why")
    func noCheckpoint() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("none-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect { try CheckpointReader.read(folder) } throws: { "\($0)".contains("no such file") }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect { try CheckpointReader.read(folder) } throws: { "\($0)".contains("manifest.json") }
        let config = folder.appendingPathComponent("config.json")
        try Data(#"{"model_type": "lama"}"#.utf8).write(to: config)
        #expect { try CheckpointReader.read(folder) } throws: { "\($0)".contains("model.safetensors") }
        let name = try ReleasedCheckpoint.whole("llama")
        try ReleasedCheckpoint.bytes(name, "model.safetensors").write(
            to: folder.appendingPathComponent("model.safetensors"))
        #expect { try CheckpointReader.read(folder) } throws: { "\($0)".contains("Did you mean 'llama'") }
        #expect { try CheckpointReader.read(config) } throws: { "\($0)".contains("GGUF") }
    }
}
