import AssayEvaluation

/// The way of the data. Every stage reads what the one before it recorded, and records its own.
public enum Stage: Int, Sendable, Comparable, CaseIterable {
    /// Tasks, their measured floors.
    case generate
    /// Checkpoints: trained, or found.
    case train
    /// Responses.
    case evaluate
    /// Metrics.
    case measure
    /// Serving: bytes, prefix caching, speculation, crossover lengths.
    case serve
    /// Verdicts and drift.
    case compare
    /// Files in the results folder.
    case report

    /// Orders stages by the way of the data.
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
}

/// How far a stage has come, for a progress line.
public struct StageProgress: Sendable {
    /// What is worked on, such as `train full, seed 1`.
    public var title: String
    /// The share that is done, 0 ... 1.
    public var fraction: Double
    /// A few figures, such as the loss and tokens a second.
    public var detail: String
    /// Seconds that are left of what is worked on, when they can be told.
    public var secondsLeft: Double?
}

/// What a run of a batch did, as opposed to what was recorded already.
public struct BatchWork: Sendable, Equatable {
    /// Training runs that took at least one step.
    public var trained = 0
    /// Training runs that were recorded already.
    public var trainedBefore = 0
    /// Checkpoints of loaded arms that were not known before.
    public var found = 0
    /// Checkpoints of loaded arms that were recorded already.
    public var foundBefore = 0
    /// Checkpoints of loaded arms that are not whole yet or cannot be evaluated.
    public var leftOut = 0
    /// Cells that were evaluated.
    public var evaluated = 0
    /// How many tokens of prompts as text were shared.
    public var prefixes = PrefixUse()
    /// Requests to served arms, attempts included.
    public var requests = 0
    /// Tokens that they read and wrote.
    public var servedTokens = 0
    /// Cells that were recorded already.
    public var evaluatedBefore = 0
    /// Checkpoints whose metrics were computed.
    public var measured = 0
    /// Measurements of serving that were made.
    public var served = 0
    /// Comparisons that were computed.
    public var compared = 0
    /// Seconds in training steps.
    public var trainingSeconds = 0.0
    /// Seconds in evaluation.
    public var evaluationSeconds = 0.0
    /// Seconds in measurements of serving.
    public var servingSeconds = 0.0
    /// Seconds in everything else: floors, storing, metrics, statistics, reports.
    public var otherSeconds = 0.0

    /// Whether everything was there already.
    public var isNothing: Bool {
        trained == 0 && found == 0 && evaluated == 0 && measured == 0 && served == 0 && compared == 0
    }
}

/// The user asked to stop, and a safe point was reached.
public struct Interrupted: Error, Sendable {}
