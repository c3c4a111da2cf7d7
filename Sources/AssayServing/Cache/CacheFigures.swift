import Foundation

/// What a prefix cache was good for, over some requests (V2).
public struct CacheFigures: Sendable, Hashable {
    /// Requests.
    public var requests = 0
    /// Tokens of their inputs.
    public var inputTokens = 0
    /// Input tokens whose keys and values were there.
    public var cachedTokens = 0
    /// Input tokens that were skipped.
    public var usableTokens = 0
    /// Operations that a prefill of all inputs would take.
    public var allFLOPs = 0.0
    /// Operations that were saved.
    public var savedFLOPs = 0.0
    /// Operations on tokens whose keys and values were there, for want of a copy of a state.
    public var recomputedFLOPs = 0.0
    /// Copies of states that were written.
    public var snapshots = 0
    /// Bytes that the cache held after a request, in the mean.
    public var meanBytes = 0.0
    /// Operations until the first token of each answer.
    public var firstTokenFLOPs: [Double] = []

    /// Input tokens that skip prefill / input tokens (token hit rate; Marconi, arXiv 2411.19379).
    public var tokenHitRate: Double { share(usableTokens) }
    /// Input tokens whose keys and values were there / input tokens: the hit rate if states cost nothing.
    public var cacheHitRate: Double { share(cachedTokens) }
    /// Tokens that are computed again though their keys and values are there, for want of a state / input tokens.
    public var stateMissFraction: Double { share(cachedTokens - usableTokens) }
    /// Operations saved for each byte held (after Marconi's equation 1).
    public var savedPerByte: Double { meanBytes > 0 ? savedFLOPs / meanBytes : .nan }

    /// Operations until the first token, at a quantile of the requests (nearest rank).
    public func firstToken(quantile: Double) -> Double {
        guard !firstTokenFLOPs.isEmpty else { return .nan }
        let sorted = firstTokenFLOPs.sorted()
        let rank = Int((quantile * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    private func share(_ tokens: Int) -> Double {
        inputTokens > 0 ? Double(tokens) / Double(inputTokens) : .nan
    }

    mutating func add(_ outcome: CacheOutcome, _ model: ServedModel) {
        let total = model.work.total(outcome.input)
        let saved = model.work.total(outcome.usable)
        requests += 1
        inputTokens += outcome.input
        cachedTokens += outcome.cached
        usableTokens += outcome.usable
        allFLOPs += total
        savedFLOPs += saved
        recomputedFLOPs += model.work.total(outcome.cached) - saved
        snapshots += outcome.snapshots
        meanBytes += (Double(outcome.bytes) - meanBytes) / Double(requests)
        firstTokenFLOPs.append(total - saved + model.headFLOPs)
    }
}

/// A trace served by a prefix cache.
public struct CacheSimulation: Sendable {
    /// All requests.
    public private(set) var all = CacheFigures()
    /// Those of each class that occurs.
    public private(set) var classes: [RequestClass: CacheFigures] = [:]
    /// The most bytes that the cache held.
    public private(set) var peakBytes = 0

    /// Serves every request of a trace, in its order.
    public init(_ trace: ConversationTrace, _ settings: PrefixCacheSettings, model: ServedModel) {
        var cache = PrefixCache(settings, model: model)
        for request in trace.requests {
            let outcome = cache.serve(request)
            all.add(outcome, model)
            classes[request.kind, default: CacheFigures()].add(outcome, model)
            peakBytes = max(peakBytes, outcome.bytes)
        }
    }
}
