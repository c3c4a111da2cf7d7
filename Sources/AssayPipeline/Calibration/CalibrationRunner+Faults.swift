import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayStatistics
import AssayStore
import AssayTasks
import AssayTraining
import Foundation

extension CalibrationRunner {
    /// Damages the recorded models, their data and their tasks, and asks every metric whether it sees it.
    func plantFaults(
        _ control: CalibrationSubject, _ subjects: [CalibrationSubject], into found: inout Calibration
    ) throws {
        let damaged = subjects.filter { options.arms.isEmpty || options.arms.contains($0.arm) }
        for subject in damaged {
            let bench = try FaultBench(subject, self)
            for plan in FaultPlan.all(for: bench.model.architecture) {
                try stopIfAsked()
                progress(
                    StageProgress(
                        title: "damage \(subject.arm)", fraction: 0, detail: "\(plan.fault.title), \(plan.detail)"))
                try plant(plan, bench, into: &found)
            }
        }
        guard damaged.contains(where: { $0.arm == control.arm }) else { return }
        try plantTaskFaults(try FaultBench(control, self), into: &found)
        if options.trains { try swapMixture(control, into: &found) }
    }

    private func plant(_ plan: FaultPlan, _ bench: FaultBench, into found: inout Calibration) throws {
        do {
            let sides = try bench.sides { cell in try plan.condition(cell).map { try Condition($0) } }
            try judge(sides, arm: bench.subject.arm, plan.fault, plan.detail, into: &found)
        } catch let error as AssayError where error.kind == .badInput {
            // The fault means nothing for this model, which it says for every cell alike.
            found.notes.append("\(bench.subject.arm), \(plan.fault.title): \(error.problem)")
        }
    }

    /// Compares the damaged with the sound, as the batch compares arms.
    private func judge(
        _ sides: (sound: [CellData], damaged: [CellData]), arm: String, _ fault: PlantedFault, _ detail: String,
        into found: inout Calibration
    ) throws {
        guard !sides.sound.isEmpty else { return }
        found.faults += try compare(baseline: [sides.sound], candidate: [sides.damaged], options: comparison)
            .filter { $0.slice == "all" }
            .map { FaultOutcome(arm: arm, fault: fault, detail: detail, result: $0) }
    }

    // MARK: - Tasks

    /// Runs the control on fresh items, and on items of a changed generator: no metric of a checkpoint can tell those from a
    /// change of the model, the tests of the items must.
    private func plantTaskFaults(_ bench: FaultBench, into found: inout Calibration) throws {
        for cell in bench.subject.last where cell.condition == .parallel {
            try stopIfAsked()
            guard let task = bench.tasks[cell.task] else { continue }
            progress(StageProgress(title: "change the items of \(cell.task)", fraction: 0, detail: ""))
            let fresh = try bench.evaluator.evaluate(
                task: task.generator, stream: .evaluation(seed: 2), clusters: task.clusters, condition: .parallel)
            try judge(cell, fresh.scored, bench.subject.arm, .items, "other counters", into: &found)
            guard let changed = task.record.changed else {
                found.notes.append("\(cell.task): no parameter of its generator could be changed")
                continue
            }
            let other = try bench.evaluator.evaluate(
                task: TaskRegistry.make(task.record.generator, parameters: changed.parameters),
                stream: BatchPlan.evaluationStream, clusters: task.clusters, condition: .parallel)
            // One row for all tasks: each is changed in its own way.
            try judge(cell, other.scored, bench.subject.arm, .generator, "half more or a third less", into: &found)
        }
    }

    private func judge(
        _ cell: CellData, _ items: [ScoredItem], _ arm: String, _ fault: PlantedFault, _ detail: String,
        into found: inout Calibration
    ) throws {
        found.faults += try TaskSetDrift.shifts(reference: cell.items, candidate: items).map {
            FaultOutcome(
                arm: arm, fault: fault, detail: detail, task: cell.task, shift: $0, alpha: comparison.alpha)
        }
    }

    // MARK: - Mixture

    /// Trains the control again, with the weights of its tasks swapped: the heaviest gets the lightest one's, and so on.
    private func swapMixture(_ control: CalibrationSubject, into found: inout Calibration) throws {
        guard let last = control.checkpoints.last, let run = try store.run(last.run) else { return }
        var recipe = try CanonicalJSON.value(Recipe.self, from: run.recipe)
        let swapped = recipe.mixture.swapped
        guard swapped != recipe.mixture else {
            found.notes.append("mixture swapped: all tasks weigh alike")
            return
        }
        recipe.mixture = swapped
        recipe.checkpointSteps = []
        let bench = try FaultBench(control, self)
        let plan = try TrainingPlan(
            arm: "\(control.arm)-swapped-mixture",
            architecture: try CanonicalJSON.value(Architecture.self, from: run.architecture), recipe: recipe,
            seed: run.seed, tasks: bench.tasks.mapValues(\.generator))
        let folder = results.appendingPathComponent(
            "checkpoints/\(plan.arm)-\(plan.identity.short)", isDirectory: true)
        let outcome = try Trainer(plan: plan, folder: folder, workers: workers).run(
            progress: { [progress] state in
                progress(
                    StageProgress(
                        title: "train \(control.arm) on the swapped mixture",
                        fraction: Double(state.last.step) / Double(state.steps),
                        detail: "step \(state.last.step)/\(state.steps)", secondsLeft: state.secondsLeft))
            }, shouldStop: shouldStop)
        try stopIfAsked()
        guard case .finished = outcome.end, let checkpoint = outcome.checkpoints.last else {
            found.notes.append("mixture swapped: training did not end well")
            return
        }
        let trained = try FaultBench(
            control, self, weights: try CheckpointFolder.read(checkpoint.url).weights)
        let sides = try trained.sides { $0.condition }
        try judge(sides, arm: control.arm, .mixture, "weights in reverse order", into: &found)
    }
}

extension [MixtureEntry] {
    /// The same tasks with their weights in reverse order: the heaviest has the lightest one's.
    var swapped: [MixtureEntry] {
        let order = indices.sorted { (self[$0].weight, $0) < (self[$1].weight, $1) }
        var swapped = self
        for (place, index) in order.enumerated() {
            swapped[index].weight = self[order[order.count - 1 - place]].weight
        }
        return swapped
    }
}
