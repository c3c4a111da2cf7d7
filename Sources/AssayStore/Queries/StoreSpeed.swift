import AssayCore
import Foundation

/// How fast a store takes and gives responses on this machine; for the benchmarks and for `assay doctor`.
public struct StoreSpeed: Sendable, Hashable {
    /// Responses that were written and read.
    public let responses: Int
    /// Responses written a second, items included where they are new.
    public let writtenPerSecond: Double
    /// Scored items read a second.
    public let readPerSecond: Double
    /// Bytes of the file for each response.
    public let bytesPerResponse: Double

    /// Writes made-up cells into a new store in a folder, reads them back, and removes the store.
    /// - Parameters:
    ///   - responses: how many, rounded up to whole cells.
    ///   - cellSize: responses of a cell.
    public static func measure(responses: Int, cellSize: Int = 10_000, in folder: URL) throws -> StoreSpeed {
        let url = folder.appendingPathComponent("speed-\(UUID().uuidString).sqlite")
        defer {
            for suffix in ["", "-wal", "-shm", ".lock"] {
                try? FileManager.default.removeItem(atPath: url.path + suffix)
            }
        }
        let store = try Store(url: url, mode: .readWrite)
        let cells = (responses + cellSize - 1) / cellSize
        let task = TaskRecord(
            name: "speed", generator: "speed", version: 1, parameters: [:], stream: "evaluation/0", family: .retrieval,
            statedFloor: 0, measuredFloors: [:])
        let run = RunRecord(
            identity: ContentHash(of: "speed"), arm: "speed", architecture: "{}", recipe: "{}", seed: 0)
        try store.record(task)
        try store.record(run)
        let items = (0..<cellSize).map(madeUpItem)
        let answers = (0..<cellSize).map { madeUpResponse(to: items[$0].id, index: $0) }
        let clock = ContinuousClock()
        var keys: [CellKey] = []
        let writing = try clock.measure {
            for cell in 0..<cells {
                let hash = ContentHash(of: "checkpoint \(cell)")
                try store.record(
                    CheckpointRecord(hash: hash, run: run.identity, arm: "speed", seed: 0, step: cell, path: ""))
                let key = CellKey(
                    checkpoint: hash, task: task.identity, condition: Condition(path: .parallel), kernelVersion: "1",
                    graderVersion: 1, clusters: cellSize)
                try store.record(
                    CellRecord(key: key, taskName: "speed", itemCount: cellSize, lost: 0, seconds: 0), items: items,
                    responses: answers)
                keys.append(key)
            }
        }
        let reading = try clock.measure {
            for key in keys { _ = try store.scoredItems(ofCell: key.identity) }
        }
        try store.checkpointLog()
        let bytes = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int ?? 0
        try store.close()
        let count = cells * cellSize
        return StoreSpeed(
            responses: count, writtenPerSecond: Double(count) / (writing / .seconds(1)),
            readPerSecond: Double(count) / (reading / .seconds(1)), bytesPerResponse: Double(bytes) / Double(count))
    }

    private static func madeUpItem(_ index: Int) -> ItemRecord {
        ItemRecord(
            id: ItemID(cluster: index / 4, sequence: 0, question: index % 4), hops: 1 + index % 4, facts: 32,
            length: 128,
            distance: index % 100, load: 32, position: Double(index % 100) / 100,
            contentBits: UInt64(index) &* 0x9E37_79B9_7F4A_7C15)
    }

    private static func madeUpResponse(to item: ItemID, index: Int) -> ResponseRecord {
        let isRight = index % 5 != 0
        return ResponseRecord(
            item: item, status: .graded, score: isRight ? 1 : 0, nll: 0.1 + Double(index % 997) / 331,
            output: isRight ? "" : "v\(index % 61)")
    }
}
