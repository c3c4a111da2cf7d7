import AssayCore
import AssayMetrics
import AssayStore

/// One measurement of serving a checkpoint: what decides it, and how it is made.
struct ServingTask {
    /// Raised whenever the same inputs would give other values.
    static let version = "1"

    let kind: MeasurementKind
    /// Of what is a function of its inputs; nil when the task only times.
    let counted: ContentHash?
    /// Of what is timed; nil when the task only counts.
    let timed: ContentHash?
    /// Makes the values: counted, then timed ones.
    let measure: () throws -> (counted: [MetricValue], timed: [MetricValue])

    /// - Parameters:
    ///   - inputs: texts that decide the values: settings, checkpoints, architectures.
    ///   - machine: what decides timings besides.
    init(
        _ kind: MeasurementKind, inputs: [String], counts: Bool, machine: String?,
        measure: @escaping () throws -> (counted: [MetricValue], timed: [MetricValue])
    ) {
        self.kind = kind
        let text = (["serving \(Self.version) \(kind.rawValue)"] + inputs).joined(separator: "\n")
        counted = counts ? ContentHash(of: text) : nil
        timed = machine.map { ContentHash(of: "timed\n\($0)\n\(text)") }
        self.measure = measure
    }
}

extension MetricValue {
    /// A value of serving; what is not finite is not defined.
    static func served(
        _ metric: String, task: String, condition: String, slice: String = "all", _ value: Double?,
        interval: ClosedRange<Double>? = nil, n: Int, note: String? = nil
    ) -> MetricValue {
        func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
        return MetricValue(
            metric: metric, task: task, condition: condition, slice: slice, value: finite(value),
            low: finite(interval?.lowerBound), high: finite(interval?.upperBound), n: n, clusters: n, lost: 0,
            note: note)
    }
}
