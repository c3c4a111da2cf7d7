import AssayCore
import AssayMetrics
import AssayStore
import Foundation

/// Writes what a store holds as CSV, JSON or Markdown: the same bytes for the same content.
public struct Exporter {
    private let store: Store
    private let batch: ContentHash?

    /// An exporter of a batch, under the names that it uses, or of everything.
    public init(store: Store, batch: ContentHash? = nil) {
        self.store = store
        self.batch = batch
    }

    /// Writes a file, whole or not at all.
    /// - Returns: how many rows it has.
    @discardableResult
    public func export(_ subject: ExportSubject, _ format: ExportFormat, to url: URL) throws -> Int {
        let output = try FileOutput(url)
        let rows = try export(subject, format, to: output)
        try output.finish()
        return rows
    }

    /// Writes to an output, row by row: memory does not grow with their number.
    /// - Returns: how many rows there are.
    @discardableResult
    public func export(_ subject: ExportSubject, _ format: ExportFormat, to output: any TextOutput) throws -> Int {
        var writer = format.writer(columns: subject.columns, to: output)
        var count = 0
        try writer.begin()
        try forEachRow(subject) { row in
            precondition(row.count == subject.columns.count, "a row of \(subject) has \(row.count) fields")
            try writer.write(row)
            count += 1
        }
        try writer.end()
        return count
    }

    /// Writes the verdicts of one comparison, which need not be in a store.
    public static func write(
        _ results: [AssayMetrics.ComparisonResult], baseline: String, candidate: String, _ format: ExportFormat,
        to output: any TextOutput
    ) throws {
        var writer = format.writer(columns: ExportSubject.verdicts.columns, to: output)
        try writer.begin()
        for result in results { try writer.write(verdict(result, baseline, candidate)) }
        try writer.end()
    }

    /// Writes what the drift detector said of one arm, which need not be in a store.
    public static func write(
        _ drift: DriftRecord, _ format: ExportFormat, to output: any TextOutput
    ) throws {
        var writer = format.writer(columns: ExportSubject.drift.columns, to: output)
        try writer.begin()
        for row in rows(of: drift) { try writer.write(row) }
        try writer.end()
    }

    // MARK: - Rows

    private func forEachRow(_ subject: ExportSubject, _ body: ([Field]) throws -> Void) throws {
        switch subject {
        case .runs: try forEachRun { try body(runRow($0, try store.trainingSteps(ofRun: $0.identity).last)) }
        case .training:
            try forEachRun { run in
                for step in try store.trainingSteps(ofRun: run.identity) { try body(Exporter.step(step, run)) }
            }
        case .checkpoints: for checkpoint in try checkpoints() { try body(Exporter.row(checkpoint)) }
        case .responses: try forEachResponse(body)
        case .metrics: try forEachMetric(body)
        case .verdicts:
            for comparison in try store.comparisons(ofBatch: batch) {
                for result in comparison.results {
                    try body(Exporter.verdict(result, comparison.baseline, comparison.candidate))
                }
            }
        case .drift:
            for drift in try store.drifts(ofBatch: batch) {
                for row in Exporter.rows(of: drift) { try body(row) }
            }
        case .spending:
            for drawn in try store.drawnItems(ofBatch: batch) {
                let record = drawn.record
                try body([
                    .text(drawn.batch), .text(record.task), .text(record.method.rawValue), .integer(record.look + 1),
                    .integer(record.clusters.count), .integer(record.drawn), .integer(record.planned),
                    .integer(record.items), .integer(record.plannedItems), .integer(record.declared),
                    .integer(record.undecided), .text(drawn.version),
                ])
            }
        }
    }

    /// The runs of the batch under its names, or all.
    private func forEachRun(_ body: (RunRecord) throws -> Void) throws {
        guard let batch else {
            for run in try store.runs() { try body(run) }
            return
        }
        for arm in try store.arms(ofBatch: batch) {
            guard var run = try store.run(arm.run) else { continue }
            run.arm = arm.arm
            try body(run)
        }
    }

    private func checkpoints() throws -> [CheckpointRecord] {
        try store.checkpoints(CheckpointSelector(batch: batch))
    }

    private func runRow(_ run: RunRecord, _ last: TrainingStepRecord?) -> [Field] {
        [
            .text(run.identity.hexadecimal), .text(run.arm), .unsigned(run.seed), .text(run.status.name),
            .optional(run.status.reason), .optional(last?.step), .optional(last?.tokens), .optional(last?.loss),
            .optional(last?.gradientNorm), .text(run.architecture), .text(run.recipe),
        ]
    }

    private static func step(_ step: TrainingStepRecord, _ run: RunRecord) -> [Field] {
        [
            .text(run.identity.hexadecimal), .text(run.arm), .unsigned(run.seed), .integer(step.step),
            .number(step.loss), .number(step.gradientNorm), .number(step.learningRate), .integer(step.tokens),
        ]
    }

