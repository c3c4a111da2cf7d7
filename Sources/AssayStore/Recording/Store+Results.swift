import AssayCore
import AssayMetrics
import GRDB

/// Recording metrics, verdicts and drift.
extension Store {
    /// Records the metrics of a checkpoint in one transaction, as results of a batch when one is given.
    public func record(_ measurement: MeasurementRecord, batch: ContentHash? = nil) throws {
        let environment = try measurement.environment.map { try CanonicalJSON.text($0) }
        try write { db in
            let checkpoint = try Identified.id(db, of: "checkpoint", measurement.checkpoint, column: "hash")
            try Identified.record(
                db, in: "measurement", key: [("identity", measurement.identity.hexadecimal)],
                content: [("checkpoint", checkpoint), ("kind", measurement.kind.rawValue)],
                other: [("environment", environment)])
            let id = try Identified.id(db, of: "measurement", measurement.identity)
            for (position, value) in measurement.values.enumerated() {
                try Identified.record(
                    db, in: "metric", key: [("measurement", id), ("position", position)], content: value.fields)
            }
            try Store.checkCount(db, measurement.values.count, in: "metric", of: "measurement", id)
            if let batch {
                try Identified.record(
                    db, in: "batch_measurement",
                    key: [("batch", try Identified.id(db, of: "batch", batch)), ("measurement", id)])
            }
        }
    }

    /// Records a comparison with its verdicts in one transaction, as the n-th of a batch when one is given.
    public func record(_ comparison: ComparisonRecord, batch: ContentHash? = nil, position: Int = 0) throws {
        let options = try CanonicalJSON.text(comparison.options)
        func list(_ checkpoints: [ContentHash]) -> String { checkpoints.map(\.hexadecimal).joined(separator: " ") }
        try write { db in
            try Identified.record(
                db, in: "comparison", key: [("identity", comparison.identity.hexadecimal)],
                content: [
                    ("baseline_checkpoints", list(comparison.baselineCheckpoints)),
                    ("candidate_checkpoints", list(comparison.candidateCheckpoints)), ("options", options),
                ], other: [("baseline", comparison.baseline), ("candidate", comparison.candidate)])
            let id = try Identified.id(db, of: "comparison", comparison.identity)
            for (position, result) in comparison.results.enumerated() {
                try Identified.record(
                    db, in: "verdict", key: [("comparison", id), ("position", position)], content: result.fields)
            }
            try Store.checkCount(db, comparison.results.count, in: "verdict", of: "comparison", id)
            if let batch {
                // The newest counts: checkpoints may have been found since the last run of the batch.
                try db.execute(
                    sql: """
                        INSERT INTO batch_comparison (batch, position, comparison) VALUES (?, ?, ?)
                        ON CONFLICT (batch, position) DO UPDATE SET comparison = excluded.comparison
                        """, arguments: [try Identified.id(db, of: "batch", batch), position, id])
            }
        }
    }

    /// Records what the drift detector said of an arm in one transaction, as the n-th of a batch when one is given.
    public func record(_ drift: DriftRecord, batch: ContentHash? = nil, position: Int = 0) throws {
        try write { db in
            try Identified.record(
                db, in: "drift", key: [("identity", drift.identity.hexadecimal)],
                other: [("arm", drift.arm), ("control", drift.control)])
            let id = try Identified.id(db, of: "drift", drift.identity)
            for (index, result) in drift.results.enumerated() {
                let place: [Identified.Field] = [("drift", id), ("position", index)]
                try Identified.record(db, in: "drift_series", key: place, content: result.fields)
                for point in result.points {
                    try Identified.record(
                        db, in: "drift_point", key: place + [("step", point.step)], content: point.fields)
                }
            }
            try Store.checkCount(db, drift.results.count, in: "drift_series", of: "drift", id)
            try Store.checkCount(
                db, drift.results.reduce(0) { $0 + $1.points.count }, in: "drift_point", of: "drift", id)
            if let batch {
                // The newest counts: checkpoints may have been found since the last run of the batch.
                try db.execute(
                    sql: """
                        INSERT INTO batch_drift (batch, position, drift) VALUES (?, ?, ?)
                        ON CONFLICT (batch, position) DO UPDATE SET drift = excluded.drift
                        """, arguments: [try Identified.id(db, of: "batch", batch), position, id])
            }
        }
    }

    /// Refuses fewer rows than are there under the same identity.
    private static func checkCount(
        _ db: Database, _ count: Int, in table: String, of owner: String, _ id: Int64
    ) throws {
        let there = try Int.fetchOne(
            db.cachedStatement(sql: "SELECT count(*) FROM \(table) WHERE \(owner) = ?"), arguments: [id])
        guard there == count else {
            throw AssayError(
                .defect,
                "the store holds another \(owner) under the same identity: "
                    + "\(there ?? 0) rows of \(table), now \(count)",
                remedy: "Equal inputs gave unequal results; please report this with the output of 'assay doctor'")
        }
    }
}

extension MetricValue {
    fileprivate var fields: [Identified.Field] {
        [
            ("metric", metric), ("task", task), ("condition", condition), ("slice", slice), ("value", value),
            ("low", low), ("high", high), ("n", n), ("clusters", clusters), ("lost", lost), ("note", note),
        ]
    }
}

extension ComparisonResult {
    fileprivate var fields: [Identified.Field] {
        [
            ("metric", metric), ("task", task), ("condition", condition), ("slice", slice),
            ("baseline", baselineValue), ("candidate", candidateValue), ("estimate", estimate),
            ("standard_error", standardError), ("degrees_of_freedom", degreesOfFreedom), ("low", low), ("high", high),
            ("p", pValue), ("adjusted_p", adjustedPValue), ("detectable", minimumDetectableEffect),
            ("margin", margin), ("pairs", pairs), ("clusters", clusters), ("lost", lost), ("unit", unit.rawValue),
            ("seeds", seeds), ("verdict", verdict.rawValue), ("is_material", isMaterial),
            ("is_equivalent", isEquivalent), ("is_primary", isPrimary), ("items_needed", itemsNeeded),
            ("note", note), ("direction", direction.rawValue),
        ]
    }
}

extension DriftResult {
    fileprivate var fields: [Identified.Field] {
        [
            ("metric", metric), ("task", task), ("condition", condition), ("slice", slice), ("threshold", threshold),
            ("p", pValue), ("alarm_step", alarmStep), ("onset_step", onsetStep), ("direction", direction.rawValue),
            ("magnitude", magnitude), ("note", note),
        ]
    }
}

extension DriftResult.Point {
    fileprivate var fields: [Identified.Field] {
        [
            ("control", control), ("candidate", candidate), ("difference", difference),
            ("standardised", standardised), ("rise", rise), ("fall", fall),
        ]
    }
}
