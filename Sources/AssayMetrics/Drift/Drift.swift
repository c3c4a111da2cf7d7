import AssayStatistics

/// A metric's difference to the control at one checkpoint.
public struct DriftObservation: Sendable, Codable, Hashable {
    /// The training step.
    public var step: Int
    /// The control's value.
    public var control: Double
    /// The arm's value.
    public var candidate: Double
    /// candidate - control.
    public var estimate: Double
    /// The paired standard error of the difference.
    public var standardError: Double
    /// Its degrees of freedom.
    public var degreesOfFreedom: Int

    /// An observation.
    public init(
        step: Int, control: Double, candidate: Double, estimate: Double, standardError: Double, degreesOfFreedom: Int
    ) {
        self.step = step
        self.control = control
        self.candidate = candidate
        self.estimate = estimate
        self.standardError = standardError
        self.degreesOfFreedom = degreesOfFreedom
    }
}

/// The differences of a metric to the control along the checkpoints of an arm.
public struct DriftSeries: Sendable, Codable, Hashable {
    /// The metric's key.
    public var metric: String
    /// The task or generator.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The slice.
    public var slice: String
    /// Which way is better.
    public var direction: MetricDirection
    /// In order of steps.
    public var points: [DriftObservation]
    /// Steps at which there was no difference with a standard error.
    public var missingSteps: [Int]

    /// A series.
    public init(
        metric: String, task: String, condition: String, slice: String, direction: MetricDirection,
        points: [DriftObservation], missingSteps: [Int] = []
    ) {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
        self.direction = direction
        self.points = points
        self.missingSteps = missingSteps
    }

    /// One series for each metric, task, condition and slice of comparisons with the control at the same steps.
    public static func series(_ comparisons: [(step: Int, results: [ComparisonResult])]) -> [DriftSeries] {
        var order: [[String]] = []
        var found: [[String]: DriftSeries] = [:]
        for (step, results) in comparisons.sorted(by: { $0.step < $1.step }) {
            for result in results {
                let key = [result.metric, result.task, result.condition, result.slice]
                var series =
                    found[key]
                    ?? DriftSeries(
                        metric: result.metric, task: result.task, condition: result.condition, slice: result.slice,
                        direction: result.direction, points: [])
                if found[key] == nil { order.append(key) }
                if let estimate = result.estimate, let error = result.itemStandardError,
                    let degrees = result.itemDegreesOfFreedom,
                    let control = result.baselineValue, let candidate = result.candidateValue
                {
                    series.points.append(
                        DriftObservation(
                            step: step, control: control, candidate: candidate, estimate: estimate,
                            standardError: error, degreesOfFreedom: degrees))
                } else {
                    series.missingSteps.append(step)
                }
                found[key] = series
            }
        }
        return order.compactMap { found[$0] }
    }
}

/// Which way a metric drifted.
public enum DriftDirection: String, Sendable, Codable, CaseIterable {
    /// No alarm.
    case none
    /// The arm lost ground to the control.
    case worse
    /// The arm gained ground.
    case better
}

/// What the detector says of a series.
public struct DriftResult: Sendable, Codable, Hashable {
    /// A checkpoint in the detector's eyes.
    public struct Point: Sendable, Codable, Hashable {
        /// The training step.
        public var step: Int
        /// The control's value.
        public var control: Double
        /// The arm's value.
        public var candidate: Double
        /// candidate - control.
        public var difference: Double
        /// The difference against the mean of the differences before, in standard errors; 0 at the first checkpoint.
        public var standardised: Double
        /// The sum of rises.
        public var rise: Double
        /// The sum of falls.
        public var fall: Double

        /// A point.
        public init(
            step: Int, control: Double, candidate: Double, difference: Double, standardised: Double = 0,
            rise: Double = 0, fall: Double = 0
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

    /// The metric's key.
    public var metric: String
    /// The task or generator.
    public var task: String
    /// The condition's name.
    public var condition: String
    /// The slice.
    public var slice: String
    /// The series.
    public var points: [Point]
    /// What a sum must pass for an alarm; nil with fewer than three checkpoints.
    public var threshold: Double?
    /// The share of healthy series with sums as large, for this series alone.
    public var pValue: Double?
    /// The step of the first checkpoint at which the detector fired.
    public var alarmStep: Int?
    /// The step of the checkpoint where the drift began.
    public var onsetStep: Int?
    /// Which way.
    public var direction: DriftDirection
    /// Mean difference from the onset on, minus the mean before; nil without an alarm.
    public var magnitude: Double?
    /// What a reader must know.
    public var note: String?

    /// A result.
    public init(
        metric: String, task: String, condition: String, slice: String, points: [Point], threshold: Double? = nil,
        pValue: Double? = nil, alarmStep: Int? = nil, onsetStep: Int? = nil, direction: DriftDirection = .none,
        magnitude: Double? = nil, note: String? = nil
    ) {
        self.metric = metric
        self.task = task
        self.condition = condition
        self.slice = slice
        self.points = points
        self.threshold = threshold
        self.pValue = pValue
        self.alarmStep = alarmStep
        self.onsetStep = onsetStep
        self.direction = direction
        self.magnitude = magnitude
        self.note = note
    }
}
