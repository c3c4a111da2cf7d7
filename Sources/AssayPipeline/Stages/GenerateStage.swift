import AssayCore
import AssayStore
import AssayTasks

extension BatchRunner {
    /// Clusters (for agents: episodes) over which shortcuts are run to measure a task's floor.
    static let floorClusters = 500

    /// Records the tasks with their floors, measured once for a task's identity.
    func recordTasks() throws {
        for task in plan.tasks {
            try stopIfAsked()
            // Shortcuts need no words: the floor of a text is that of its symbols.
            let (generator, identity) = (task.generator, task.itemIdentity)
            if try store.task(task.identity) == nil {
                progress(StageProgress(title: "measure the floor of \(task.name)", fraction: 0, detail: ""))
                let floors = generator.floors(BatchPlan.evaluationStream, clusters: BatchRunner.floorClusters)
                try store.record(
                    TaskRecord(
                        name: task.name, generator: identity.generator, version: identity.version,
                        parameters: identity.parameters, stream: BatchPlan.evaluationStream.name,
                        family: generator.family, statedFloor: generator.statedFloor,
                        measuredFloors: Dictionary(uniqueKeysWithValues: floors.map { ($0.baseline, $0.score) })))
            }
        }
        try store.record(
            taskNames: Dictionary(uniqueKeysWithValues: plan.tasks.map { ($0.name, $0.identity) }), of: plan.identity)
    }
}

extension TaskGenerator {
    /// The measured scores of the shortcuts by which the task could be cheated: those of agents in closed loop, where the
    /// task is one for agents.
    func floors(_ stream: ItemStream, clusters: Int) -> [FloorMeasurement] {
        if let agent = self as? any AgentTaskGenerator { return agent.measuredAgentFloor(stream, episodes: clusters) }
        return measuredFloor(stream, clusters: clusters)
    }
}
