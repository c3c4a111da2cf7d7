import AssayCore
import AssayMetrics

/// What a measurement is of.
public enum MeasurementKind: String, Sendable, Hashable, CaseIterable {
    /// The answers to the items of cells.
    case items
    /// Bytes of caches and states.
    case cache
    /// A prefix cache under a trace of conversations.
    case trace
    /// Speculative decoding.
    case speculation
    /// Crossover lengths against the control.
    case crossover
}

/// Where and when something was timed: what else the numbers depend on.
public struct MeasurementEnvironment: Sendable, Hashable, Codable {
    /// The processor's model name and number of cores.
    public var processor: String
    /// The version and instruction set of the kernels.
    public var kernels: String
    /// The load of the machine in the last minute, before and after; nil where the system does not tell.
    public var load: [Double]?
    /// When it began, in seconds since 1970.
    public var started: Double

    /// An environment.
    public init(processor: String, kernels: String, load: [Double]?, started: Double) {
        self.processor = processor
        self.kernels = kernels
        self.load = load
        self.started = started
    }
}

/// Metrics of a checkpoint: over some of its cells, or of serving it.
public struct MeasurementRecord: Sendable, Hashable {
    /// Hash of the cells and of the version of the metrics (``identity(cells:version:)``), or of what else decides it.
    public var identity: ContentHash
    /// The checkpoint.
    public var checkpoint: ContentHash
    /// What was measured.
    public var kind: MeasurementKind
    /// Where and when, for timings: they are no function of their inputs, and no digest of a store covers them.
    public var environment: MeasurementEnvironment?
    /// The metrics, in their order.
    public var values: [MetricValue]

    /// A measurement.
    public init(
        identity: ContentHash, checkpoint: ContentHash, kind: MeasurementKind = .items,
        environment: MeasurementEnvironment? = nil, values: [MetricValue]
    ) {
        self.identity = identity
        self.checkpoint = checkpoint
        self.kind = kind
        self.environment = environment
        self.values = values
    }

    /// The identity of a measurement.
    /// - Parameters:
    ///   - cells: the identities of the cells, by the name that the task has in the batch.
    ///   - version: the version of the metrics.
    public static func identity(cells: [String: [ContentHash]], version: String) -> ContentHash {
        let sides = cells.sorted { $0.key < $1.key }
            .map { "\($0.key): " + $0.value.map(\.hexadecimal).sorted().joined(separator: " ") }
        return ContentHash(of: "measurement \(version)\n" + sides.joined(separator: "\n"))
    }
}

/// Two sides held against each other, with a verdict on each metric.
public struct ComparisonRecord: Sendable, Hashable {
    /// Hash of both sides' cells, the options and the version of the statistics
    /// (``identity(baseline:candidate:options:version:)``).
    public var identity: ContentHash
    /// What the baseline was called when it was first recorded, such as `full` or `full@2000`.
    public var baseline: String
    /// What the candidate was called.
    public var candidate: String
    /// The checkpoints of the baseline, one a seed.
    public var baselineCheckpoints: [ContentHash]
    /// The checkpoints of the candidate, one a seed.
    public var candidateCheckpoints: [ContentHash]
    /// How they were compared.
    public var options: ComparisonOptions
    /// The verdicts, in their order.
    public var results: [ComparisonResult]

    /// A comparison.
    public init(
        identity: ContentHash, baseline: String, candidate: String, baselineCheckpoints: [ContentHash],
        candidateCheckpoints: [ContentHash], options: ComparisonOptions, results: [ComparisonResult]
    ) {
        self.identity = identity
        self.baseline = baseline
        self.candidate = candidate
        self.baselineCheckpoints = baselineCheckpoints
        self.candidateCheckpoints = candidateCheckpoints
        self.options = options
        self.results = results
    }

    /// The identity of a comparison.
    /// - Parameters:
    ///   - baseline: the identities of the measurements or cells of the baseline, one list a seed, in order.
    ///   - candidate: the same of the candidate.
    ///   - options: how they are compared.
    ///   - version: the version of the statistics.
    public static func identity(
        baseline: [[ContentHash]], candidate: [[ContentHash]], options: ComparisonOptions, version: String
    ) throws -> ContentHash {
        func text(_ side: [[ContentHash]]) -> String {
            side.map { $0.map(\.hexadecimal).joined(separator: " ") }.joined(separator: "; ")
        }
        return ContentHash(
            of: "comparison \(version)\n\(text(baseline))\n\(text(candidate))\n\(try CanonicalJSON.text(options))")
    }
}

/// How the metrics of an arm moved against the control along the checkpoints.
public struct DriftRecord: Sendable, Hashable {
    /// Hash of what it was computed from, such as the identities of the comparisons at each step.
    public var identity: ContentHash
    /// The arm that is watched, with its seed when there are several.
    public var arm: String
    /// The arm that it is held against.
    public var control: String
    /// One for each metric, task, condition and slice, in their order.
    public var results: [DriftResult]

    /// A record.
    public init(identity: ContentHash, arm: String, control: String, results: [DriftResult]) {
        self.identity = identity
        self.arm = arm
        self.control = control
        self.results = results
    }
}
