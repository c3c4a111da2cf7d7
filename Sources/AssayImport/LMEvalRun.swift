import AssayCore

/// A run of lm-evaluation-harness as its files tell it: the aggregated results, and what was logged of every document.
public struct LMEvalRun: Sendable {
    /// What evaluated the model, such as `hf`.
    public let modelSource: String
    /// The model, as the harness was told.
    public let modelName: String
    /// The version of the harness; empty when the file does not say.
    public let version: String
    /// One for each metric under each filter of each task, sorted by name.
    public let scores: [LMEvalScores]
    /// What of the files is left out, and why: metrics that are no scores.
    public let omitted: [String]

    init(
        modelSource: String, modelName: String, version: String, scores: [LMEvalScores], omitted: [String]
    ) {
        self.modelSource = modelSource
        self.modelName = modelName
        self.version = version
        self.scores = scores.sorted { $0.name < $1.name }
        self.omitted = omitted
    }

    /// The identity of what came out: model, tasks, documents and grades.
    public var identity: ContentHash {
        var lines = ["lm-eval \(modelSource) \(modelName)"]
        for score in scores {
            lines.append("\(score.name) \(score.version)")
            lines += score.samples.map {
                "\($0.document) \($0.prompt) \($0.target) \($0.score.map { "\($0)" } ?? "none")"
            }
        }
        return ContentHash(of: lines.joined(separator: "\n"))
    }
}

/// The grades of one metric, under one filter, on the documents of a task.
public struct LMEvalScores: Sendable {
    /// The task.
    public let task: String
    /// Its version, as it is written in the results; empty when it has none.
    public let version: String
    /// The metric, such as `acc`.
    public let metric: String
    /// The filter that the outputs went through, such as `none`.
    public let filter: String
    /// Answers to choose from, when every document has as many; nil otherwise.
    public let choices: Int?
    /// One for each document, sorted by its hash.
    public let samples: [LMEvalSample]

    /// `task/metric`, with the filter where there is one.
    public var name: String { "\(task)/\(metric)" + (filter == "none" ? "" : ",\(filter)") }
}

/// What was logged of a document.
public struct LMEvalSample: Sendable, Hashable {
    /// SHA-256 of the document.
    public let document: ContentHash
    /// SHA-256 of the prompt.
    public let prompt: ContentHash
    /// SHA-256 of the target.
    public let target: ContentHash
    /// The grade in [0, 1]; nil when the harness wrote NaN.
    public let score: Double?
    /// What the model said after the filter, shortened; empty for likelihoods.
    public let output: String

    /// The item within its task: its cluster is its document, so that two imports name it alike.
    ///
    /// 43 bits of the hash: among 10,000 documents two share them once in 100,000 data sets, and then it is an error.
    public var item: ItemID {
        ItemID(cluster: Int(LMEvalSample.leadingBits(document) >> 21), sequence: 0, question: 0)
    }

    /// The prompt's hash and the target's, 32 bits of each.
    public var contentBits: UInt64 {
        LMEvalSample.leadingBits(prompt) & 0xFFFF_FFFF_0000_0000 | LMEvalSample.leadingBits(target) >> 32
    }

    private static func leadingBits(_ hash: ContentHash) -> UInt64 {
        UInt64(hash.hexadecimal.prefix(16), radix: 16) ?? 0
    }
}
