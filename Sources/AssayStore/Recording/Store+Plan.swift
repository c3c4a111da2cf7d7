import AssayCore
import Foundation
import GRDB

/// Recording what is run.
extension Store {
    /// Records a batch.
    public func record(_ batch: BatchRecord) throws {
        try write { db in
            _ = try Identified.record(
                db, in: "batch", key: [("identity", batch.identity.hexadecimal)],
                content: [("name", batch.name), ("control", batch.control), ("definition", batch.definition)])
        }
    }

    /// Records which runs stand for the arms of a batch; the runs are there already.
    public func record(_ arms: [BatchArmRecord], of batch: ContentHash) throws {
        try write { db in
            let id = try Identified.id(db, of: "batch", batch)
            for arm in arms {
                try Identified.record(
                    db, in: "batch_arm",
                    key: [("batch", id), ("arm", arm.arm), ("seed", Column.seed(arm.seed))],
                    content: [("run", try Identified.id(db, of: "arm_run", arm.run))])
            }
        }
    }

    /// Records what a batch calls its tasks; the tasks are there already.
    public func record(taskNames: [String: ContentHash], of batch: ContentHash) throws {
        try write { db in
            let id = try Identified.id(db, of: "batch", batch)
            for (name, task) in taskNames.sorted(by: { $0.key < $1.key }) {
                try Identified.record(
                    db, in: "batch_task", key: [("batch", id), ("name", name)],
                    content: [("task", try Identified.id(db, of: "task", task))])
            }
        }
    }

    /// Records that an invocation over a batch begins.
    public func begin(_ provenance: ProvenanceRecord) throws -> ProvenanceID {
        try write { db in
            try db.execute(
                sql: """
                    INSERT INTO provenance (batch, assay_version, machine, processor, kernels, swift_version, command,
                        started, ended, outcome) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    try Identified.id(db, of: "batch", provenance.batch), provenance.assayVersion, provenance.machine,
                    provenance.processor, provenance.kernels, provenance.swiftVersion, provenance.command,
                    Column.time(provenance.started), provenance.ended.map(Column.time), provenance.outcome,
                ])
            return ProvenanceID(row: db.lastInsertedRowID)
        }
    }

    /// Records how an invocation ended.
    public func end(_ id: ProvenanceID, outcome: String, at time: Date = Date()) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE provenance SET ended = ?, outcome = ? WHERE id = ?",
                arguments: [Column.time(time), outcome, id.row])
        }
    }

    /// Records a task.
    public func record(_ task: TaskRecord) throws {
        let parameters = try CanonicalJSON.text(task.parameters)
        let floors = try CanonicalJSON.text(task.measuredFloors)
        try write { db in
            _ = try Identified.record(
                db, in: "task", key: [("identity", task.identity.hexadecimal)],
                content: [
                    ("generator", task.generator), ("version", task.version), ("parameters", parameters),
                    ("stream", task.stream), ("family", task.family.rawValue), ("stated_floor", task.statedFloor),
                    ("measured_floors", floors),
                ], other: [("name", task.name)])
        }
    }
}
