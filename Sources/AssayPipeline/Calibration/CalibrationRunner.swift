import AssayCore
import AssayMetrics
import AssayStore
import AssayTensor
import Foundation

/// The self-check of a batch: how often its comparisons raise an alarm where nothing differs, how often they find a loss of
/// known size, after how many checkpoints drift is noticed, and which metric sees which damage to the recorded models.
///
/// It goes by what the batch recorded and by its checkpoints; the same batch gives the same figures on any number of workers,
/// and what was found is recorded, so that a second call has nothing to do.
public final class CalibrationRunner {
    /// What is done.
    public struct Options: Sendable, Hashable {
        /// Comparisons of each kind without a difference, and for each size of a planted loss.
        public var repeats = 200
        /// The arms that are damaged; all when empty.
        public var arms: [String] = []
        /// Whether the control is trained once more on a swapped mixture.
        public var trains = true

        /// All defaults.
        public init() {}
    }

    let store: Store
    let batch: BatchRecord
    let results: URL
    let workers: Int
    let options: Options
    let progress: (StageProgress) -> Void
    let shouldStop: @Sendable () -> Bool
    let reader: CellReader
    /// How the batch's own comparisons are made.
    let comparison: ComparisonOptions

    /// Random swaps of a sign-flip test in repeats: enough to tell p below alpha, and ten times faster than a report's.
    static let draws = 999

    /// A self-check.
    /// - Parameters:
    ///   - name: the batch; nil for the last one.
    ///   - results: the folder of checkpoints.
    /// - Throws: ``AssayError`` when there is no such batch or arm.
    public init(
        store: Store, batch name: String?, results: URL, workers: Int, options: Options = Options(),
        progress: @escaping (StageProgress) -> Void, shouldStop: @escaping @Sendable () -> Bool
    ) throws {
        guard let batch = try name.map({ try store.batch(named: $0) }) ?? store.batches().last else {
            throw AssayError(
                .usage, "the store holds no batch", remedy: "Run one: assay run evals/batches/quickstart.yaml")
        }
        let names = Array(Set(try store.arms(ofBatch: batch.identity).map(\.arm))).sorted()
        for arm in options.arms where !names.contains(arm) {
            throw AssayError(
                .usage, "batch '\(batch.name)' has no arm '\(arm)'", remedy: Suggestion.remedy(for: arm, among: names))
        }
        self.store = store
        self.batch = batch
        self.results = results
        self.workers = workers
        self.options = options
        self.progress = progress
        self.shouldStop = shouldStop
        reader = try CellReader(store: store, batch: batch.identity)
        comparison = try store.comparisons(ofBatch: batch.identity).first?.options ?? ComparisonOptions()
    }

    /// What the calibration says, for people and programs.
    public func report() throws -> CalibrationReport { CalibrationReport(try run(), batch: batch.name) }

    /// The calibration: the recorded one, or a new one, which is recorded.
    /// - Throws: ``Interrupted`` when a stop was asked for, ``AssayError`` otherwise.
    public func run() throws -> Calibration {
        let subjects = try CalibrationSubject.all(of: batch, store: store, reader: reader)
        guard let control = subjects.first(where: { $0.arm == batch.control }), !control.last.isEmpty else {
            throw AssayError.badInput(
                "the control '\(batch.control)' has no answers under a plain condition", at: batch.name,
                remedy: "Evaluate it as 'parallel' or 'recurrent'")
        }
        let identity = try identity(subjects)
        if let recorded = try store.calibration(identity) { return recorded }
        var found = Calibration(control: batch.control, repeats: options.repeats, alpha: comparison.alpha)
        try measureFalseAlarms(control, subjects, into: &found)
        found.seeds = try seedDifferences()
        try measurePower(control, subjects, into: &found)
        try plantFaults(control, subjects, into: &found)
        try store.record(found, identity: identity, batch: batch.identity)
        return found
    }

    /// What decides the figures.
    private func identity(_ subjects: [CalibrationSubject]) throws -> ContentHash {
        let cells = try subjects.flatMap { subject in
            try subject.checkpoints.flatMap { try reader.covers(of: $0.hash).map(\.identity.hexadecimal) }.sorted()
        }
        return ContentHash(
            of: ([
                "calibration \(Calibration.version) of \(MetricCatalogue.version) by \(Assay.kernelVersion)",
                batch.identity.hexadecimal, "\(options.repeats) \(options.trains)",
                options.arms.sorted().joined(separator: " "), try CanonicalJSON.text(comparison),
            ] + cells).joined(separator: "\n"))
    }

    // MARK: - Repeats

    /// The values of a function of the repeat's number, on all workers.
    func repeats<Value>(_ title: String, _ body: @escaping (Int) throws -> Value) throws -> [Value] {
        try stopIfAsked()
        progress(StageProgress(title: title, fraction: 0, detail: "\(options.repeats) repeats"))
        var values = [Result<Value, any Error>?](repeating: nil, count: options.repeats)
        let pool = WorkerPool(workers: workers)
        values.withUnsafeMutableBufferPointer { values in
            pool.run(options.repeats) { index, _ in
                guard !shouldStop() else { return }
                values[index] = Result { try body(index) }
            }
        }
        try stopIfAsked()
        return try values.compactMap { try $0?.get() }
    }

    func stopIfAsked() throws {
        if shouldStop() { throw Interrupted() }
    }

    /// As the batch compares, with fewer random swaps.
    var repeated: ComparisonOptions {
        var options = comparison
        options.draws = CalibrationRunner.draws
        return options
    }
}

/// An arm of a batch with the first of its seeds, as the self-check sees it.
struct CalibrationSubject {
    let arm: String
    /// By step.
    let checkpoints: [CheckpointRecord]
    /// The cells of the last checkpoint in which the model is as it is, by task and condition.
    let last: [CellData]
    /// Those of the checkpoint before; empty when there is none.
    let before: [CellData]

    /// The arms of a batch that have answers, the control first.
    static func all(of batch: BatchRecord, store: Store, reader: CellReader) throws -> [CalibrationSubject] {
        let runs = Dictionary(grouping: try store.arms(ofBatch: batch.identity), by: \.arm)
        let names = [batch.control] + runs.keys.filter { $0 != batch.control }.sorted()
        return try names.compactMap { name in
            guard let run = runs[name]?.min(by: { $0.seed < $1.seed })?.run else { return nil }
            let checkpoints = try store.checkpoints(CheckpointSelector(arm: name, batch: batch.identity))
                .filter { $0.run == run }.sorted { $0.step < $1.step }
            let cells = try checkpoints.suffix(2).map { try reader.cells(of: $0).filter(\.isPlain) }
            guard let last = cells.last, !last.isEmpty else { return nil }
            return CalibrationSubject(
                arm: name, checkpoints: checkpoints, last: last, before: cells.count > 1 ? cells[0] : [])
        }
    }
}

extension CellData {
    /// The model is as it is: whole answers, nothing rounded or changed.
    var isPlain: Bool { condition == .parallel || condition == .recurrent }
}

extension Sequence<CellData> {
    /// The cells that another side has too, with the same items, both in the same order.
    func common(with other: [CellData]) -> (first: [CellData], second: [CellData]) {
        var pairs: (first: [CellData], second: [CellData]) = ([], [])
        for cell in self {
            guard let match = other.first(where: { $0.task == cell.task && $0.condition == cell.condition }),
                match.items.map(\.item) == cell.items.map(\.item)
            else { continue }
            pairs.first.append(cell)
            pairs.second.append(match)
        }
        return pairs
    }
}
