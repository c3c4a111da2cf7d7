import AssayCore

/// How a metric of an arm moved against the control along the checkpoints.
public struct DriftRecord: Sendable, Hashable {
    /// Hash of what the series was computed from.
    public var identity: ContentHash
    /// The arm that is watched.
    public var arm: String
    /// The arm that it is held against.
    public var control: String
    /// The key of the metric.
    public var metric: String
    /// The name of the task.
    public var task: String
    /// The name of the condition.
    public var condition: String
    /// The slice, such as `hops=4` or `all`.
    public var slice: String
    /// The threshold of the detector; nil when there are too few checkpoints to have one.
    public var threshold: Double?
    /// The step of the checkpoint at which the detector fired, if it did.
    public var alarmStep: Int?
    /// The step of the checkpoint where the drift began, if there is one.
    public var onsetStep: Int?
    /// The series, by step.
    public var points: [DriftPoint]

    /// A series.
    public init(
        identity: ContentHash, arm: String, control: String, metric: String, task: String, condition: String,
        slice: String, threshold: Double?, alarmStep: Int?, onsetStep: Int?, points: [DriftPoint]
    ) {
        self.identity = identity
        self.arm = arm
        self.control = control
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
        self.threshold = threshold
        self.alarmStep = alarmStep
        self.onsetStep = onsetStep
        self.points = points
    }
}

/// A metric of an arm and of the control at one checkpoint.
public struct DriftPoint: Sendable, Hashable {
    /// The training step.
    public var step: Int
    /// The control's value.
    public var control: Double
    /// The arm's value.
    public var candidate: Double
    /// Arm minus control.
    public var difference: Double
    /// The difference in units of its noise.
    public var standardised: Double
    /// The detector's sum for rises.
    public var rise: Double
    /// The detector's sum for falls.
    public var fall: Double

    /// A point.
    public init(
        step: Int, control: Double, candidate: Double, difference: Double, standardised: Double, rise: Double,
        fall: Double
    ) {
        self.step = step
        self.control = control
        self.candidate = candidate
        self.difference = difference
        self.standardised = standardised
        self.rise = rise
        self.fall = fall
    }
}
