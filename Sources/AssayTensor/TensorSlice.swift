/// Some neighbouring columns of a tensor: a part of its last axis.
public struct TensorSlice {
    /// The whole.
    public let tensor: Tensor
    /// The first column.
    public let offset: Int
    /// Columns.
    public let width: Int

    /// Distance of two rows in floats.
    public var stride: Int { tensor.width }
    /// The first value.
    public var value: UnsafeMutablePointer<Float> { tensor.value + offset }
    /// The first element of the gradient.
    public var gradient: UnsafeMutablePointer<Float> { tensor.gradient + offset }

    /// Clears the gradient of these columns.
    public func clearGradient() {
        for row in 0..<tensor.rows { (gradient + row * stride).update(repeating: 0, count: width) }
    }
}

extension Tensor {
    /// Columns `offset ..< offset + width`.
    public func columns(_ offset: Int, _ width: Int) -> TensorSlice {
        precondition(offset >= 0 && width >= 0 && offset + width <= self.width, "columns out of range")
        return TensorSlice(tensor: self, offset: offset, width: width)
    }

    /// All columns.
    public var allColumns: TensorSlice { TensorSlice(tensor: self, offset: 0, width: width) }
}

/// Claims the gradients of the slices that one operation writes (``Tensor/claimGradient()``), where several of them may
/// belong to one tensor and need not cover it. Made when the operation is recorded.
public final class SliceClaim {
    private struct Part {
        let tensor: Tensor
        /// Columns that no slice covers, as (first, count).
        let gaps: [(Int, Int)]
    }

    private let parts: [Part]
    /// For each slice, which part it belongs to.
    private let owners: [Int]
    private var flags: [Bool]

    /// The claim of some slices that do not overlap.
    public init(_ slices: [TensorSlice]) {
        var parts: [Part] = []
        var owners: [Int] = []
        for slice in slices {
            if let known = parts.firstIndex(where: { $0.tensor.storage === slice.tensor.storage }) {
                owners.append(known)
            } else {
                owners.append(parts.count)
                parts.append(Part(tensor: slice.tensor, gaps: SliceClaim.gaps(of: slice.tensor, slices)))
            }
        }
        self.parts = parts
        self.owners = owners
        flags = Array(repeating: false, count: parts.count)
    }

    private static func gaps(of tensor: Tensor, _ slices: [TensorSlice]) -> [(Int, Int)] {
        let own = slices.filter { $0.tensor.storage === tensor.storage }.sorted { $0.offset < $1.offset }
        var gaps: [(Int, Int)] = []
        var column = 0
        for slice in own {
            precondition(slice.offset >= column, "slices overlap")
            if slice.offset > column { gaps.append((column, slice.offset - column)) }
            column = slice.offset + slice.width
        }
        if column < tensor.width { gaps.append((column, tensor.width - column)) }
        return gaps
    }

    /// Claims all. Columns outside the slices are cleared where the operation is the first to write.
    public func claim() {
        for (i, part) in parts.enumerated() {
            flags[i] = part.tensor.claimGradient()
            guard !flags[i] else { continue }
            for (first, count) in part.gaps { part.tensor.columns(first, count).clearGradient() }
        }
    }

    /// Whether the operation adds to a slice's gradient (true) or overwrites it.
    public func adds(_ slice: Int) -> Bool { flags[owners[slice]] }
}
