import AssayCore
import Foundation

/// Sums over the positions of a sequence whose logits were computed in two ways.
struct DivergenceTally {
    /// Two highest logits closer than this many nats make a close call.
    private static let closeMargin = 1.0

    private var tokens = 0.0
    private var divergence = 0.0
    private var reverse = 0.0
    private var differenceSum = 0.0
    private var differenceMaximum = 0.0
    private var flips = 0.0
    private var closeTokens = 0.0
    private var closeFlips = 0.0
    private var firstFlip: Double?
    private var isSound = true
    /// Tokens by the size of their largest difference.
    private var sizes: [Int: Double] = [:]

    /// Takes the comparison after a token.
    mutating func take(_ comparison: LogitComparison) {
        guard isSound, comparison.isFinite else {
            isSound = false
            return
        }
        let isFlip = comparison.choice != comparison.otherChoice
        let isClose = comparison.margin < Self.closeMargin
        divergence += comparison.divergence
        reverse += comparison.reverseDivergence
        differenceSum += comparison.differenceMean
        differenceMaximum = max(differenceMaximum, comparison.differenceMaximum)
        if comparison.differenceMaximum > 0 { sizes[SizeBin.index(of: comparison.differenceMaximum), default: 0] += 1 }
        flips += isFlip ? 1 : 0
        closeTokens += isClose ? 1 : 0
        closeFlips += isClose && isFlip ? 1 : 0
        if isFlip, firstFlip == nil { firstFlip = tokens }
        tokens += 1
    }

    /// The sums, as the response to an item.
    func response(_ item: ItemID) -> ResponseRecord {
        guard isSound, tokens > 0 else { return .failed(item, "the logits are not finite") }
        var detail = [
            "tokens": tokens, "klMean": divergence / tokens, "k3Mean": reverse / tokens,
            "logitDifferenceMean": differenceSum / tokens, "logitDifferenceMax": differenceMaximum, "flips": flips,
            "closeTokens": closeTokens, "closeFlips": closeFlips,
            // No flip: the first would come after the last position.
            "firstDivergence": firstFlip ?? tokens,
        ]
        for (bin, count) in sizes { detail[SizeBin.key(bin)] = count }
        return ResponseRecord(item: item, status: .graded, score: 1 - flips / tokens, detail: detail)
    }
}
