import AssayCore
import Foundation

@testable import AssayStore

/// A folder that is gone after the test.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-store-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(at: url) }

    var store: URL { url.appendingPathComponent("assay.sqlite") }
}

/// A small world of records that fit each other.
enum Sample {
    static let batch = BatchRecord(
        identity: ContentHash(of: "batch"), name: "nightly", control: "full", definition: "{\"name\":\"nightly\"}")

    static func run(_ arm: String = "full", seed: UInt64 = 1) -> RunRecord {
        RunRecord(
            identity: ContentHash(of: "run \(arm) \(seed)"), arm: arm, architecture: "{\"width\":64}",
            recipe: "{\"steps\":2000}", seed: seed)
    }

    static func checkpoint(_ arm: String = "full", seed: UInt64 = 1, step: Int = 1000) -> CheckpointRecord {
        CheckpointRecord(
            hash: ContentHash(of: "weights \(arm) \(seed) \(step)"), run: run(arm, seed: seed).identity, arm: arm,
            seed: seed, step: step, path: "checkpoints/\(arm)-\(seed)-\(step)")
    }

    static let task = TaskRecord(
        name: "successor", generator: "successor", version: 1, parameters: ["facts": 32, "hops": 4],
        stream: "evaluation/1", family: .multiHop, statedFloor: 0.05, measuredFloors: ["guess-value": 0.031])

    static func items(_ count: Int) -> [ItemRecord] {
        (0..<count).map { index in
            ItemRecord(
                id: ItemID(cluster: index / 3, sequence: 0, question: index % 3), hops: 1 + index % 4, facts: 32,
                length: 100 + index, distance: index, load: 32, position: Double(index) / 7,
                parent: index % 2 == 0 ? nil : ItemID(cluster: index / 3, sequence: 0, question: 0),
                contentBits: UInt64.max - UInt64(index))
        }
    }

    static func responses(_ items: [ItemRecord], salt: Int = 0) -> [ResponseRecord] {
        items.enumerated().map { index, item in
            switch index % 5 {
            case 4: ResponseRecord(item: item.id, status: .error, output: "it \"broke\",\nbadly")
            case 3:
                ResponseRecord(
                    item: item.id, status: .graded, score: 1.0 / 3, nll: 1e-9 * Double(salt + 1), output: "a b",
                    detail: ["steps": 7, "optimal": 5, "kl": 0.1 + 0.2, "bound": .infinity])
            default: ResponseRecord(item: item.id, status: .graded, score: 1, nll: 0.25 + Double(index))
            }
        }
    }

    static func key(_ checkpoint: CheckpointRecord = checkpoint(), path: KernelPath = .parallel) -> CellKey {
        CellKey(
            checkpoint: checkpoint.hash, task: task.identity, condition: Condition(path: path),
            kernelVersion: "1/avx2", graderVersion: 1, clusters: 10)
    }

    static func cell(_ responses: [ResponseRecord], key: CellKey = key(), seconds: Double = 1.5) -> CellRecord {
        CellRecord(
            key: key, taskName: "successor", itemCount: responses.count,
            lost: responses.count { $0.status != .graded }, seconds: seconds)
    }

    /// A store with a batch, a run, a checkpoint, a task and one cell of 30 items.
    static func filled(_ url: URL, seconds: Double = 1.5, path: String? = nil, cells: Bool = true) throws -> Store {
        let store = try Store(url: url, mode: .readWrite)
        try store.record(batch)
        try store.record(run())
        try store.record([BatchArmRecord(arm: "control", seed: 1, run: run().identity)], of: batch.identity)
        var point = checkpoint()
        if let path { point.path = path }
        try store.record(point)
        try store.record(task)
        try store.record(taskNames: ["hops": task.identity], of: batch.identity)
        if cells {
            let items = items(30)
            let responses = responses(items)
            try store.record(cell(responses, seconds: seconds), items: items, responses: responses)
        }
        return store
    }
}

/// The error that a body throws, as an ``AssayError``.
func failure(_ body: () throws -> Void) -> AssayError? {
    do {
        try body()
        return nil
    } catch {
        return error as? AssayError ?? AssayError(.defect, "another error: \(error)")
    }
}