    private static func row(_ checkpoint: CheckpointRecord) -> [Field] {
        [
            .text(checkpoint.hash.hexadecimal), .text(checkpoint.run.hexadecimal), .text(checkpoint.arm),
            .unsigned(checkpoint.seed), .integer(checkpoint.step), .text(checkpoint.path),
        ]
    }

    private func forEachResponse(_ body: ([Field]) throws -> Void) throws {
        let names = try batch.map { batch in
            Dictionary(try store.tasks(ofBatch: batch).map { ($0.identity, $0.name) }) { first, _ in first }
        }
        for checkpoint in try checkpoints() {
            let cells = try store.cells(ofCheckpoint: checkpoint.hash).compactMap { cell in
                (names == nil ? cell.taskName : names?[cell.key.task]).map { (name: $0, cell: cell) }
            }
            for (name, cell) in cells.sorted(by: { ($0.name, $0.cell.identity) < ($1.name, $1.cell.identity) }) {
                let place: [Field] = [
                    .text(checkpoint.arm), .unsigned(checkpoint.seed), .integer(checkpoint.step),
                    .text(checkpoint.hash.short), .text(name), .text(cell.key.condition.name),
                ]
                try store.forEachScoredItem(ofCell: cell.identity) { try body(place + Exporter.response($0)) }
            }
        }
    }

    private static func response(_ scored: ScoredItem) -> [Field] {
        let item = scored.item
        let response = scored.response
        return [
            .integer(Int(item.id.rawValue)), .integer(item.id.cluster), .integer(item.id.sequence),
            .integer(item.id.question), .integer(item.hops), .integer(item.facts), .integer(item.length),
            .integer(item.distance), .integer(item.load), .number(item.position),
            .optional(item.parent.map { Int($0.rawValue) }), .text("\(response.status)"), .optional(response.score),
            .optional(response.nll), .text(response.output),
            response.detail.isEmpty ? .none : .numbers(response.detail),
        ]
    }

    private func forEachMetric(_ body: ([Field]) throws -> Void) throws {
        for checkpoint in try checkpoints() {
            for measurement in try store.measurements(ofCheckpoint: checkpoint.hash, ofBatch: batch) {
                for value in measurement.values {
                    try body([
                        .text(checkpoint.arm), .unsigned(checkpoint.seed), .integer(checkpoint.step),
                        .text(checkpoint.hash.short), .text(value.metric), .text(value.task), .text(value.condition),
                        .text(value.slice), .optional(value.value), .optional(value.low), .optional(value.high),
                        .integer(value.n), .integer(value.clusters), .integer(value.lost), .optional(value.note),
                    ])
                }
            }
        }
    }

    private static func verdict(
        _ result: AssayMetrics.ComparisonResult, _ baseline: String, _ candidate: String
    ) -> [Field] {
        // In parts: one literal of all columns takes the compiler too long.
        let place: [Field] = [
            .text(baseline), .text(candidate), .text(result.metric), .text(result.task), .text(result.condition),
            .text(result.slice),
        ]
        let difference: [Field] = [
            .optional(result.baselineValue), .optional(result.candidateValue), .optional(result.estimate),
            .optional(result.standardError), .optional(result.degreesOfFreedom), .optional(result.low),
            .optional(result.high), .optional(result.pValue), .optional(result.adjustedPValue),
            .optional(result.minimumDetectableEffect), .optional(result.margin),
        ]
        let sample: [Field] = [
            .integer(result.pairs), .integer(result.clusters), .integer(result.lost), .text(result.unit.rawValue),
            .integer(result.seeds),
        ]
        let decision: [Field] = [
            .text(result.verdict.rawValue), .boolean(result.isMaterial), .boolean(result.isEquivalent),
            .boolean(result.isPrimary), .optional(result.itemsNeeded), .optional(result.note),
            .text(result.direction.rawValue),
        ]
        return place + difference + sample + decision
    }

    private static func rows(of drift: DriftRecord) -> [[Field]] {
        drift.results.flatMap { result in
            let place: [Field] = [
                .text(drift.arm), .text(drift.control), .text(result.metric), .text(result.task),
                .text(result.condition), .text(result.slice),
            ]
            let alarm: [Field] = [
                .optional(result.threshold), .optional(result.pValue), .optional(result.alarmStep),
                .optional(result.onsetStep), .text(result.direction.rawValue), .optional(result.magnitude),
                .optional(result.note),
            ]
            return result.points.map { point in
                let figures: [Field] = [
                    .integer(point.step), .number(point.control), .number(point.candidate), .number(point.difference),
                    .number(point.standardised), .number(point.rise), .number(point.fall),
                ]
                return place + figures + alarm
            }
        }
    }
}
