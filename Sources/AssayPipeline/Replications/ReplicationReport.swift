import AssayCore
import AssayMetrics
import AssayReports
import AssayStore

/// Published findings held against the results of a batch: claimed, measured, verdict.
public struct ReplicationReport: Sendable {
    /// A finding and what was measured.
    public struct Entry: Sendable {
        /// The finding.
        public let finding: Finding
        /// What became of its checks, in order.
        public let checks: [Outcome]

        /// The verdict on the finding.
        public var verdict: ReplicationVerdict { ReplicationRule.conjunction(checks.map(\.verdict)) }
    }

    /// What became of a check.
    public struct Outcome: Sendable {
        /// The check.
        public let check: Finding.Check
        /// The figure; nil when there is nothing to compute it from.
        public let contrast: Contrast?
        /// The verdict.
        public let verdict: ReplicationVerdict
        /// Why it is undecided, and what a reader must know.
        public let note: String?

        /// The figure's 95 % interval.
        public var interval: (low: Double, high: Double)? { contrast?.interval(level: 1 - ReplicationRule.alpha) }
    }

    /// The findings in the order of the file.
    public let entries: [Entry]
    /// The batches that were looked at.
    public let batches: [String]

    /// Holds findings against stores. Findings on a batch that was never run are undecided, unless none was run.
    /// - Parameters:
    ///   - stores: where the batches are recorded; of a batch that is in several, the first one counts.
    ///   - name: the batch to look at instead of those that the file names.
    /// - Throws: ``AssayError`` when no batch, or an arm, a task, a metric or a condition does not exist.
    public init(_ configuration: ReplicationConfiguration, stores: [Store], batch name: String? = nil) throws {
        let evidence = try ReplicationEvidence.read(configuration, stores: stores, batch: name)
        batches = name.map { [$0] } ?? configuration.batches.map(\.value).filter { evidence[$0] != nil }
        entries = try configuration.findings.map { finding in
            Entry(
                finding: finding,
                checks: try finding.checks.map { check in
                    guard let evidence = evidence[finding.batch.value] else {
                        let why = "batch \(finding.batch.value) has not been run"
                        return Outcome(check: check, contrast: nil, verdict: .undecided, note: why)
                    }
                    return try evidence.outcome(of: check, among: finding.checks.count)
                })
        }
    }

    /// How many findings there are of each verdict.
    public var headline: String {
        let counts = ReplicationVerdict.allCases.compactMap { verdict -> String? in
            let count = entries.count { $0.verdict == verdict }
            return count == 0 ? nil : "\(count) \(verdict.title)"
        }
        let noun = entries.count == 1 ? "finding" : "findings"
        let source = (batches.count == 1 ? "batch " : "batches ") + batches.joined(separator: ", ")
        return "\(entries.count) \(noun), \(source): " + counts.joined(separator: ", ")
    }
}

/// The results that findings are held against.
private final class ReplicationEvidence {
    let store: Store
    let batch: BatchRecord
    private let seedsByArm: [String: [BatchArmRecord]]
    private let cells: CellCache

    /// What there is of every batch that a file names, by the name; of one other batch for all of them when it is given.
    /// - Throws: ``AssayError`` when there is none of them.
    static func read(
        _ configuration: ReplicationConfiguration, stores: [Store], batch other: String?
    ) throws -> [String: ReplicationEvidence] {
        let recorded = try stores.map { (store: $0, batches: try $0.batches()) }
        func evidence(_ name: String) throws -> ReplicationEvidence? {
            for (store, batches) in recorded {
                guard let batch = batches.last(where: { $0.name == name }) else { continue }
                return try ReplicationEvidence(store: store, batch: batch)
            }
            return nil
        }
        func missing(_ name: Marked<String>) -> AssayError {
            let there = Set(recorded.flatMap { $0.batches.map(\.name) })
            return .badInput(
                "there is no batch '\(name.value)' in the store", at: name.mark.description,
                remedy: there.isEmpty
                    ? "Run it first: assay run evals/batches/\(name.value).yaml"
                    : Suggestion.remedy(for: name.value, among: Array(there)))
        }
        let named = configuration.batches
        if let other, let mark = named.first?.mark {
            guard let evidence = try evidence(other) else { throw missing(Marked(other, at: mark)) }
            return Dictionary(uniqueKeysWithValues: named.map { ($0.value, evidence) })
        }
        let found = try named.compactMap { name in try evidence(name.value).map { (name.value, $0) } }
        if found.isEmpty, let first = named.first { throw missing(first) }
        return Dictionary(uniqueKeysWithValues: found)
    }

