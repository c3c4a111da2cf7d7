import AssayCore
import AssayMetrics
import AssayStatistics
import AssayStore
import Foundation

/// A folder that is gone after the test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-reports-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }
}

/// Reads CSV by RFC 4180, strictly, written apart from the writer.
func parseCSV(_ text: String) -> [[String]]? {
    var rows: [[String]] = []
    var row: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    var wasQuoted = false
    let bytes = Array(text.utf8)
    var i = 0
    while i < bytes.count {
        let byte = bytes[i]
        if isQuoted {
            if byte == 0x22, i + 1 < bytes.count, bytes[i + 1] == 0x22 {
                field.append(byte)
                i += 1
            } else if byte == 0x22 {
                isQuoted = false
                wasQuoted = true
            } else {
                field.append(byte)
            }
        } else {
            switch byte {
            case 0x22:
                guard field.isEmpty, !wasQuoted else { return nil }
                isQuoted = true
            case 0x2C:
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                wasQuoted = false
            case 0x0D:
                guard i + 1 < bytes.count, bytes[i + 1] == 0x0A else { return nil }
                row.append(String(decoding: field, as: UTF8.self))
                rows.append(row)
                field = []
                row = []
                wasQuoted = false
                i += 1
            case 0x0A: return nil
            default:
                guard !wasQuoted else { return nil }
                field.append(byte)
            }
        }
        i += 1
    }
    return isQuoted || !row.isEmpty || !field.isEmpty ? nil : rows
}

/// A store with one batch of two arms.
struct SampleStore {
    static let nasty = "a, \"b\"\r\nc\nd | \\ é 漢"
    let store: Store
    let batch = ContentHash(of: "batch")
    let result = AssayMetrics.ComparisonResult(
        metric: "hop-accuracy", task: "successor", condition: "parallel", slice: "all", baselineValue: 0.8125,
        candidateValue: 0.7, estimate: 0.7 - 0.8125, standardError: 0.01, degreesOfFreedom: 9, low: -0.14, high: -0.09,
        pValue: 0.001, adjustedPValue: 0.00005, minimumDetectableEffect: 0.03, margin: 0.02, pairs: 300, clusters: 10,
        verdict: .regression, isPrimary: true, itemsNeeded: nil, note: "mind, the gap", direction: .higherIsBetter)

    init(_ url: URL, responses count: Int = 40) throws {
        store = try Store(url: url, mode: .readWrite)
        try store.record(BatchRecord(identity: batch, name: "nightly", control: "full", definition: "{}"))
        let task = TaskRecord(
            name: "successor", generator: "successor", version: 1, parameters: [:], stream: "evaluation/1",
            family: .multiHop, statedFloor: 0, measuredFloors: [:])
        try store.record(task)
        try store.record(taskNames: ["renamed": task.identity], of: batch)
        try store.record(
            [
                SpendingRecord(
                    task: "renamed", method: .obrienFleming, clusters: [4, 8, 10], look: 1, declared: 3, undecided: 1,
                    items: 16, plannedItems: 20)
            ], of: batch, version: "1")
        let items = (0..<count).map {
            ItemRecord(
                id: ItemID(cluster: $0 / 2, sequence: 0, question: $0 % 2), facts: 4, length: 10, distance: 3, load: 4,
                position: Double($0) / 3, contentBits: UInt64($0))
        }
        for (index, arm) in ["full", "swa"].enumerated() {
            let run = ContentHash(of: arm)
            try store.record(
                RunRecord(
                    identity: run, arm: arm, architecture: "{\"width\":64}", recipe: "{}", seed: .max,
                    status: index == 0 ? .finished : .failed(reason: "loss spike, \"bad\"")))
            try store.record([BatchArmRecord(arm: "arm-\(arm)", seed: .max, run: run)], of: batch)
            try store.record(
                [
                    TrainingStepRecord(step: 1, loss: 4.125, gradientNorm: 0.1, learningRate: 1e-5, tokens: 512),
                    TrainingStepRecord(step: 2, loss: .nan, gradientNorm: .infinity, learningRate: 1e-3, tokens: 1024),
                ], ofRun: run)
            let point = CheckpointRecord(
                hash: ContentHash(of: "weights \(arm)"), run: run, arm: arm, seed: .max, step: 2, path: "c/\(arm)")
            try store.record(point)
            let responses = items.map {
                ResponseRecord(
                    item: $0.id, status: $0.id.question == 0 ? .graded : .error,
                    score: $0.id.question == 0 ? 1.0 / 3 : nil, nll: 0.1, output: SampleStore.nasty,
                    detail: $0.id.question == 0 ? ["steps": 7, "kl": 1e-7] : [:])
            }
            let key = CellKey(
                checkpoint: point.hash, task: task.identity, condition: Condition(path: .parallel), kernelVersion: "1",
                graderVersion: 1, clusters: count)
            try store.record(
                CellRecord(
                    key: key, taskName: "successor", itemCount: count, lost: responses.count { $0.status != .graded },
                    seconds: 1), items: items, responses: responses)
            try store.record(
                MeasurementRecord(
                    identity: ContentHash(of: "m \(arm)"), checkpoint: point.hash,
                    values: [
                        MetricValue(
                            metric: "nll", task: "renamed", condition: "parallel", slice: "all", value: 0.1, n: 20,
                            clusters: 20, lost: 20)
                    ]), batch: batch)
        }
        try store.record(
            ComparisonRecord(
                identity: ContentHash(of: "comparison"), baseline: "full", candidate: "swa", baselineCheckpoints: [],
                candidateCheckpoints: [], options: ComparisonOptions(), results: [result]), batch: batch)
        try store.record(
            DriftRecord(
                identity: ContentHash(of: "drift"), arm: "swa", control: "full",
                results: [
                    DriftResult(
                        metric: "nll", task: "renamed", condition: "parallel", slice: "all",
                        points: [.init(step: 2, control: 0.1, candidate: 0.3, difference: 0.2)])
                ]), batch: batch)
    }
}
