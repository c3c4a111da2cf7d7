import AssayTensor

/// The parameters under a prefix, found fast: what a layer reads while decoding. It packs matrices when they are first
/// multiplied with.
final class LayerParameters {
    private struct Entry {
        let name: String
        let shape: [Int]
        let pointer: UnsafeMutablePointer<Float>
        var matrix: PackedMatrix?
        /// Packed rows of the matrix, by their range.
        var parts: [Range<Int>: PackedMatrix] = [:]
    }

    private var entries: [Entry]
    private let weights: FloatBlock
    /// Columns of matrices that count as zero, by the name without the prefix.
    private var removed: [String: [Range<Int>]] = [:]

    init(prefix: String, layout: ParameterLayout, weights: FloatBlock, removed: [String: [Range<Int>]] = [:]) {
        self.weights = weights
        for (name, columns) in removed where name.hasPrefix(prefix) {
            self.removed[String(name.dropFirst(prefix.count))] = columns
        }
        entries = layout.specifications.compactMap { specification in
            guard specification.name.hasPrefix(prefix) else { return nil }
            return Entry(
                name: String(specification.name.dropFirst(prefix.count)), shape: specification.shape,
                pointer: weights.pointer + specification.offset)
        }
    }

    private func index(_ name: String) -> Int {
        guard let index = entries.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("no parameter \(name)")
        }
        return index
    }

    /// The values of a parameter.
    func pointer(_ name: String) -> UnsafeMutablePointer<Float> { entries[index(name)].pointer }

    /// A matrix `[out, in]`, packed for `x * weight^T`.
    func matrix(_ name: String) -> PackedMatrix {
        let index = index(name)
        if let known = entries[index].matrix { return known }
        let matrix = PackedMatrix(shape: entries[index].shape, isTransposed: true)
        matrix.pack(entries[index].pointer, without: removed[name] ?? [])
        entries[index].matrix = matrix
        return matrix
    }

    /// Some rows of a matrix `[out, in]`, packed likewise: they make some of the outputs.
    func matrix(_ name: String, rows: Range<Int>) -> PackedMatrix {
        let index = index(name)
        if let known = entries[index].parts[rows] { return known }
        let columns = entries[index].shape[1]
        let matrix = PackedMatrix(shape: [rows.count, columns], isTransposed: true)
        matrix.pack(entries[index].pointer + rows.lowerBound * columns, without: removed[name] ?? [])
        entries[index].parts[rows] = matrix
        return matrix
    }
}
