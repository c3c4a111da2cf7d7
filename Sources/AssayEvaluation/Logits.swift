import Foundation

/// Readings of one row of logits.
struct Logits {
    private let row: UnsafeBufferPointer<Float>

    /// A row of logits.
    init(_ row: UnsafeBufferPointer<Float>) { self.row = row }

    /// Row `index` of a matrix of rows.
    init(_ matrix: UnsafeBufferPointer<Float>, row index: Int, width: Int) {
        row = UnsafeBufferPointer(rebasing: matrix[index * width..<(index + 1) * width])
    }

    /// Whether every logit is a number.
    var isFinite: Bool { row.allSatisfy { $0.isFinite } }

    /// The most likely token, the first of equals; nil when a logit is not a number.
    var argmax: Int32? {
        guard isFinite else { return nil }
        var best = 0
        for i in 1..<row.count where row[i] > row[best] { best = i }
        return Int32(best)
    }

    /// The negative log likelihood of a token, in nats.
    func negativeLogLikelihood(_ token: Int32) -> Double { logSum - Double(row[Int(token)]) }

    /// The distance of the two highest logits.
    var margin: Double {
        var first = -Float.infinity
        var second = -Float.infinity
        for value in row {
            if value > first {
                second = first
                first = value
            } else if value > second {
                second = value
            }
        }
        return Double(first) - Double(second)
    }

    /// The Kullback-Leibler divergence of another row from this one, in nats: sum of p (log p - log q).
    func divergence(of other: Logits) -> Double {
        let top = Double(row.max() ?? 0)
        var weighted = 0.0
        var sum = 0.0
        for i in row.indices {
            let weight = exp(Double(row[i]) - top)
            weighted += weight * (Double(row[i]) - Double(other.row[i]))
            sum += weight
        }
        // log p - log q = (x - y) - (log sum exp x - log sum exp y). Rounding may leave a tiny negative number.
        return max(weighted / sum - (top + log(sum)) + other.logSum, 0)
    }

    /// Sum and maximum of the absolute differences to another row.
    func difference(to other: Logits) -> (sum: Double, maximum: Double) {
        var sum = 0.0
        var maximum = 0.0
        for i in row.indices {
            let difference = abs(Double(row[i]) - Double(other.row[i]))
            sum += difference
            maximum = max(maximum, difference)
        }
        return (sum, maximum)
    }

    private var logSum: Double {
        let top = Double(row.max() ?? 0)
        return top + log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
    }
}
