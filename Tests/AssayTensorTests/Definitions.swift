import Foundation

/// Definitions in double precision, written for the tests alone.
enum Definition {
    static func product(_ a: [Double], _ b: [Double], m: Int, n: Int, k: Int, aT: Bool, bT: Bool) -> [Double] {
        (0..<(m * n)).map { index in
            let (i, j) = index.quotientAndRemainder(dividingBy: n)
            return (0..<k).reduce(0.0) {
                $0 + (aT ? a[$1 * m + i] : a[i * k + $1]) * (bT ? b[j * k + $1] : b[$1 * n + j])
            }
        }
    }

    static func linear(_ x: [Double], _ weight: [Double], inputs: Int) -> [Double] {
        product(x, weight, m: x.count / inputs, n: weight.count / inputs, k: inputs, aT: false, bT: true)
    }

    static func rows(_ x: [Double], width: Int) -> [[Double]] {
        stride(from: 0, to: x.count, by: width).map { Array(x[$0..<($0 + width)]) }
    }

    static func rmsNorm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
        rows(x, width: weight.count).flatMap { row in
            let meanSquare = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
            return zip(row, weight).map { $0 * $1 / sqrt(meanSquare + epsilon) }
        }
    }

    static func silu(_ x: Double) -> Double { x / (1 + exp(-x)) }

    static func swiGLU(_ x: [Double], hidden: Int) -> [Double] {
        rows(x, width: 2 * hidden).flatMap { row in (0..<hidden).map { silu(row[$0]) * row[hidden + $0] } }
    }

    static func softmax(_ x: [Double]) -> [Double] {
        let sum = x.reduce(0) { $0 + exp($1) }
        return x.map { exp($0) / sum }
    }

    /// One sequence; q `[time][heads * dimension]`, k and v `[time][keyValueHeads * dimension]`.
    static func attention(
        _ q: [[Double]], _ k: [[Double]], _ v: [[Double]], heads: Int, keyValueHeads: Int, window: Int = 0,
        sinks: Int = 0, sinkLogits: [Double] = []
    ) -> [Double] {
        let (dimension, valueDimension) = (q[0].count / heads, v[0].count / keyValueHeads)
        return q.indices.flatMap { t in
            (0..<heads).flatMap { head -> [Double] in
                let group = head * keyValueHeads / heads
                let seen = (0...t).filter { window == 0 || $0 > t - window || $0 < sinks }
                let weights = softmax(
                    seen.map { s in
                        (0..<dimension).reduce(0.0) { $0 + q[t][head * dimension + $1] * k[s][group * dimension + $1] }
                            / sqrt(Double(dimension))
                    } + (sinkLogits.isEmpty ? [] : [sinkLogits[head]]))
                return (0..<valueDimension).map { i in
                    zip(seen, weights).reduce(0.0) { $0 + $1.1 * v[$1.0][group * valueDimension + i] }
                }
            }
        }
    }

    static func convolution(
        _ x: [Double], _ weight: [Double], bias: [Double]? = nil, time: Int, channels: Int, silu: Bool
    ) -> [Double] {
        let kernel = weight.count / channels
        return x.indices.map { index in
            let (row, c) = index.quotientAndRemainder(dividingBy: channels)
            let t = row % time
            let sum = (0..<kernel).filter { t - $0 >= 0 }.reduce(bias?[c] ?? 0) {
                $0 + weight[c * kernel + kernel - 1 - $1] * x[index - $1 * channels]
            }
            return silu ? Definition.silu(sum) : sum
        }
    }
}
