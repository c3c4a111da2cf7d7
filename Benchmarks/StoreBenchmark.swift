import AssayStore
import Foundation

/// Responses into SQLite and out of it.
enum StoreBenchmark {
    static func run(_ session: Session) throws {
        guard session.options.wants("store") else { return }
        let speed = try StoreSpeed.measure(
            responses: session.options.isQuick ? 100_000 : 1_000_000, in: FileManager.default.temporaryDirectory)
        for (name, rate) in [("store-write", speed.writtenPerSecond), ("store-read", speed.readPerSecond)] {
            session.add(
                BenchmarkRow(
                    case: name, width: nil, length: nil, threads: 1, ours: rate, peer: nil, shareOfPeak: nil,
                    unit: "rows/s", note: String(format: "%.1f bytes a response", speed.bytesPerResponse)))
        }
    }
}
