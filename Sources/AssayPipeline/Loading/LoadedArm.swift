import AssayCore
import AssayModels
import AssayStore
import AssayTasks
import Foundation

/// An arm of checkpoints that are found by a pattern, as they are there when the plan is read.
public struct LoadedArm: Sendable {
    /// The pattern as the file states it.
    public let pattern: String
    /// Where it stands.
    let mark: SourceMark
    /// The tokenizer that is used in place of the checkpoints' own.
    public let tokenizer: URL?
    /// One for each seed that the pattern names; else one.
    public let runs: [LoadedRun]

    /// Finds what there is.
    /// - Parameters:
    ///   - folder: that of the batch file.
    ///   - seeds: those of the batch.
    /// - Throws: ``AssayError`` when a tokenizer is named that is not there.
    init(_ entry: LoadedArmEntry, arm: String, folder: URL, seeds: [UInt64]) throws {
        pattern = entry.checkpoints.value
        mark = entry.checkpoints.mark
        let tokenizer = try entry.tokenizer.map { try LoadedArm.tokenizerFile($0, folder: folder) }
        let each = pattern.contains(CheckpointPattern.seedMark)
        let own = entry.seed?.value ?? seeds.first ?? 1
        runs = (each ? seeds : [own]).map { seed in
            LoadedRun(
                arm: arm, seed: seed, pattern: CheckpointPattern(entry.checkpoints.value, folder: folder, seed: seed),
                tokenizer: tokenizer)
        }
        self.tokenizer = tokenizer
    }

    private static func tokenizerFile(_ path: Marked<String>, folder: URL) throws -> URL {
        let url = URL(fileURLWithPath: path.value, relativeTo: folder).standardizedFileURL
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        let file = isFolder.boolValue ? url.appendingPathComponent(Tokenizer.fileName) : url
        guard exists, FileManager.default.fileExists(atPath: file.path) else {
            throw AssayError.badInput(
                "there is no tokenizer '\(path.value)'", at: path.mark.description,
                remedy: "Name a \(Tokenizer.fileName), a folder that has one, or a GGUF file")
        }
        return file
    }

    /// All that was found.
    var found: [FoundCheckpoint] { runs.flatMap(\.found) }
}

/// The checkpoints of one pattern: what for a trained arm is a training run.
public struct LoadedRun: Sendable {
    /// The identity in the store: of the arm's name, the pattern and the seed. Which checkpoints there are is no part of it:
    /// tonight's belong to the run of yesterday's.
    public let identity: ContentHash
    /// The seed that it stands beside in comparisons.
    public let seed: UInt64
    /// The checkpoints that are whole, by step.
    public let found: [FoundCheckpoint]
    /// Those that are not evaluated, with the reason.
    public let leftOut: [LeftOutCheckpoint]
    let pattern: CheckpointPattern

    init(arm: String, seed: UInt64, pattern: CheckpointPattern, tokenizer: URL?) {
        self.seed = seed
        self.pattern = pattern
        identity = ContentHash(of: "loaded run\n\(arm)\n\(pattern.path)\n\(seed)")
        var found: [FoundCheckpoint] = []
        var leftOut: [LeftOutCheckpoint] = []
        for match in pattern.matches() {
            do {
                let checkpoint = FoundCheckpoint(
                    url: match.url, step: match.step, survey: try CheckpointReader.survey(match.url),
                    tokenizer: tokenizer)
                try checkpoint.check(after: found)
                found.append(checkpoint)
            } catch let error as IncompleteCheckpoint {
                leftOut.append(LeftOutCheckpoint(url: match.url, reason: error.reason, isUnfinished: true))
            } catch {
                leftOut.append(LeftOutCheckpoint(url: match.url, reason: "\(error)", isUnfinished: false))
            }
        }
        (self.found, self.leftOut) = (found, leftOut)
    }
}

/// A checkpoint that was found whole.
public struct FoundCheckpoint: Sendable {
    /// The folder or the file.
    public let url: URL
    /// The training step that its name tells; 0 when it tells none.
    public let step: Int
    /// What can be told of it.
    public let survey: CheckpointSurvey
    /// The tokenizer that the arm names for it.
    let tokenizer: URL?

    /// Where the tokenizer is read from; nil when there is none.
    var tokenizerFile: URL? { tokenizer ?? survey.tokenizer }

    /// Whether it knows the vocabulary of the symbolic tasks: it was trained here.
    public var readsSymbols: Bool {
        survey.format == .assay && survey.architecture.vocabularyCount == Vocabulary.count
    }

    /// Whether it reads texts.
    public var readsText: Bool { tokenizerFile != nil }

    /// Holds it against those before it: one architecture, one checkpoint a step.
    fileprivate func check(after others: [FoundCheckpoint]) throws {
        guard readsSymbols || readsText else {
            throw IncompleteCheckpoint(
                reason: "it has no \(Tokenizer.fileName); if that lies elsewhere, name it with 'tokenizer:'")
        }
        if let same = others.first(where: { $0.step == step }) {
            throw AssayError.badInput(
                "has the step \(step) as \(same.url.lastPathComponent) has", at: url.path,
                remedy: "Make the pattern fit one checkpoint of each step")
        }
        if let first = others.first, first.survey.architecture.anonymous != survey.architecture.anonymous {
            throw AssayError.badInput(
                "has another architecture than \(first.url.lastPathComponent)", at: url.path,
                remedy: "The checkpoints of an arm are those of one model; make it an arm of its own")
        }
    }
}

/// A checkpoint that is not evaluated.
public struct LeftOutCheckpoint: Sendable, Hashable {
    /// The folder or the file.
    public let url: URL
    /// Why.
    public let reason: String
    /// Whether it may still become whole; else something is wrong with it.
    public let isUnfinished: Bool

    /// A line for a person.
    func notice(arm: String) -> String {
        let name = url.path
        return isUnfinished
            ? "\(arm): \(name) is not whole and is left for the next run: \(reason)"
            : "\(arm): \(name) is left out: \(reason)"
    }
}

/// What stands for the recipe in the record of a loaded run: nothing is known of how it was trained.
struct LoadedRunSource: Codable, Hashable {
    /// The pattern of the checkpoints, as a path.
    let checkpoints: String
    /// The published system.
    let system: String
    /// How they are kept.
    let format: String
}

extension RunRecord {
    /// Whether its checkpoints were loaded: nothing is known of their training.
    var isLoaded: Bool { (try? CanonicalJSON.value(LoadedRunSource.self, from: recipe)) != nil }
}

extension Architecture {
    /// The same without its name, which computes nothing.
    var anonymous: Architecture {
        var copy = self
        copy.name = ""
        return copy
    }
}
