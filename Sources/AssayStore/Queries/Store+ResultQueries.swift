import AssayCore
import AssayMetrics
import AssayStatistics
import GRDB

/// Finding metrics, verdicts and drift.
extension Store {
    /// Whether a measurement is there.
    public func hasMeasurement(_ identity: ContentHash) throws -> Bool {
        try read { try Identified.existingID($0, of: "measurement", identity) != nil }
    }

    /// Whether a comparison is there.
    public func hasComparison(_ identity: ContentHash) throws -> Bool {
        try read { try Identified.existingID($0, of: "comparison", identity) != nil }
    }

    /// Whether a drift record is there.
    public func hasDrift(_ identity: ContentHash) throws -> Bool {
        try read { try Identified.existingID($0, of: "drift", identity) != nil }
    }

    /// Measurements by identity, by checkpoint, of a batch, or all: what is nil does not matter.
    public func measurements(
        identity: ContentHash? = nil, ofCheckpoint checkpoint: ContentHash? = nil, ofBatch batch: ContentHash? = nil,
        kind: MeasurementKind? = nil
    ) throws -> [MeasurementRecord] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT measurement.id, measurement.identity, checkpoint.hash, kind, environment FROM measurement
                    JOIN checkpoint ON checkpoint.id = measurement.checkpoint
                    WHERE (? IS NULL OR measurement.identity = ?) AND (? IS NULL OR checkpoint.hash = ?)
                        AND (? IS NULL OR measurement.id IN (
                            SELECT measurement FROM batch_measurement JOIN batch ON batch.id = batch_measurement.batch
                            WHERE batch.identity = ?))
                        AND (? IS NULL OR kind = ?)
                    ORDER BY measurement.id
                    """,
                arguments: [
                    identity?.hexadecimal, identity?.hexadecimal, checkpoint?.hexadecimal, checkpoint?.hexadecimal,
                    batch?.hexadecimal, batch?.hexadecimal, kind?.rawValue, kind?.rawValue,
                ])
            return try rows.map { row in
                MeasurementRecord(
                    identity: try row.hash(1), checkpoint: try row.hash(2), kind: try Store.word(row[3]),
                    environment: try (row[4] as String?).map { try CanonicalJSON.value(from: $0) },
                    values: try Store.metrics(db, row[0]))
            }
        }
    }

    /// Comparisons by identity, of a batch in its order, or all in the order of recording.
    public func comparisons(identity: ContentHash? = nil, ofBatch batch: ContentHash? = nil) throws
        -> [ComparisonRecord]
    {
        try read { db in
            let columns = """
                comparison.id, comparison.identity, baseline, candidate, baseline_checkpoints, candidate_checkpoints,
                options
                """
            let rows =
                if let batch {
                    try Row.fetchAll(
                        db,
                        sql: """
                            SELECT \(columns) FROM comparison
                            JOIN batch_comparison ON batch_comparison.comparison = comparison.id
                            JOIN batch ON batch.id = batch_comparison.batch
                            WHERE batch.identity = ? AND (? IS NULL OR comparison.identity = ?)
                            ORDER BY batch_comparison.position
                            """, arguments: [batch.hexadecimal, identity?.hexadecimal, identity?.hexadecimal])
                } else {
                    try Row.fetchAll(
                        db,
                        sql: "SELECT \(columns) FROM comparison WHERE ? IS NULL OR identity = ? ORDER BY id",
                        arguments: [identity?.hexadecimal, identity?.hexadecimal])
                }
            return try rows.map { row in
                ComparisonRecord(
                    identity: try row.hash(1), baseline: row[2], candidate: row[3],
                    baselineCheckpoints: try Store.hashes(row[4]), candidateCheckpoints: try Store.hashes(row[5]),
                    options: try CanonicalJSON.value(ComparisonOptions.self, from: row[6]),
                    results: try Store.verdicts(db, row[0]))
            }
        }
    }

    /// Drift records by identity, of a batch in its order, or all in the order of recording.
    public func drifts(identity: ContentHash? = nil, ofBatch batch: ContentHash? = nil) throws -> [DriftRecord] {
        try read { db in
            let columns = "drift.id, drift.identity, arm, drift.control"
            let rows =
                if let batch {
                    try Row.fetchAll(
                        db,
                        sql: """
                            SELECT \(columns) FROM drift JOIN batch_drift ON batch_drift.drift = drift.id
                            JOIN batch ON batch.id = batch_drift.batch
                            WHERE batch.identity = ? AND (? IS NULL OR drift.identity = ?)
                            ORDER BY batch_drift.position
                            """, arguments: [batch.hexadecimal, identity?.hexadecimal, identity?.hexadecimal])
                } else {
                    try Row.fetchAll(
                        db, sql: "SELECT \(columns) FROM drift WHERE ? IS NULL OR identity = ? ORDER BY id",
                        arguments: [identity?.hexadecimal, identity?.hexadecimal])
                }
            return try rows.map { row in
                DriftRecord(
                    identity: try row.hash(1), arm: row[2], control: row[3], results: try Store.series(db, row[0]))
            }
        }
    }

    private static func hashes(_ text: String) throws -> [ContentHash] {
        try text.split(separator: " ").map { try Column.hash(String($0)) }
    }

    private static func metrics(_ db: Database, _ measurement: Int64) throws -> [MetricValue] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT metric, task, condition, slice, value, low, high, n, clusters, lost, note FROM metric
                WHERE measurement = ? ORDER BY position
                """, arguments: [measurement]
        ).map {
            MetricValue(
                metric: $0[0], task: $0[1], condition: $0[2], slice: $0[3], value: $0[4], low: $0[5], high: $0[6],
                n: $0[7], clusters: $0[8], lost: $0[9], note: $0[10])
        }
    }

    private static func verdicts(_ db: Database, _ comparison: Int64) throws -> [ComparisonResult] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT metric, task, condition, slice, baseline, candidate, estimate, standard_error,
                    degrees_of_freedom, low, high, p, adjusted_p, detectable, margin, pairs, clusters, lost, unit,
                    seeds, verdict, is_material, is_equivalent, is_primary, items_needed, note, direction
                FROM verdict WHERE comparison = ? ORDER BY position
                """, arguments: [comparison]
        ).map { row in
            ComparisonResult(
                metric: row[0], task: row[1], condition: row[2], slice: row[3], baselineValue: row[4],
                candidateValue: row[5], estimate: row[6], standardError: row[7], degreesOfFreedom: row[8],
                low: row[9], high: row[10], pValue: row[11], adjustedPValue: row[12],
                minimumDetectableEffect: row[13], margin: row[14], pairs: row[15], clusters: row[16], lost: row[17],
                unit: try word(row[18]), seeds: row[19], verdict: try word(row[20]), isMaterial: row[21],
                isEquivalent: row[22], isPrimary: row[23], itemsNeeded: row[24], note: row[25],
                direction: try word(row[26]))
        }
    }

    private static func series(_ db: Database, _ drift: Int64) throws -> [DriftResult] {
        let points = try Row.fetchAll(
            db,
            sql: """
                SELECT position, step, control, candidate, difference, standardised, rise, fall FROM drift_point
                WHERE drift = ? ORDER BY position, step
                """, arguments: [drift])
        let byPosition = Dictionary(grouping: points) { $0[0] as Int }.mapValues { rows in
            rows.map {
                DriftResult.Point(
                    step: $0[1], control: $0.number(2), candidate: $0.number(3), difference: $0.number(4),
                    standardised: $0.number(5), rise: $0.number(6), fall: $0.number(7))
            }
        }
        return try Row.fetchAll(
            db,
            sql: """
                SELECT position, metric, task, condition, slice, threshold, p, alarm_step, onset_step, direction,
                    magnitude, note
                FROM drift_series WHERE drift = ? ORDER BY position
                """, arguments: [drift]
        ).map { row in
            DriftResult(
                metric: row[1], task: row[2], condition: row[3], slice: row[4], points: byPosition[row[0]] ?? [],
                threshold: row[5], pValue: row[6], alarmStep: row[7], onsetStep: row[8], direction: try word(row[9]),
                magnitude: row[10], note: row[11])
        }
    }

    /// One of some words from its column.
    private static func word<Word: RawRepresentable>(_ text: String) throws -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "not a word of \(Word.self): \(text)")
        }
        return word
    }
}
