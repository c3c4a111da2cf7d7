import AssayCore
import AssayStatistics
import Foundation

/// Which metric of a checkpoint is meant.
public struct MetricSubject: Sendable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task, or what stands for it when the metric spans several.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// `all`, `load=16`, `distance=64-127`.
    public var slice: String

    /// A metric of a task under a condition.
    public init(metric: String, task: String, condition: String, slice: String = "all") {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
    }
}

/// One side of a contrast: a metric of an arm, or how it changes between two conditions or tasks.
public struct ContrastSide: Sendable {
    /// The cells of the arm's checkpoints, `[seed][cell]`.
    public var cells: [[CellData]]
    /// The metric.
    public var subject: MetricSubject
    /// What is subtracted from it, of the same checkpoint; nil for the metric itself.
    public var reference: MetricSubject?

    /// A side.
    public init(cells: [[CellData]], subject: MetricSubject, reference: MetricSubject? = nil) {
        self.cells = cells
        self.subject = subject
        self.reference = reference
    }
}

/// How two sides are put together.
public enum ContrastKind: String, Sendable, Codable {
    /// The first side minus the second.
    case difference
    /// The first side over the second.
    case ratio
}

/// A figure computed from the metrics of one or two arms, with its interval.
public struct Contrast: Sendable {
    /// The figure: the mean over seeds; of ratios of what is positive the geometric mean, which is that of one side's geometric
    /// mean to the other's.
    public let value: Double
    /// The first side alone, of each seed.
    public let first: [Double]
    /// The second side alone, of each seed; empty without one.
    public let second: [Double]
    /// The figure of each seed.
    public let seeds: [Double]
    /// Items without a grade, which the interval allows for.
    public let lost: Int
    /// Seeds are put together, and the interval is made, on logarithms: a ratio that is as often twice as half is 1, and no
    /// interval of ratios of what is positive reaches below zero.
    public let isLogarithmic: Bool
    private let items: Resampled
    private let tests: Int

    /// One number for a side's values of all seeds, as ``value`` has them.
    public func summary(_ values: [Double]) -> Double {
        guard isLogarithmic else { return values.reduce(0, +) / Double(max(1, values.count)) }
        return exp(values.reduce(0) { $0 + log($1) } / Double(max(1, values.count)))
    }

    /// There is a worst that lost items could do to the figure; without one there is no interval.
    public var isBounded: Bool { items.slack != nil }

    /// The interval at a level: the wider of two, one over the clusters of items, which tells how well these checkpoints are
    /// known, and, with two seeds or more, Student's over the seeds, which tells what other seeds would give. Nil when the
    /// items say nothing, for instance when all answers of both sides are right, or lost ones could have said anything.
    public func interval(level: Double) -> (low: Double, high: Double)? {
        guard isBounded else { return nil }
        // A seed that was picked for its value is judged as strictly as all of them together would be.
        let level = 1 - (1 - level) / Double(tests)
        let range = wider(items.interval(level: level), intervalOverSeeds(level: level))
        return isLogarithmic ? range.map { (exp($0.low), exp($0.high)) } : range
    }

    private func wider(
        _ overItems: (low: Double, high: Double)?, _ overSeeds: (low: Double, high: Double)?
    ) -> (low: Double, high: Double)? {
        guard let overSeeds else { return overItems }
        guard let overItems else { return overSeeds.high > overSeeds.low ? overSeeds : nil }
        return (min(overItems.low, overSeeds.low), max(overItems.high, overSeeds.high))
    }

    private func intervalOverSeeds(level: Double) -> (low: Double, high: Double)? {
        guard seeds.count >= 2 else { return nil }
        let zeros = [Double](repeating: 0, count: seeds.count)
        let values = isLogarithmic ? seeds.map { log($0) } : seeds
        return PairedComparison.seeds(baseline: zeros, candidate: values).interval(level: level)
    }

    /// Puts one or two sides together, seed by seed.
    /// - Parameters:
    ///   - first: the first side.
    ///   - second: the second side, over the same seeds.
    ///   - kind: how.
    /// - Throws: ``AssayError`` when a metric was not measured or the sides have another number of seeds.
    public init(_ first: ContrastSide, _ second: ContrastSide? = nil, kind: ContrastKind = .difference) throws {
        let mine = try first.figures()
        let others = try second?.figures()
        if let others, others.count != mine.count {
            throw AssayError.badInput(
                "cannot pair \(mine.count) seeds with \(others.count)",
                remedy: "Compare arms that were trained with the same seeds")
        }
        guard let others else {
            self.init(mine, first: mine.map(\.value), second: [], tests: 1, isLogarithmic: false)
            return
        }
        let isLogarithmic = kind == .ratio && (mine + others).allSatisfy(\.isPositive)
        let figures = zip(mine, others).map { kind == .difference ? $0.minus($1) : $0.over($1) }
        self.init(
            isLogarithmic ? figures.map(\.logarithm) : figures, first: mine.map(\.value),
            second: others.map(\.value), tests: 1, isLogarithmic: isLogarithmic)
    }

    /// The seed of a side with the best figure.
    public init(bestOf side: ContrastSide) throws {
        let figures = try side.figures()
        let direction = MetricCatalogue.definition(side.subject.metric)?.direction ?? .higherIsBetter
        guard let best = figures.max(by: { direction.sign * $0.value < direction.sign * $1.value }) else {
            throw AssayError.badInput("there is no seed to take the best of")
        }
        self.init([best], first: figures.map(\.value), second: [], tests: figures.count, isLogarithmic: false)
    }

    private init(_ figures: [Resampled], first: [Double], second: [Double], tests: Int, isLogarithmic: Bool) {
        let mean = Resampled.mean(figures)
        value = isLogarithmic ? exp(mean.value) : mean.value
        self.first = first
        self.second = second
        self.isLogarithmic = isLogarithmic
        seeds = figures.map { isLogarithmic ? exp($0.value) : $0.value }
        lost = mean.lost
        items = mean
        self.tests = tests
    }
}

extension ContrastSide {
    /// The figure of each seed.
    fileprivate func figures() throws -> [Resampled] {
        guard !cells.isEmpty else { throw AssayError.badInput("there are no checkpoints to measure") }
        return try cells.map { cells in
            let side = try PreparedCell.side(cells)
            let figure = try Resampled(subject, of: side)
            return try reference.map { figure.minus(try Resampled($0, of: side)) } ?? figure
        }
    }
}
