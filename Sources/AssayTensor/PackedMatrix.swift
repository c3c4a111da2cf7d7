import CKernels

/// The right-hand side of matrix products in the order in which the kernel reads it: a copy of a parameter that the tape
/// renews whenever weights are bound, so that no product of the step packs it again.
public final class PackedMatrix {
    let weight: Tensor
    let isTransposed: Bool
    /// Columns of the product.
    let n: Int
    /// What is summed over.
    let k: Int
    private let memory: FloatBlock

    init(_ weight: Tensor, isTransposed: Bool) {
        precondition(weight.shape.count == 2, "only matrices are packed")
        self.weight = weight
        self.isTransposed = isTransposed
        n = weight.shape[isTransposed ? 0 : 1]
        k = weight.shape[isTransposed ? 1 : 0]
        memory = FloatBlock(count: ck_packed_count(n, k))
    }

    /// The packed elements.
    public var pointer: UnsafePointer<Float> { UnsafePointer(memory.pointer) }

    func pack() { ck_pack_b(isTransposed ? 1 : 0, n, k, weight.value, weight.shape[1], memory.pointer) }

    /// `c = a op(weight) + beta c` for rows of `a`.
    func multiply(
        rows: Int, _ a: UnsafePointer<Float>, stride: Int, adds: Bool = false, into c: UnsafeMutablePointer<Float>,
        stride ldc: Int
    ) {
        ck_gemm_packed(0, rows, n, k, 1, a, stride, pointer, adds ? 1 : 0, c, ldc)
    }
}
