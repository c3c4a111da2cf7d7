import AssayCore
import AssayEndpoints
import AssayRendering
import AssayStore
import AssayTasks
import Foundation

extension BatchRunner {
    /// Records what stands for the checkpoint of a served arm.
    func record(_ served: ServedArm, of arm: ArmPlan) throws {
        if try store.run(served.run) == nil {
            try store.record(
                RunRecord(
                    identity: served.run, arm: arm.name, architecture: "{}",
                    recipe: try CanonicalJSON.text(ServedRunSource(served.settings)), seed: served.seed,
                    status: .finished))
        }
        try store.record(
            CheckpointRecord(
                hash: served.checkpoint, run: served.run, arm: arm.name, seed: served.seed, step: 0,
                path: "\(served.settings.base.absoluteString) \(served.settings.model)"))
    }

    /// Asks a served arm what is not answered yet. What was answered is kept at once; when the server goes away, or a limit is
    /// reached, that is told, and the next run goes on from there.
    /// - Parameters:
    ///   - cells: those that are not whole yet.
    ///   - tell: told of every answer.
    func evaluate(
        _ served: ServedArm, of arm: ArmPlan, _ cells: [(task: TaskPlan, key: CellKey)],
        tell: (_ task: TaskPlan, _ answered: Int, _ planned: Int) -> Void
    ) throws {
        let client = try makeClient(served.settings)
        defer {
            work.requests += client.used.requests
            work.servedTokens += client.used.tokens
        }
        let evaluator = ServedEvaluator(client: client, archive: StoredReplies(store))
        for (task, key) in cells {
            guard case .items(let text)? = task.text else { continue }
            try stopIfAsked()
            let start = Date()
            let scores = try evaluator.evaluate(
                text, stream: BatchPlan.evaluationStream, clusters: task.clusters,
                progress: { tell(task, $0, $1) }, shouldStop: shouldStop)
            guard let reason = scores.reason else {
                try record(scores, of: task, key, seconds: -start.timeIntervalSinceNow)
                continue
            }
            try stopIfAsked()
            notice(
                "\(arm.name): \(reason). \(scores.scored.count) of \(scores.planned) items of '\(task.name)' are answered. "
                    + reason.remedy)
            return
        }
    }

    private func record(_ scores: ServedScores, of task: TaskPlan, _ key: CellKey, seconds: Double) throws {
        var key = key
        let responses = scores.scored.map(\.response)
        key.kernelVersion = ServedArm.kernelVersion(responses)
        let isNew = try store.record(
            CellRecord(
                key: key, taskName: task.name, itemCount: responses.count, lost: scores.lost.count, seconds: seconds),
            items: scores.scored.map(\.item), responses: responses)
        if isNew { work.evaluated += 1 } else { work.evaluatedBefore += 1 }
    }
}
