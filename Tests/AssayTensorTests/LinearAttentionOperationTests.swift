import AssayTensor
import Foundation
import Testing

/// Linear attention and what goes with it, as operations of a tape.
@Suite struct LinearAttentionOperationTests {
    private static let shape = LinearAttentionShape(
        heads: 4, keyHeads: 2, keyDimension: 3, valueDimension: 2, queryScale: 0.5)
    private static let (batch, time) = (2, 5)

    /// The definition for `[batch, time, ...]` of queries, keys and values, log decays, factors and skips of the heads.
    private static func definition(
        q: [Double], k: [Double], v: [Double], logDecay: (_ row: Int, _ head: Int) -> Double, scale: [Double]?,
        skip: [Double]?
    ) -> [Double] {
        let (keys, values, heads) = (shape.keyDimension, shape.valueDimension, shape.heads)
        var output = [Double](repeating: 0, count: batch * time * heads * values)
        for head in 0..<heads {
            for sequence in 0..<batch {
                var state = [Double](repeating: 0, count: keys * values)
                for row in (sequence * time)..<((sequence + 1) * time) {
                    let key = (row * shape.keyHeads + head / 2) * keys
                    for j in 0..<values {
                        let place = (row * heads + head) * values + j
                        var read = 0.0
                        for i in 0..<keys {
                            let written = k[key + i] * v[place] * (scale?[row * heads + head] ?? 1)
                            state[i * values + j] = exp(logDecay(row, head)) * state[i * values + j] + written
                            read += q[key + i] * state[i * values + j]
                        }
                        output[place] = 0.5 * read + (skip?[head] ?? 0) * v[place]
                    }
                }
            }
        }
        return output
    }

    private static func columns(_ x: [Double], width: Int, _ range: Range<Int>) -> [Double] {
        Definition.rows(x, width: width).flatMap { Array($0[range]) }
    }

    @Test("decays of each token, factors and skips, out of columns of one tensor")
    func dataDependent() {
        OperationCheck(
            inputs: [[2, 5, 21], [2, 5, 4], [2, 5, 4]], parameters: [[4]],
            record: { tape, x in
                // Positive inputs would make a growing state: minus their softplus is at most 0.
                let decay = tape.scale(tape.softplus(x[1]), by: -1)
                return [
                    tape.linearAttention(
                        query: x[0].columns(0, 6), key: x[0].columns(6, 6), value: x[0].columns(13, 8),
                        shape: Self.shape, decay: .token(decay), valueScale: x[2], skip: x[3])
                ]
            },
            reference: { x in
                Self.definition(
                    q: Self.columns(x[0], width: 21, 0..<6), k: Self.columns(x[0], width: 21, 6..<12),
                    v: Self.columns(x[0], width: 21, 13..<21), logDecay: { -log1p(exp(x[1][$0 * 4 + $1])) },
                    scale: x[2], skip: x[3])
            }
        ).run()
    }

    @Test("fixed decays, and queries, keys and values of their own")
    func fixed() {
        let slopes: [Float] = [0, 0.1, 1, 5]
        OperationCheck(
            inputs: [[2, 5, 6], [2, 5, 6], [2, 5, 8]],
            record: { tape, x in
                [
                    tape.linearAttention(
                        query: x[0].allColumns, key: x[1].allColumns, value: x[2].allColumns, shape: Self.shape,
                        decay: .fixed(slopes))
                ]
            },
            reference: { x in
                Self.definition(
                    q: x[0], k: x[1], v: x[2], logDecay: { -Double(slopes[$1]) }, scale: nil, skip: nil)
            }
        ).run()
    }

    @Test("the normaliser divides each head by its queries' products with the keys so far")
    func normaliser() {
        // Features of elu + 1 are positive, so that no divisor is near zero.
        OperationCheck(
            inputs: [[2, 5, 8], [2, 5, 6], [2, 5, 6]],
            record: { tape, x in
                let (q, k) = (tape.featureMap(x[1].allColumns, .elu), tape.featureMap(x[2].allColumns, .elu))
                return [
                    tape.linearAttentionNormaliser(
                        x[0], query: q.allColumns, key: k.allColumns, shape: Self.shape)
                ]
            },
            reference: { x in
                let (q, k) = (x[1].map { $0 > 0 ? $0 + 1 : exp($0) }, x[2].map { $0 > 0 ? $0 + 1 : exp($0) })
                return x[0].indices.map { place in
                    let (row, column) = place.quotientAndRemainder(dividingBy: 8)
                    let head = column / 4 * 3
                    let dot = ((row / 5 * 5)...row).reduce(0.0) { sum, earlier in
                        sum + (0..<3).reduce(0.0) { $0 + q[row * 6 + head + $1] * k[earlier * 6 + head + $1] }
                    }
                    return x[0][place] / (0.5 * dot + 1e-10)
                }
            }
        ).run()
    }

    @Test("feature maps of some columns", arguments: FeatureMap.allCases)
    func featureMap(_ map: FeatureMap) {
        OperationCheck(
            inputs: [[2, 3, 7]], record: { [$0.featureMap($1[0].columns(2, 4), map)] },
            reference: { x in
                Self.columns(x[0], width: 7, 2..<6).map {
                    switch map {
                    case .identity: $0
                    case .silu: Definition.silu($0)
                    case .elu: $0 > 0 ? $0 + 1 : exp($0)
                    }
                }
            }
        ).run()
    }

    @Test(
        "gated norms of parts, with one weight for all parts and with one for each, part by part and row by row",
        arguments: [GatedNormKind.siluAfterNorm, .sigmoidAfterNorm, .siluBeforeNorm],
        [(3, GatedNormOrder.byPart), (6, .byPart), (3, .byRow)])
    func gatedNorm(_ kind: GatedNormKind, _ form: (weightCount: Int, order: GatedNormOrder)) {
        let (weightCount, order) = form
        // Row by row, the gate is a whole tensor.
        let gateWidth = order == .byRow ? 6 : 8
        let first = (gateWidth - 6) / 2
        OperationCheck(
            inputs: [[2, 3, 6], [2, 3, gateWidth]], parameters: [[weightCount]],
            record: {
                [
                    $0.gatedNorm(
                        $1[0], $1[2], gate: $1[1].columns(first, 6), kind: kind, parts: 2, epsilon: 1e-3, order: order)
                ]
            },
            reference: { x in
                let gates = Self.columns(x[1], width: gateWidth, first..<first + 6)
                let before = kind == .siluBeforeNorm ? zip(x[0], gates).map { $0 * Definition.silu($1) } : x[0]
                let normal = Definition.rmsNorm(before, [1, 1, 1], epsilon: 1e-3)
                return normal.indices.map { place in
                    let scaled = normal[place] * x[2][place % weightCount]
                    switch kind {
                    case .siluAfterNorm: return scaled * Definition.silu(gates[place])
                    case .sigmoidAfterNorm: return scaled / (1 + exp(-gates[place]))
                    case .siluBeforeNorm: return scaled
                    }
                }
            }
        ).run()
    }
}
