import AssayCore

/// The tensors of a GGUF file under the names, in the order and with the values that the Hugging Face libraries give them.
struct GGUFTensors: TensorSource {
    let location: String
    let names: [String]
    let elementCount: Int
    private let file: GGUFFile
    private let architecture: GGUFArchitecture
    /// The entry of each name.
    private let entries: [String: GGUFEntry]

    /// - Throws: ``AssayError`` for a tensor of an unknown name.
    init(_ file: GGUFFile, architecture: GGUFArchitecture) throws {
        var entries: [String: GGUFEntry] = [:]
        for entry in file.entries.values {
            guard let name = Self.name(entry.name, architecture) else {
                throw AssayError.badInput(
                    "tensor '\(entry.name)' has no place in the architecture '\(architecture.rawValue)'",
                    at: file.location)
            }
            entries[name] = entry
        }
        (self.file, self.architecture, self.entries) = (file, architecture, entries)
        location = file.location
        names = entries.keys.sorted()
        elementCount = entries.values.reduce(0) { $0 + $1.count }
    }

    /// The name that the Hugging Face libraries give a tensor.
    private static func name(_ name: String, _ architecture: GGUFArchitecture) -> String? {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 2, let outer = GGUFArchitecture.outerNames[parts[0]] { return "\(outer).\(parts[1])" }
        guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]), layer >= 0,
            let own = architecture.layerNames[parts[2]]
        else { return nil }
        return "model.layers.\(layer).\(own).\(parts[3])"
    }

    func shape(_ name: String) -> [Int]? { entries[name]?.shape }

    func location(of name: String) -> String { location }

    func floats(_ name: String) throws -> [Float] {
        guard let entry = entries[name] else { throw AssayError.badInput("there is no tensor '\(name)'", at: location) }
        let values = try file.floats(entry)
        if architecture.bakesNorms, name.hasSuffix("norm.weight") { return values.map { $0 - 1 } }
        guard architecture.interleaves, name.contains(".q_proj.") || name.contains(".k_proj.") else { return values }
        return try halfSplit(values, name, entry)
    }

    /// Rows of heads in the order of half-split rotary pairs.
    private func halfSplit(_ values: [Float], _ name: String, _ entry: GGUFEntry) throws -> [Float] {
        let key = "llama.attention." + (name.contains(".q_proj.") ? "head_count" : "head_count_kv")
        guard case .integer(let heads)? = file.metadata[key] ?? file.metadata["llama.attention.head_count"],
            let rows = entry.shape.first, heads > 0, rows % heads == 0, rows / heads % 2 == 0
        else {
            throw AssayError.badInput(
                "tensor '\(entry.name)' of shape \(entry.shape) has no rows of '\(key)' heads", at: location)
        }
        let size = rows / heads
        let order = (0..<heads).flatMap { head in
            HeadRows.pairs(size, interleaved: true).map { head * size + $0 }
        }
        return LoadedTensor(rows: rows, columns: values.count / rows, values: values).rows(order).values
    }
}
