import AssayCore
import GRDB

/// Recording reinforcement learning, and finding it again.
extension Store {
    /// Records a run that has ended with all its steps and episodes, in one transaction: it is there whole or not at all.
    public func record(
        _ run: PolicyRunRecord, steps: [PolicyStepRecord], episodes: [PolicyEpisodeRecord]
    ) throws {
        try write { db in
            try Identified.record(
                db, in: "policy_run", key: [("identity", run.identity.hexadecimal)],
                content: [
                    ("start", run.start.hexadecimal), ("seed", Column.seed(run.seed)), ("precision", run.precision),
                    ("task", run.task), ("recipe", run.recipe), ("reason", run.reason), ("step", run.step),
                    ("checkpoint", run.checkpoint?.hexadecimal),
                ], other: [("arm", run.arm), ("path", run.path)])
            let id = try Identified.id(db, of: "policy_run", run.identity)
            for step in steps {
                for (figure, value) in step.figures {
                    // The one figure that is another in every run is kept as it was first recorded.
                    let (field, isTime): ([Identified.Field], Bool) = ([("value", value)], figure == "seconds")
                    try Identified.record(
                        db, in: "policy_step", key: [("run", id), ("step", step.step), ("figure", figure)],
                        content: isTime ? [] : field, other: isTime ? field : [])
                }
            }
            for episode in episodes {
                try Identified.record(
                    db, in: "policy_episode", key: [("run", id), ("episode", episode.episode)],
                    content: [("start", episode.start), ("trained", episode.trained)])
            }
        }
    }

    /// A run of reinforcement learning by its identity; nil while it has not ended.
    public func policyRun(_ identity: ContentHash) throws -> PolicyRunRecord? {
        try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT identity, arm, start, seed, precision, task, recipe, reason, step, checkpoint, path
                    FROM policy_run WHERE identity = ?
                    """, arguments: [identity.hexadecimal]
            ).map {
                PolicyRunRecord(
                    identity: try $0.hash(0), arm: $0[1], start: try $0.hash(2), seed: $0.seed(3), precision: $0[4],
                    task: $0[5], recipe: $0[6], reason: $0[7], step: $0[8],
                    checkpoint: try ($0[9] as String?).map(Column.hash), path: $0[10])
            }
        }
    }

    /// The steps of a run of reinforcement learning, in order.
    public func policySteps(ofRun run: ContentHash) throws -> [PolicyStepRecord] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT policy_step.step, figure, value FROM policy_step
                    JOIN policy_run ON policy_run.id = policy_step.run WHERE identity = ? ORDER BY policy_step.step
                    """, arguments: [run.hexadecimal])
            var steps: [PolicyStepRecord] = []
            for row in rows {
                let (step, figure): (Int, String) = (row[0], row[1])
                if steps.last?.step != step { steps.append(PolicyStepRecord(step: step, figures: [:])) }
                steps[steps.count - 1].figures[figure] = row.number(2)
            }
            return steps
        }
    }

    /// The held-out episodes of a run of reinforcement learning, in order.
    public func policyEpisodes(ofRun run: ContentHash) throws -> [PolicyEpisodeRecord] {
        try read { db in
            try Row.fetchAll(
                db,
                sql: """
                    SELECT episode, policy_episode.start, trained FROM policy_episode
                    JOIN policy_run ON policy_run.id = policy_episode.run WHERE identity = ? ORDER BY episode
                    """, arguments: [run.hexadecimal]
            ).map { PolicyEpisodeRecord(episode: $0[0], start: $0[1], trained: $0[2]) }
        }
    }
}
