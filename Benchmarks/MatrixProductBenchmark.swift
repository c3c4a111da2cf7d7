import AssayTensor
import CKernels

/// C [m, n] = op(A) op(B), summed over k.
struct MatrixProduct: Encodable {
    let transposeA: Bool
    let transposeB: Bool
    let m: Int
    let n: Int
    let k: Int
    /// Whether the right-hand side is a weight, which a step packs once for all its micro-batches.
    let isPacked: Bool

    /// Multiplications and additions.
    var flops: Double { 2 * Double(m) * Double(n) * Double(k) }
}

/// The rate of matrix products in the shapes of a training step: forward, gradient of the input, gradient of the weight.
enum MatrixProductBenchmark {
    static func run(_ session: Session) throws {
        guard session.options.wants("gemm") else { return }
        for width in session.options.isQuick ? [128] : [64, 128, 256] {
            let products = products(of: TrainingShape(mixer: "full", width: width, length: 128, threads: 1))
            let work = products.map(Operands.init)
            let flops = products.reduce(0) { $0 + $1.flops }
            var ours: [Double] = []
            var peers: [Double] = []
            for operands in work { operands.multiply() }
            for _ in 0..<5 {
                ours += repeated(budget: 0.1, repeats: 2...50) { for operands in work { operands.multiply() } }
                if let peer = session.peer {
                    let request = PeerRequest.Gemm(products: products, repeats: 3)
                    peers += try peer.ask(request, for: PeerAnswer.Seconds.self).seconds
                }
            }
            let rate = flops / median(ours)
            session.add(
                BenchmarkRow(
                    case: "gemm", width: width, length: nil, threads: 1, ours: rate * 1e-9,
                    peer: peers.isEmpty ? nil : flops / median(peers) * 1e-9, shareOfPeak: rate / session.peak,
                    unit: "GFLOP/s", note: "\(products.count) products of a step, \(rows) rows"))
        }
    }

    /// Tokens of a micro-batch.
    private static let rows = 1024

    /// The linear maps of a layer and the head, each forward and with both gradients.
    private static func products(of shape: TrainingShape) -> [MatrixProduct] {
        let inner = shape.heads * shape.headDimension
        let maps = [
            (shape.width, 3 * inner), (inner, shape.width), (shape.width, 2 * shape.hidden),
            (shape.hidden, shape.width), (shape.width, shape.vocabulary),
        ]
        return maps.flatMap { input, output in
            [
                MatrixProduct(transposeA: false, transposeB: true, m: rows, n: output, k: input, isPacked: true),
                MatrixProduct(transposeA: false, transposeB: false, m: rows, n: input, k: output, isPacked: true),
                MatrixProduct(transposeA: true, transposeB: false, m: output, n: input, k: rows, isPacked: false),
            ]
        }
    }

    /// The memory of a product.
    private struct Operands {
        let product: MatrixProduct
        let a: FloatBlock
        let b: FloatBlock
        let c: FloatBlock
        let packed: FloatBlock

        init(_ product: MatrixProduct) {
            self.product = product
            a = FloatBlock(count: product.m * product.k)
            b = FloatBlock(count: product.k * product.n)
            c = FloatBlock(count: product.m * product.n)
            for i in 0..<a.count { a.pointer[i] = Float(i % 7) - 3 }
            for i in 0..<b.count { b.pointer[i] = Float(i % 5) - 2 }
            packed = FloatBlock(count: ck_packed_count(product.n, product.k))
            ck_pack_b(
                product.transposeB ? 1 : 0, product.n, product.k, b.pointer,
                product.transposeB ? product.k : product.n, packed.pointer)
        }

        func multiply() {
            let (m, n, k) = (product.m, product.n, product.k)
            let strideA = product.transposeA ? m : k
            if product.isPacked {
                ck_gemm_packed(
                    product.transposeA ? 1 : 0, m, n, k, 1, a.pointer, strideA, packed.pointer, 0, c.pointer, n)
            } else {
                ck_gemm(
                    product.transposeA ? 1 : 0, product.transposeB ? 1 : 0, m, n, k, 1, a.pointer, strideA, b.pointer,
                    product.transposeB ? k : n, 0, c.pointer, n)
            }
        }
    }
}