    private init(store: Store, batch: BatchRecord) throws {
        self.store = store
        self.batch = batch
        seedsByArm = Dictionary(grouping: try store.arms(ofBatch: batch.identity), by: \.arm)
        cells = CellCache(reader: try CellReader(store: store, batch: batch.identity))
    }

    func outcome(of check: Finding.Check, among count: Int) throws -> ReplicationReport.Outcome {
        func missing(_ why: String) -> ReplicationReport.Outcome {
            .init(check: check, contrast: nil, verdict: .undecided, note: why)
        }
        let first = try checkpoints(of: check.first)
        let second = try check.second.map { try checkpoints(of: $0) }
        if let why = first.missing ?? second?.missing { return missing(why) }
        var pairs = (mine: first.found, others: second?.found)
        if let others = second?.found {
            let paired = SeedPairs(baseline: first.found, candidate: others)
            pairs = (paired.baseline, paired.candidate)
            if paired.isEmpty { return missing("the arms have no seed in common") }
        }
        let (mine, others) = (try cells.cells(pairs.mine), try pairs.others.map { try cells.cells($0) })
        if let blank = zip(pairs.mine + (pairs.others ?? []), mine + (others ?? [])).first(where: \.1.isEmpty)?.0 {
            return missing("\(blank.arm), seed \(blank.seed), has not been evaluated yet")
        }
        let contrast = try located(check.mark) {
            let first = ContrastSide(check.first, cells: mine)
            if check.isBestSeed { return try Contrast(bestOf: first) }
            let second = check.second.flatMap { side in others.map { ContrastSide(side, cells: $0) } }
            return try Contrast(first, second, kind: check.kind)
        }
        let (verdict, reason) = ReplicationRule.decide(contrast, check.bound, checks: count)
        var notes = reason.map { [$0] } ?? []
        if contrast.lost > 0 {
            notes.append("\(contrast.lost) lost" + (contrast.isBounded ? ": the interval allows for the worst" : ""))
        }
        return .init(
            check: check, contrast: contrast, verdict: verdict,
            note: notes.isEmpty ? nil : notes.joined(separator: "; "))
    }

    /// The last checkpoint of every seed of an arm; why there is none, when its training failed or is not done.
    private func checkpoints(of side: Finding.Side) throws -> (found: [CheckpointRecord], missing: String?) {
        let arm = side.arm.value
        guard let seeds = seedsByArm[arm] else {
            // A batch that is under way has recorded its plan, but not every arm.
            let planned = PlannedArms.names(of: batch)
            if planned.contains(arm) { return ([], "\(arm) has not been trained yet") }
            throw AssayError.badInput(
                "batch '\(batch.name)' has no arm '\(arm)'", at: side.arm.mark.description,
                remedy: Suggestion.remedy(for: arm, among: Array(Set(seedsByArm.keys).union(planned))))
        }
        let there = try store.checkpoints(CheckpointSelector(arm: arm, batch: batch.identity))
        var last: [CheckpointRecord] = []
        for seed in seeds {
            let run = try store.run(seed.run)
            guard case .finished = run?.status,
                let checkpoint = there.filter({ $0.run == seed.run }).max(by: { $0.step < $1.step })
            else {
                let why = run?.status.reason.map { "failed: \($0)" } ?? "has not been trained to its end"
                return ([], "\(arm), seed \(seed.seed), \(why)")
            }
            last.append(checkpoint)
        }
        return (last.sorted { $0.seed < $1.seed }, nil)
    }

    /// Says where in the file a measurement is asked for that is not there.
    private func located(_ mark: SourceMark, _ body: () throws -> Contrast) throws -> Contrast {
        do {
            return try body()
        } catch let error as AssayError where error.kind == .badInput && error.location == nil {
            throw AssayError.badInput(error.problem, at: mark.description, remedy: error.remedy)
        }
    }
}

extension ContrastSide {
    /// A side of a finding over an arm's cells.
    fileprivate init(_ side: Finding.Side, cells: [[CellData]]) {
        let reference = side.changeFrom.map { condition in
            var subject = side.subject
            subject.condition = condition
            return subject
        }
        self.init(cells: cells, subject: side.subject, reference: reference)
    }
}

/// The arms that a recorded plan names.
private struct PlannedArms: Decodable {
    struct Arm: Decodable {
        let name: String
    }
    let arms: [Arm]

    static func names(of batch: BatchRecord) -> [String] {
        (try? CanonicalJSON.value(PlannedArms.self, from: batch.definition))?.arms.map(\.name) ?? []
    }
}
