import AssayCore
import AssayModels
import Foundation

/// The identity of a checkpoint that was not trained here.
enum CheckpointIdentity {
    /// The hash that its manifest states, if it has one; else the SHA-256 over the bytes of every file that decides what
    /// it computes and how it reads texts. Where files lie and what a single file is called does not matter.
    /// - Parameter tokenizer: the tokenizer that is used in place of its own.
    /// - Throws: ``IncompleteCheckpoint`` when a file changes meanwhile.
    static func hash(of survey: CheckpointSurvey, tokenizer: URL?, _ digests: FileDigests) throws -> ContentHash {
        var parts: [String] = []
        if let stated = survey.statedHash {
            guard tokenizer != nil else { return stated }
            parts.append("stated \(stated)")
        } else {
            for file in survey.files {
                let name = survey.format == .gguf ? "gguf" : file.lastPathComponent
                parts.append("\(name) \(try digests.digest(of: file))")
            }
        }
        if let tokenizer { parts.append("tokenizer \(try digests.digest(of: tokenizer))") }
        return ContentHash(of: "loaded checkpoint\n" + parts.sorted().joined(separator: "\n"))
    }

    static func changing(_ url: URL) -> IncompleteCheckpoint {
        IncompleteCheckpoint(reason: "\(url.lastPathComponent) changes while it is read")
    }
}
