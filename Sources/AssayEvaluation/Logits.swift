import CKernels
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

    /// The token at a place of [0, 1) when the tokens lie side by side, each as wide as it is likely at a temperature: a
    /// draw, if the place is drawn. The logits must be numbers.
    func draw(temperature: Double, at place: Double) -> Int32 {
        let top = Double(row.max() ?? 0)
        let weights = row.map { exp((Double($0) - top) / temperature) }
        var left = place * weights.reduce(0, +)
        for (token, weight) in weights.enumerated() {
            left -= weight
            if left < 0 { return Int32(token) }
        }
        // Rounding may leave a little after the last token that has any weight.
        return Int32(weights.lastIndex { $0 > 0 } ?? 0)
    }

    /// Compares the row with another of the same tokens.
    func compared(to other: Logits) -> LogitComparison {
        var result = ck_logit_comparison()
        ck_compare_logits(row.count, row.baseAddress, other.row.baseAddress, &result)
        return LogitComparison(result, vocabulary: row.count)
    }

    private var logSum: Double {
        let top = Double(row.max() ?? 0)
        return top + log(row.reduce(0.0) { $0 + exp(Double($1) - top) })
    }
}

/// Two rows of logits for the same place, held against each other.
struct LogitComparison {
    /// Whether all logits are numbers; if not, nothing else means anything.
    let isFinite: Bool
    /// The most likely token of the first row.
    let choice: Int32
    /// The most likely token of the other row.
    let otherChoice: Int32
    /// The distance of the two highest logits of the first row.
    let margin: Double
    /// The mean of the absolute differences over the vocabulary.
    let differenceMean: Double
    /// The largest absolute difference.
    let differenceMaximum: Double
    /// KL(first || other), in nats.
    let divergence: Double
    /// KL(other || first), in nats: what the estimator K3 of reinforcement learning has as its mean when tokens are
    /// drawn from the other row and the first is the policy that is trained.
    let reverseDivergence: Double

    init(_ result: ck_logit_comparison, vocabulary: Int) {
        isFinite = result.finite != 0
        (choice, otherChoice, margin) = (result.argmax_x, result.argmax_y, Double(result.margin_x))
        differenceMean = result.difference_sum / Double(vocabulary)
        differenceMaximum = result.difference_max
        (divergence, reverseDivergence) = (result.kl_xy, result.kl_yx)
    }
}
