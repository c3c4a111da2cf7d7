import Foundation
import Testing

@testable import AssayTensor

@Suite struct PlainOperationTests {
    @Test(
        "sum, difference and product, with a second operand that is equal, a bias, or one element a row",
        arguments: [[2, 3, 4], [3, 4], [4], [2, 3, 1], [2, 3]])
    func arithmetic(_ other: [Int]) {
        let count = other.reduce(1, *)
        func place(_ i: Int) -> Int { count == 6 ? i / 4 : i % count }
        OperationCheck(
            inputs: [[2, 3, 4], other],
            record: { tape, x in [tape.add(x[0], x[1]), tape.subtract(x[0], x[1]), tape.multiply(x[0], x[1])] },
            reference: { values in
                let pairs = values[0].enumerated().map { ($1, values[1][place($0)]) }
                return pairs.map { $0.0 + $0.1 } + pairs.map { $0.0 - $0.1 } + pairs.map { $0.0 * $0.1 }
            }
        ).run()
    }

    @Test("a tensor combined with itself")
    func selfCombination() {
        OperationCheck(
            inputs: [[3, 4]],
            record: { tape, x in [tape.multiply(x[0], x[0]), tape.add(x[0], x[0]), tape.subtract(x[0], x[0])] },
            reference: { values in values[0].map { $0 * $0 } + values[0].map { 2 * $0 } + values[0].map { _ in 0 } }
        ).run()
    }

    @Test("a chain of sums whose gradients share memory")
    func sharedGradients() {
        OperationCheck(
            inputs: [[3, 4], [3, 4]],
            record: { tape, x in
                let a = tape.add(x[0], x[1])
                let b = tape.add(a, x[0])
                let c = tape.multiply(tape.add(b, a), x[1])
                return [tape.add(c, b), b, a]
            },
            reference: { values in
                let pairs = Array(zip(values[0], values[1]))
                return pairs.map { (3 * $0.0 + 2 * $0.1) * $0.1 + 2 * $0.0 + $0.1 } + pairs.map { 2 * $0.0 + $0.1 }
                    + pairs.map { $0.0 + $0.1 }
            }
        ).run()
    }

    @Test("scale, sigmoid, SiLU, softplus, exp")
    func elementwise() {
        OperationCheck(
            inputs: [[3, 5]],
            record: { tape, x in
                [
                    tape.scale(x[0], by: -1.5), tape.sigmoid(x[0]), tape.silu(x[0]), tape.softplus(x[0]),
                    tape.exp(x[0]),
                ]
            },
            reference: { values in
                let x = values[0]
                let first = x.map { -1.5 * $0 } + x.map { 1 / (1 + exp(-$0)) }
                return first + x.map(Definition.silu) + x.map { log(1 + exp($0)) } + x.map { exp($0) }
            }
        ).run()
    }

    @Test("matrix products with every transposition, batched and with a shared right side")
    func matmul() {
        for (aT, bT) in [(false, false), (false, true), (true, false), (true, true)] {
            for isShared in [false, true] {
                let (a, b) = (aT ? [4, 3] : [3, 4], bT ? [5, 4] : [4, 5])
                OperationCheck(
                    inputs: [[2] + a, isShared ? b : [2] + b],
                    record: { tape, x in [tape.matmul(x[0], x[1], transposeA: aT, transposeB: bT)] },
                    reference: { values in
                        (0..<2).flatMap { i in
                            Definition.product(
                                Array(values[0][(i * 12)..<(i * 12 + 12)]),
                                isShared ? values[1] : Array(values[1][(i * 20)..<(i * 20 + 20)]), m: 3, n: 5, k: 4,
                                aT: aT, bT: bT)
                        }
                    }
                ).run()
            }
        }
    }

    @Test("softmax over rows, and causal")
    func softmax() {
        OperationCheck(
            inputs: [[2, 3, 5]], record: { [$0.softmax($1[0])] },
            reference: { Definition.rows($0[0], width: 5).flatMap(Definition.softmax) }
        ).run()
        OperationCheck(
            inputs: [[2, 3, 5]], record: { [$0.softmax($1[0], isCausal: true)] },
            reference: { values in
                var result: [Double] = []
                for (row, x) in Definition.rows(values[0], width: 5).enumerated() {
                    let seen = row % 3 + 3
                    result += Definition.softmax(Array(x[..<seen]))
                    result += [Double](repeating: 0, count: 5 - seen)
                }
                return result
            }
        ).run()
    }

    @Test("transpose of axes")
    func transpose() {
        OperationCheck(
            inputs: [[2, 3, 4]], record: { [$0.transpose($1[0], [2, 0, 1])] },
            reference: { values in
                var result: [Double] = []
                for k in 0..<4 {
                    for i in 0..<2 {
                        for j in 0..<3 { result.append(values[0][(i * 3 + j) * 4 + k]) }
                    }
                }
                return result
            }
        ).run()
    }

    @Test("slice and concatenate on the last axis")
    func columns() {
        OperationCheck(
            inputs: [[2, 5], [2, 2]],
            record: { tape, x in
                let part = tape.slice(x[0], offset: 1, width: 3)
                return [part, tape.concatenate([x[1], part, x[1]])]
            },
            reference: { values in
                let (x, y) = (Definition.rows(values[0], width: 5), Definition.rows(values[1], width: 2))
                return x.flatMap { $0[1..<4] } + zip(x, y).flatMap { $1 + $0[1..<4] + $1 }
            }
        ).run()
    }

    @Test("sum and mean over the last axis")
    func reductions() {
        OperationCheck(
            inputs: [[2, 3, 4]], record: { tape, x in [tape.sum(x[0]), tape.mean(x[0])] },
            reference: { values in
                let sums = Definition.rows(values[0], width: 4).map { $0.reduce(0, +) }
                return sums + sums.map { $0 / 4 }
            }
        ).run()
    }

    @Test("a reshape is a view: same values, one gradient")
    func reshape() {
        OperationCheck(
            inputs: [[2, 6]],
            record: { tape, x in
                let view = tape.reshape(x[0], [4, 3])
                return [tape.sum(view), tape.scale(x[0], by: 3)]
            },
            reference: { values in
                Definition.rows(values[0], width: 3).map { $0.reduce(0, +) } + values[0].map { 3 * $0 }
            }
        ).run()
    }

    @Test("an output that nobody reads has a gradient of zero")
    func unusedOutput() {
        OperationCheck(
            inputs: [[2, 3]], parameters: [[3]],
            record: { tape, x in
                let used = tape.scale(x[0], by: 2)
                _ = tape.rmsNorm(tape.multiply(used, x[1]), x[1], epsilon: 0.1)
                return [used]
            }, reference: { $0[0].map { 2 * $0 } }
        ).run()
    }
}
