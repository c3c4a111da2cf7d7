import AssayModels

/// Times of one model at several lengths, in rounds over all lengths so that load on the machine hits all of them: how
/// the cost of a token grows with the context.
public struct LengthProfile: Sendable {
    /// One length.
    public struct Point: Sendable, Hashable {
        /// Tokens of context, or of a prefill.
        public let length: Int
        /// Seconds a token, one for each repeat.
        public let seconds: [Double]

        /// The median.
        public var median: Double { Resampling.median(seconds) }
        /// The bootstrap's 95 % interval of the median; nil for a single repeat.
        public var interval: ClosedRange<Double>? { Resampling.medianInterval(seconds) }
    }

    /// The points, ascending by length.
    public let points: [Point]

    /// Time of a token at the longest length / at the shortest: 1 when the cost does not depend on the context. The
    /// median of the rounds' ratios.
    public var growth: Double {
        guard let first = points.first, let last = points.last else { return .nan }
        return Resampling.median(zip(last.seconds, first.seconds).map { $0 / $1 })
    }

    /// Measures a model.
    /// - Parameter progress: told each length before its context is read; throws to stop.
    public init(
        _ side: WeightedModel, phase: ServingPhase, lengths: [Int], batch: Int, repeats: Int, steps: Int,
        progress: (Int) throws -> Void = { _ in }
    ) rethrows {
        let probes = try lengths.map { length in
            try progress(length)
            switch phase {
            case .decode: return DecodeProbe(side, length: length, batch: batch, steps: steps).seconds
            case .prefill: return PrefillProbe(side, length: length, batch: batch).seconds
            }
        }
        // The first round finds cold caches and is not counted.
        for probe in probes { _ = probe() }
        var times = lengths.map { _ in [Double]() }
        for _ in 0..<repeats { for (index, probe) in probes.enumerated() { times[index].append(probe()) } }
        points = zip(lengths, times).map { Point(length: $0, seconds: $1) }
    }
}
