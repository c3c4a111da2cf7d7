import AssayCore
import AssayMetrics
import AssayStore

extension BatchRunner {
    /// Holds every arm against the control at their last step, all in one correction for multiplicity, and follows the
    /// differences along the checkpoints.
    func compareArms() throws {
        let checkpoints = try plannedCheckpoints()
        let sides = Dictionary(grouping: checkpoints, by: \.arm.name).mapValues { $0.map(\.record) }
        guard let control = sides[plan.control] else { return }
        let reader = try CellReader(store: store, batch: plan.identity)
        try stopIfAsked()
        try compareLast(comparedPairs(checkpoints, notify: true), reader)
        let arms = plan.arms.filter { $0.name != plan.control && sides[$0.name] != nil }
        for (position, arm) in arms.enumerated() {
            try followDrift(of: arm, sides[arm.name] ?? [], control, reader, position: position)
        }
    }

    /// An arm with its checkpoints beside those of the control.
    typealias ComparedPair = (arm: ArmPlan, pair: SeedPairs)

    /// The arms that are held against the control at their last step.
    /// - Parameter notify: whether to tell of arms that cannot be, or only at another step.
    func comparedPairs(_ checkpoints: [PlannedCheckpoint], notify: Bool) -> [ComparedPair] {
        let sides = Dictionary(grouping: checkpoints, by: \.arm.name).mapValues { $0.map(\.record) }
        guard let control = sides[plan.control] else { return [] }
        return plan.arms.compactMap { arm in
            guard arm.name != plan.control, let candidates = sides[arm.name],
                let steps = comparedSteps(arm, candidates, control, notify: notify)
            else { return nil }
            let pair = SeedPairs(
                baseline: control.filter { $0.step == steps.control },
                candidate: candidates.filter { $0.step == steps.arm })
            guard pair.isEmpty else { return (arm, pair) }
            if notify {
                notice(
                    "\(arm.name) is not compared: no seed of it and of \(plan.control) has a checkpoint at step "
                        + "\(steps.arm)")
            }
            return nil
        }
    }

    private func compareLast(_ all: [ComparedPair], _ reader: CellReader) throws {
        let pairs = try all.filter { arm, pair in
            if try pair.hasCommonCells(reader) { return true }
            notice("\(arm.name) is not compared: no task was given to it and to \(plan.control) in the same way")
            return false
        }
        let identity = try reportIdentity(pairs, reader)
        func record(_ index: Int) -> ContentHash { ContentHash(of: "\(identity) \(index)") }
        guard try !pairs.indices.allSatisfy({ try store.hasComparison(record($0)) }) else {
            for index in pairs.indices {
                if let known = try store.comparisons(identity: record(index)).first {
                    try store.record(known, batch: plan.identity, position: index)
                }
            }
            return
        }
        progress(StageProgress(title: "compare", fraction: 0, detail: "\(pairs.count) arms with \(plan.control)"))
        let cells = CellCache(reader: reader)
        let results = try compare(
            pairs.map { _, pair in
                let common = CommonCells(try cells.cells(pair.baseline), try cells.cells(pair.candidate))
                return (baseline: common.baseline, candidate: common.candidate)
            }, options: plan.comparison)
        for (index, (arm, pair)) in pairs.enumerated() {
            try store.record(
                ComparisonRecord(
                    identity: record(index), baseline: plan.control, candidate: arm.name,
                    baselineCheckpoints: pair.baseline.map(\.hash), candidateCheckpoints: pair.candidate.map(\.hash),
                    options: plan.comparison, results: results[index]), batch: plan.identity, position: index)
            work.compared += 1
        }
    }

    /// The steps at which an arm is held against the control: the arm's last where both are trained here; where one is
    /// loaded, the last that both have, or, if they have none in common, the last of each.
    private func comparedSteps(
        _ arm: ArmPlan, _ candidates: [CheckpointRecord], _ control: [CheckpointRecord], notify: Bool
    ) -> (arm: Int, control: Int)? {
        let controlArm = plan.arms.first { $0.name == plan.control }
        if controlArm?.trained != nil, arm.trained != nil { return arm.plannedLastStep.map { ($0, $0) } }
        let (own, others) = (Set(candidates.map(\.step)), Set(control.map(\.step)))
        if let last = own.intersection(others).max() { return (last, last) }
        guard let last = own.max(), let controlLast = others.max() else { return nil }
        if notify {
            notice("\(arm.name)@\(last) is compared with \(plan.control)@\(controlLast): they have no step in common")
        }
        return (last, controlLast)
    }

    /// All comparisons of a report are corrected together, so each depends on all; and each carries the names of its arms.
    private func reportIdentity(
        _ pairs: [ComparedPair], _ reader: CellReader
    ) throws -> ContentHash {
        let parts = try pairs.map { arm, pair in
            try "\(plan.control) \(arm.name) "
                + ComparisonRecord.identity(
                    baseline: pair.baseline.map { try reader.covers(of: $0.hash).map(\.identity).sorted() },
                    candidate: pair.candidate.map { try reader.covers(of: $0.hash).map(\.identity).sorted() },
                    options: plan.comparison, version: MetricCatalogue.version
                ).hexadecimal
        }
        let names = reader.taskNames.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
        return ContentHash(of: (parts + names).joined(separator: "\n"))
    }

    private func followDrift(
        of arm: ArmPlan, _ checkpoints: [CheckpointRecord], _ control: [CheckpointRecord], _ reader: CellReader,
        position: Int
    ) throws {
        try stopIfAsked()
        let watch = DriftWatch(reader: reader, options: plan.comparison)
        let identity = try watch.identity(of: arm.name, checkpoints, control: control, called: plan.control)
        var drift = try store.drifts(identity: identity).first
        if drift == nil {
            progress(StageProgress(title: "drift", fraction: 0, detail: arm.name))
            drift = DriftRecord(
                identity: identity, arm: arm.name, control: plan.control,
                results: try watch.results(checkpoints, control: control))
            work.compared += 1
        }
        if let drift { try store.record(drift, batch: plan.identity, position: position) }
    }
}
