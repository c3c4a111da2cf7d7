import CKernels

/// The right-hand side of matrix products in the order in which the kernel reads it: a copy of a weight `[out, in]` that
/// is made once for many products.
public final class PackedMatrix {
    /// Columns of the product.
    public let n: Int
    /// What is summed over.
    public let k: Int
    private let isTransposed: Bool
    private let stride: Int
    private let memory: FloatBlock

    /// Room for a weight of a shape, for products `x * weight^T` (`isTransposed`) or `x * weight`.
    public init(shape: [Int], isTransposed: Bool) {
        precondition(shape.count == 2, "only matrices are packed")
        self.isTransposed = isTransposed
        n = shape[isTransposed ? 0 : 1]
        k = shape[isTransposed ? 1 : 0]
        stride = shape[1]
        memory = FloatBlock(count: ck_packed_count(n, k))
    }

    /// Takes the values of the weight.
    public func pack(_ weight: UnsafePointer<Float>) {
        ck_pack_b(isTransposed ? 1 : 0, n, k, weight, stride, memory.pointer)
    }

    /// Takes the values of the weight, some of whose columns count as zero.
    public func pack(_ weight: UnsafePointer<Float>, without columns: [Range<Int>]) {
        guard !columns.isEmpty else { return pack(weight) }
        let rows = isTransposed ? n : k
        let copy = FloatBlock(count: rows * stride)
        copy.pointer.update(from: weight, count: rows * stride)
        for row in 0..<rows {
            for range in columns {
                (copy.pointer + row * stride + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        pack(UnsafePointer(copy.pointer))
    }

    /// `c = a op(weight) + (adds ? c : 0)` for `rows` rows of `a`. A row has the same bits whatever the other rows are.
    public func multiply(
        rows: Int, _ a: UnsafePointer<Float>, stride lda: Int, adds: Bool = false,
        into c: UnsafeMutablePointer<Float>, stride ldc: Int
    ) {
        ck_gemm_packed(0, rows, n, k, 1, a, lda, memory.pointer, adds ? 1 : 0, c, ldc)
    }
}
