import AssayCore
import AssayMetrics
import AssayModels
import AssayServing
import AssayStore
import AssayTasks
import Foundation

extension BatchRunner {
    /// Measures serving the last checkpoint of each arm (V1-V4), as far as it is not recorded already.
    func measureServing() throws {
        guard plan.serving != nil else { return }
        let sides = try servedCheckpoints()
        for arm in plan.arms {
            guard sides[arm.name] != nil else {
                notice(
                    "serving \(arm.name) is not measured: "
                        + (arm.served == nil ? "it has no checkpoint at its last step" : "it is served elsewhere"))
                continue
            }
            for task in try servingTasks(of: arm.name, sides) {
                try stopIfAsked()
                if try isRecorded(task) {
                    for identity in [task.counted, task.timed].compactMap({ $0 }) {
                        for known in try store.measurements(identity: identity) {
                            try store.record(known, batch: plan.identity)
                        }
                    }
                } else {
                    try record(task, of: arm.name, sides)
                }
            }
        }
    }

    /// Whether checkpoint files are needed for serving measurements that are still to be made.
    func servingNeedsFiles() throws -> Bool {
        guard plan.serving != nil else { return false }
        let sides = try servedCheckpoints()
        return try plan.arms.contains { arm in
            try servingTasks(of: arm.name, sides).contains { try $0.timed != nil && !isRecorded($0) }
        }
    }

    private func isRecorded(_ task: ServingTask) throws -> Bool {
        try [task.counted, task.timed].compactMap { $0 }.allSatisfy { try store.hasMeasurement($0) }
    }

    private func record(_ task: ServingTask, of arm: String, _ sides: [String: PlannedCheckpoint]) throws {
        guard let checkpoint = sides[arm] else { return }
        progress(StageProgress(title: "serve \(arm)", fraction: 0, detail: task.kind.rawValue))
        let (before, started) = (Machine.load, Date().timeIntervalSince1970)
        let values = try task.measure()
        let load = [before, Machine.load].compactMap { $0 }
        let environment = MeasurementEnvironment(
            processor: "\(Machine.processorName), \(Machine.cores) cores", kernels: Assay.kernelVersion,
            load: load.count == 2 ? load : nil, started: started)
        func record(_ identity: ContentHash?, _ values: [MetricValue], _ environment: MeasurementEnvironment?) throws {
            guard let identity, try !store.hasMeasurement(identity) else { return }
            try store.record(
                MeasurementRecord(
                    identity: identity, checkpoint: checkpoint.record.hash, kind: task.kind,
                    environment: environment, values: values), batch: plan.identity)
        }
        try record(task.counted, values.counted, nil)
        try record(task.timed, values.timed, environment)
        work.served += 1
    }

    // MARK: - What is measured

    /// The checkpoints at the last step, of the first seed of each arm; of loaded arms the last that is there.
    private func servedCheckpoints() throws -> [String: PlannedCheckpoint] {
        var found: [String: PlannedCheckpoint] = [:]
        for checkpoint in try plannedCheckpoints() where checkpoint.record.run == checkpoint.arm.runs.first {
            switch checkpoint.arm.source {
            case .trained: guard checkpoint.record.step == checkpoint.arm.plannedLastStep else { continue }
            case .loaded: guard checkpoint.found != nil else { continue }
            case .served: continue
            }
            // In the order of the steps: the last one stays.
            found[checkpoint.arm.name] = checkpoint
        }
        return found
    }

    private func servingTasks(of arm: String, _ sides: [String: PlannedCheckpoint]) throws -> [ServingTask] {
        guard let serving = plan.serving, let side = sides[arm] else { return [] }
        let own = side.record.hash.hexadecimal
        let machine = "\(Machine.processorName)\n\(Assay.kernelVersion)"
        let control = sides[plan.control]
        let model = try model(of: side)
        var tasks: [ServingTask] = []
        if let cache = serving.cache {
            if let control {
                let controlModel = try self.model(of: control)
                let inputs = [
                    own, try CanonicalJSON.text(controlModel.architecture), try CanonicalJSON.text(cache),
                ]
                tasks.append(
                    ServingTask(.cache, inputs: inputs, counts: true, machine: nil) {
                        (ServingValues.cache(model, control: controlModel, cache), [])
                    })
            }
            tasks.append(
                ServingTask(.cache, inputs: [own, "\(cache.heldLength)"], counts: false, machine: machine) {
                    [self] in ([], ServingValues.heldMemory(try weighted(side), cache))
                })
        }
        if let trace = serving.trace {
            tasks.append(
                ServingTask(.trace, inputs: [own, try CanonicalJSON.text(trace)], counts: true, machine: nil) {
                    (ServingValues.trace(model, try ConversationTrace(trace.parameters), trace), [])
                })
        }
        if let plan = serving.speculation, plan.draft != arm, let draft = sides[plan.draft] {
            tasks.append(try speculationTask(side, draft, plan, machine: machine))
        }
        if let crossover = serving.crossover, arm != plan.control, let control {
            let inputs = [own, control.record.hash.hexadecimal, try CanonicalJSON.text(crossover)]
            tasks.append(
                ServingTask(.crossover, inputs: inputs, counts: false, machine: machine) { [self] in
                    let values = try ServingValues.crossover(
                        weighted(side), control: weighted(control), crossover, progress: reports(arm))
                    return ([], values)
                })
        }
        return tasks
    }

    private func speculationTask(
        _ side: PlannedCheckpoint, _ draft: PlannedCheckpoint, _ speculation: ServingPlan.Speculation, machine: String
    ) throws -> ServingTask {
        let named = plan.tasks.filter { $0.isSymbolic && speculation.tasks.contains($0.name) }
        let inputs =
            [side.record.hash.hexadecimal, draft.record.hash.hexadecimal, Assay.kernelVersion]
            + named.map(\.identity.hexadecimal) + [try CanonicalJSON.text(speculation)]
        return ServingTask(.speculation, inputs: inputs, counts: true, machine: machine) { [self] in
            try ServingValues.speculation(
                weighted(side), draft: weighted(draft),
                prompts: named.flatMap { $0.prompts(speculation.prompts) }, speculation,
                progress: reports(side.arm.name))
        }
    }

    private func weighted(_ checkpoint: PlannedCheckpoint) throws -> WeightedModel {
        let opened = try open(checkpoint)
        return WeightedModel(model: opened.model, weights: opened.weights)
    }

    /// Tells how far a measurement has come, and stops when that was asked for.
    private func reports(_ arm: String) -> (String) throws -> Void {
        { [self] detail in
            try stopIfAsked()
            progress(StageProgress(title: "serve \(arm)", fraction: 0, detail: detail))
        }
    }
}

extension TaskPlan {
    /// The first evaluation items up to their first answer.
    func prompts(_ count: Int) -> [[Int32]] {
        (0..<count).compactMap { index in
            guard let sequence = generator.cluster(BatchPlan.evaluationStream, index: index).first else { return nil }
            let end = sequence.questions.first?.answer.lowerBound ?? sequence.usedLength
            return end > 0 ? Array(sequence.tokens.prefix(end)) : nil
        }
    }
}
