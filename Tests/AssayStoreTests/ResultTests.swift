import AssayCore
import AssayMetrics
import AssayStatistics
import Testing

@testable import AssayStore

struct ResultTests {
    static let measurement = MeasurementRecord(
        identity: MeasurementRecord.identity(cells: ["successor": [Sample.key().identity]], version: "1"),
        checkpoint: Sample.checkpoint().hash,
        values: [
            MetricValue(
                metric: "hop-accuracy", task: "successor", condition: "parallel", slice: "hops=4", value: 1.0 / 3,
                low: 0.25, high: 0.41, n: 30, clusters: 10, lost: 6, note: "a note"),
            MetricValue(
                metric: "hop-survival", task: "successor", condition: "parallel", slice: "all", value: nil, n: 0,
                clusters: 0, lost: 0),
        ])

    static let results = [
        ComparisonResult(
            metric: "hop-accuracy", task: "successor", condition: "parallel", slice: "all", baselineValue: 0.8,
            candidateValue: 0.7, estimate: 0.7 - 0.8, standardError: 0.0123, degreesOfFreedom: 9, low: -0.13,
            high: -0.07, pValue: 0.002, adjustedPValue: 0.004, minimumDetectableEffect: 0.034, margin: 0.02, pairs: 300,
            clusters: 10, lost: 1, unit: .items, seeds: 1, verdict: .regression, isMaterial: true, isEquivalent: false,
            isPrimary: true, itemsNeeded: nil, note: "1 lost", direction: .higherIsBetter),
        ComparisonResult(
            metric: "nll", task: "successor", condition: "recurrent", slice: "hops=1", pairs: 0, clusters: 0,
            unit: .seeds, seeds: 3, verdict: .undecided, itemsNeeded: 12, direction: .lowerIsBetter),
    ]

    static func comparison(_ options: ComparisonOptions = ComparisonOptions()) throws -> ComparisonRecord {
        let hash = Sample.checkpoint().hash
        return ComparisonRecord(
            identity: try ComparisonRecord.identity(
                baseline: [[Sample.key().identity]], candidate: [[Sample.key(path: .recurrent).identity]],
                options: options, version: "1"),
            baseline: "full", candidate: "lightning", baselineCheckpoints: [hash, ContentHash(of: "b")],
            candidateCheckpoints: [ContentHash(of: "c")], options: options, results: results)
    }

    static let drift = DriftRecord(
        identity: ContentHash(of: "drift"), arm: "lightning", control: "full",
        results: [
            DriftResult(
                metric: "nll", task: "successor", condition: "parallel", slice: "all",
                points: [
                    .init(step: 1000, control: 1, candidate: 1.1, difference: 0.1),
                    .init(
                        step: 2000, control: 0.9, candidate: 1.4, difference: 0.5, standardised: 4.5, rise: 4, fall: 0),
                ], threshold: 3.5, pValue: 0.01, alarmStep: 2000, onsetStep: 2000, direction: .worse, magnitude: 0.4,
                note: "few checkpoints"),
            DriftResult(
                metric: "hop-accuracy", task: "successor", condition: "parallel", slice: "all",
                points: [.init(step: 1000, control: 0.5, candidate: 0.5, difference: 0)]),
        ])

    @Test func `metrics, verdicts and drift come back as they were recorded, once or twice`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        let comparison = try ResultTests.comparison()
        for _ in 0..<2 {
            try store.record(ResultTests.measurement, batch: Sample.batch.identity)
            try store.record(comparison, batch: Sample.batch.identity, position: 0)
            try store.record(ResultTests.drift, batch: Sample.batch.identity, position: 0)
        }
        #expect(try store.measurements(ofCheckpoint: Sample.checkpoint().hash) == [ResultTests.measurement])
        #expect(try store.measurements(ofBatch: Sample.batch.identity) == [ResultTests.measurement])
        #expect(try store.comparisons() == [comparison])
        #expect(try store.comparisons(identity: comparison.identity, ofBatch: Sample.batch.identity) == [comparison])
        #expect(try store.drifts() == [ResultTests.drift])
        #expect(try store.drifts(ofBatch: Sample.batch.identity) == [ResultTests.drift])
        #expect(try store.hasMeasurement(ResultTests.measurement.identity))
        #expect(try store.hasComparison(comparison.identity))
        #expect(try store.hasDrift(ResultTests.drift.identity))
    }

    @Test func `results of another batch are not among those of a batch`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try store.record(ResultTests.measurement)
        try store.record(try ResultTests.comparison())
        try store.record(ResultTests.drift)
        #expect(try store.measurements(ofBatch: Sample.batch.identity).isEmpty)
        #expect(try store.comparisons(ofBatch: Sample.batch.identity).isEmpty)
        #expect(try store.drifts(ofBatch: Sample.batch.identity).isEmpty)
        #expect(try store.measurements().count == 1)
    }

    @Test func `other results under the same identity are a defect, also when some are missing`() throws {
        let folder = try TemporaryFolder()
        let store = try Sample.filled(folder.store)
        try store.record(ResultTests.measurement)
        try store.record(try ResultTests.comparison())
        try store.record(ResultTests.drift)
        let digest = try store.contentDigest()
        var measurement = ResultTests.measurement
        measurement.values[0].value = 0.5
        #expect(failure { try store.record(measurement) }?.problem.contains("value is") == true)
        measurement.values = [ResultTests.measurement.values[0]]
        #expect(failure { try store.record(measurement) }?.problem.contains("2 rows of metric, now 1") == true)
        var comparison = try ResultTests.comparison()
        comparison.results[0].verdict = .noRegression
        #expect(failure { try store.record(comparison) }?.problem.contains("verdict is") == true)
        var drift = ResultTests.drift
        drift.results[0].points[1].rise = 3
        #expect(failure { try store.record(drift) }?.problem.contains("rise is") == true)
        #expect(try store.contentDigest() == digest)
    }

    @Test func `identities of results tell sides, order of seeds, options and versions apart`() throws {
        let a = ContentHash(of: "a")
        let b = ContentHash(of: "b")
        let options = ComparisonOptions()
        let identities = [
            try ComparisonRecord.identity(baseline: [[a], [b]], candidate: [[b]], options: options, version: "1"),
            try ComparisonRecord.identity(baseline: [[b], [a]], candidate: [[b]], options: options, version: "1"),
            try ComparisonRecord.identity(baseline: [[a, b]], candidate: [[b]], options: options, version: "1"),
            try ComparisonRecord.identity(baseline: [[b]], candidate: [[a], [b]], options: options, version: "1"),
            try ComparisonRecord.identity(baseline: [[a], [b]], candidate: [[b]], options: options, version: "2"),
            try ComparisonRecord.identity(
                baseline: [[a], [b]], candidate: [[b]], options: ComparisonOptions(alpha: 0.01), version: "1"),
            MeasurementRecord.identity(cells: ["x": [a]], version: "1"),
            MeasurementRecord.identity(cells: ["y": [a]], version: "1"),
            MeasurementRecord.identity(cells: ["x": [a]], version: "2"),
        ]
        #expect(Set(identities).count == identities.count)
    }
}
