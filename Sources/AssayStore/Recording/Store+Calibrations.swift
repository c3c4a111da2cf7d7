import AssayCore
import AssayMetrics
import GRDB

/// Recording what self-checks found, and finding it again.
extension Store {
    /// Records the calibration of a batch.
    /// - Parameter identity: the hash of all that decides it.
    public func record(_ calibration: Calibration, identity: ContentHash, batch: ContentHash) throws {
        let content = try CanonicalJSON.text(calibration)
        try write { db in
            let batch = try Identified.id(db, of: "batch", batch)
            try Identified.record(
                db, in: "calibration", key: [("identity", identity.hexadecimal)],
                content: [("batch", batch), ("content", content)])
        }
    }

    /// A calibration by its identity; nil when there is none.
    public func calibration(_ identity: ContentHash) throws -> Calibration? {
        try read { db in
            try String.fetchOne(
                db, sql: "SELECT content FROM calibration WHERE identity = ?", arguments: [identity.hexadecimal])
        }.map { try CanonicalJSON.value(from: $0) }
    }

    /// The calibration of a batch that was recorded last; nil when there is none.
    public func lastCalibration(ofBatch batch: ContentHash) throws -> Calibration? {
        try read { db in
            try String.fetchOne(
                db,
                sql: """
                    SELECT content FROM calibration JOIN batch ON batch.id = calibration.batch
                    WHERE batch.identity = ? ORDER BY calibration.id DESC LIMIT 1
                    """, arguments: [batch.hexadecimal])
        }.map { try CanonicalJSON.value(from: $0) }
    }
}
