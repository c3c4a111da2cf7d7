import AssayCore
import GRDB

/// Recording training.
extension Store {
    /// Records that a run was planned. Its status is left alone when the run is there already.
    public func record(_ run: RunRecord) throws {
        try write { db in
            _ = try Identified.record(
                db, in: "arm_run", key: [("identity", run.identity.hexadecimal)],
                content: [
                    ("architecture", run.architecture), ("recipe", run.recipe), ("seed", Column.seed(run.seed)),
                ], other: [("arm", run.arm), ("status", run.status.name), ("reason", run.status.reason)])
        }
    }

    /// Records how far a run has come.
    public func set(_ status: RunStatus, ofRun run: ContentHash) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE arm_run SET status = ?, reason = ? WHERE id = ?",
                arguments: [status.name, status.reason, try Identified.id(db, of: "arm_run", run)])
        }
    }

    /// Records logged steps of a run, in one transaction. Steps that a resumed run repeats must be the same.
    public func record(_ steps: [TrainingStepRecord], ofRun run: ContentHash) throws {
        try write { db in
            let id = try Identified.id(db, of: "arm_run", run)
            for step in steps {
                try Identified.record(
                    db, in: "training_step", key: [("run", id), ("step", step.step)],
                    content: [
                        ("loss", step.loss), ("gradient_norm", step.gradientNorm),
                        ("learning_rate", step.learningRate), ("tokens", step.tokens),
                    ])
            }
        }
    }

    /// Records a checkpoint of a run; one that is there already is from now on where this one is.
    public func record(_ checkpoint: CheckpointRecord) throws {
        try write { db in
            try Identified.record(db, in: "checkpoint", key: [("hash", checkpoint.hash.hexadecimal)])
            let run = try Identified.id(db, of: "arm_run", checkpoint.run)
            let isNew = try Identified.record(
                db, in: "run_checkpoint", key: [("run", run), ("step", checkpoint.step)],
                content: [("checkpoint", try Identified.id(db, of: "checkpoint", checkpoint.hash, column: "hash"))],
                other: [("path", checkpoint.path)])
            guard !isNew else { return }
            try db.execute(
                sql: "UPDATE run_checkpoint SET path = ? WHERE run = ? AND step = ?",
                arguments: [checkpoint.path, run, checkpoint.step])
        }
    }
}
