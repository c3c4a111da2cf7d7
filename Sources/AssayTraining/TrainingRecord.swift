import AssayCore
import AssayModels
import Foundation

/// The end of a run on disk, `training.json`: while it stands, the plan is not trained again.
struct TrainingRecord: Codable {
    static let file = "training.json"

    struct Checkpoint: Codable {
        var step: Int
        var contentHash: ContentHash
    }

    /// The plan that was trained.
    var plan: ContentHash
    var end: TrainingEnd
    var checkpoints: [Checkpoint]
    var log: [TrainingStep]

    func write(to folder: URL) throws {
        try AtomicFile.write(try SealedJSON.text(self), to: folder.appendingPathComponent(TrainingRecord.file))
    }

    /// The record of a folder; nil when there is none.
    static func read(from folder: URL) throws -> TrainingRecord? {
        let url = folder.appendingPathComponent(file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try SealedJSON.value(
            TrainingRecord.self, from: try String(contentsOf: url, encoding: .utf8), location: url.path,
            remedy: "Remove the folder to train the arm again")
    }
}
