import Foundation

/// Times of a model and of the control at several lengths, measured in turns so that load on the machine hits both.
public struct LengthSweep: Sendable, Hashable {
    /// One length.
    public struct Point: Sendable, Hashable {
        /// Tokens of context, or of a prefill.
        public var length: Int
        /// Seconds a token of the model, one for each repeat.
        public var model: [Double]
        /// Seconds a token of the control, each measured beside the one of the model.
        public var control: [Double]

        /// A point.
        public init(length: Int, model: [Double], control: [Double]) {
            precondition(model.count == control.count && !model.isEmpty, "times without their counterparts")
            self.length = length
            self.model = model
            self.control = control
        }

        /// log(time of the model / time of the control) of each repeat.
        public var logRatios: [Double] { zip(model, control).map { log($0 / $1) } }
        /// The median of the model's times.
        public var medianSeconds: Double { Resampling.median(model) }
        /// The median of the model's times over the control's.
        public var medianRatio: Double { exp(Resampling.median(logRatios)) }
        /// The bootstrap's 95 % interval of that median; nil for a single repeat.
        public var ratioInterval: ClosedRange<Double>? {
            Resampling.medianInterval(logRatios).map { exp($0.lowerBound)...exp($0.upperBound) }
        }
    }

    /// The points, ascending by length.
    public var points: [Point]

    /// A sweep.
    public init(points: [Point]) {
        precondition(zip(points, points.dropFirst()).allSatisfy { $0.length < $1.length }, "lengths that do not ascend")
        self.points = points
    }

    /// Where the model becomes faster than the control for good (V4), with a 95 % interval.
    public func crossover() -> MeasuredCrossover {
        func crossing(_ ratio: (Point) -> Double) -> Double {
            Crossing.length(points.map { (Double($0.length), ratio($0)) })
        }
        let value = crossing { Resampling.median($0.logRatios) }
        let repeats = points.map(\.model.count).min() ?? 0
        guard repeats > 1 else { return MeasuredCrossover(length: value, interval: nil) }
        let interval = Resampling.interval { random in
            crossing { point in Resampling.median(point.logRatios.map { _ in random.pick(point.logRatios) }) }
        }
        return MeasuredCrossover(length: value, interval: interval)
    }
}

/// A measured crossover length: 0 when the model is faster at every length that was tested, infinite when it is not
/// faster at the longest.
public struct MeasuredCrossover: Sendable, Hashable {
    /// The length.
    public let length: Double
    /// The bootstrap's 95 % interval over the repeats at each length; nil for a single repeat.
    public let interval: ClosedRange<Double>?
}

enum Crossing {
    /// The smallest length from which on all log time ratios are negative, interpolated in the logarithm of the length
    /// between the last that is not and the first that is.
    static func length(_ points: [(length: Double, ratio: Double)]) -> Double {
        guard let last = points.lastIndex(where: { !($0.ratio < 0) }) else { return 0 }
        guard last + 1 < points.count else { return .infinity }
        let (a, b) = (points[last], points[last + 1])
        let share = a.ratio / (a.ratio - b.ratio)
        return exp(log(a.length) + share * log(b.length / a.length))
    }
}
