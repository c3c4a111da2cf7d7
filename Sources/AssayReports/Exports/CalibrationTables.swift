import AssayMetrics

/// What a calibration found, for programs: on a page as in files.
public enum CalibrationTables {
    /// A row for each metric, task and planted fault.
    /// - Parameter metrics: those that are wanted; nil for all.
    public static func faults(_ calibration: Calibration, metrics: Set<String>? = nil) -> FieldTable {
        var table = FieldTable(
            columns: [
                "fault", "arm", "planted_as", "metric", "task", "condition", "sound", "damaged", "difference", "low",
                "high", "mde", "adjusted_p", "verdict", "fired",
            ])
        table.rows = calibration.faults.filter { metrics?.contains($0.metric) ?? true }.map {
            [
                .text($0.fault.title), .text($0.arm), .text($0.detail), .text($0.metric), .text($0.task),
                .text($0.condition), .optional($0.baseline), .optional($0.candidate), .optional($0.estimate),
                .optional($0.low), .optional($0.high), .optional($0.detectable), .optional($0.adjustedP),
                .optional($0.verdict?.title), .boolean($0.fired),
            ]
        }
        return table
    }
}
