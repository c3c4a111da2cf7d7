import CKernels

extension Tape {
    /// `op(a) op(b)` over the last two axes, where op transposes if wished. The axes before them are equal, or `b` has
    /// none and is shared.
    public func matmul(
        _ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false
    ) -> Tensor {
        precondition(a.shape.count >= 2 && b.shape.count >= 2, "a matrix has two axes")
        let batch = a.shape.dropLast(2)
        precondition(b.shape.count == 2 || b.shape.dropLast(2).elementsEqual(batch), "batches differ")
        let (aShape, bShape) = (Array(a.shape.suffix(2)), Array(b.shape.suffix(2)))
        let (m, k) = transposeA ? (aShape[1], aShape[0]) : (aShape[0], aShape[1])
        let (inner, n) = transposeB ? (bShape[1], bShape[0]) : (bShape[0], bShape[1])
        precondition(inner == k, "inner dimensions differ")
        let output = tensor(batch + [m, n])
        record(
            MatrixProductOperation(
                a: a, b: b, transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, output: output))
        return output
    }
}

private final class MatrixProductOperation: TapeOperation {
    let a: Tensor
    let b: Tensor
    let transposeA: Bool
    let transposeB: Bool
    let (m, n, k): (Int, Int, Int)
    let output: Tensor

    init(
        a: Tensor, b: Tensor, transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int, output: Tensor
    ) {
        self.a = a
        self.b = b
        self.transposeA = transposeA
        self.transposeB = transposeB
        (self.m, self.n, self.k) = (m, n, k)
        self.output = output
    }

    private func forEachBatch(_ body: (_ a: Int, _ b: Int, _ c: Int) -> Void) {
        let isShared = b.shape.count == 2
        for i in 0..<(output.count / (m * n)) { body(i * m * k, isShared ? 0 : i * n * k, i * m * n) }
    }

    func forward() {
        forEachBatch { aPlace, bPlace, cPlace in
            ck_gemm(
                transposeA ? 1 : 0, transposeB ? 1 : 0, m, n, k, 1, a.value + aPlace, a.width, b.value + bPlace,
                b.width, 0, output.value + cPlace, n)
        }
    }

    func backward() {
        let gradient = output.gradient
        let aBeta: Float = a.claimGradient() ? 1 : 0
        forEachBatch { aPlace, bPlace, cPlace in
            let (bValue, aGradient) = (b.value + bPlace, a.gradient + aPlace)
            if transposeA {
                // a is [k, m]: its gradient is op(b) dc^T.
                ck_gemm(
                    transposeB ? 1 : 0, 1, k, m, n, 1, bValue, b.width, gradient + cPlace, n, aBeta, aGradient, m)
            } else {
                ck_gemm(
                    0, transposeB ? 0 : 1, m, k, n, 1, gradient + cPlace, n, bValue, b.width, aBeta, aGradient, k)
            }
        }
        if !b.claimGradient() { b.gradient.update(repeating: 0, count: b.count) }
        forEachBatch { aPlace, bPlace, cPlace in
            let (aValue, bGradient) = (a.value + aPlace, b.gradient + bPlace)
            if transposeB {
                // b is [n, k]: its gradient is dc^T op(a).
                ck_gemm(
                    1, transposeA ? 1 : 0, n, k, m, 1, gradient + cPlace, n, aValue, a.width, 1, bGradient, k)
            } else {
                ck_gemm(
                    transposeA ? 0 : 1, 0, k, n, m, 1, aValue, a.width, gradient + cPlace, n, 1, bGradient, n)
            }
        }
    }
}
