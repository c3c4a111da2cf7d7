import AssayCore
import AssayEvaluation
import AssayMetrics

/// What decides where the drawing of items stops, besides the batch.
enum SpendingVersion {
    /// Of this program: its kernels, graders and metrics.
    static var current: String {
        let graders = KernelPath.allCases.filter(\.givesAnswers).map {
            "\(CellEvaluator.graderVersion(Condition(path: $0)))"
        }
        return "\(Assay.kernelVersion); graders \(graders.joined(separator: ".")); metrics \(MetricCatalogue.version)"
    }
}
