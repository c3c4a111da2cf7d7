/// How the model is run over a sequence.
public enum KernelPath: String, Sendable, Codable, CaseIterable {
    /// The whole sequence at once: the form used in training and prefill.
    case parallel
    /// One token and a state at a time: the form used in decoding. Generation and rollouts always run so.
    case recurrent
    /// As recurrent, but at the turn before the first answer the state is saved to bytes and restored elsewhere.
    case resumed
    /// As recurrent, but what is said is drawn at a temperature, in several trials of each episode.
    case sampled
    /// As recurrent, but tokens are drafted, some of them wrongly, verified together and rolled back.
    case speculative
    /// The parallel form and another, side by side: records how far their logits are apart (N3).
    case divergence
    /// The recurrent form in full and in reduced precision, side by side: how far their states are apart (N2).
    case stateError = "state-error"

    /// Whether it gives answers that are right or wrong; the others compare two ways to run the model.
    public var givesAnswers: Bool { self != .divergence && self != .stateError }
}

/// How a checkpoint is run over a task: part of the identity of a cell.
///
/// A condition has one textual form, in files and in the store alike (``name``, ``init(_:)``):
///
///     parallel  parallel@64           in chunks of 16, 64 or 256 tokens instead of each mixer's own
///     recurrent  recurrent:bfloat16   the state rounded after every token
///     recurrent:int8/16               ... after every 16 tokens
///     sampled  sampled@4~0.7          4 trials of an episode instead of 8, at temperature 0.7 instead of 1
///     resumed  resumed:fp8            rounded once, when it is restored
///     speculative  speculative@8      drafts of 8 tokens instead of 4
///     divergence  divergence@64*1     parallel in chunks of 64 against recurrent, one sequence at a time
///     divergence:bfloat16             parallel against recurrent with a rounded state
///     divergence:int8/restore         parallel against resumed
///     state-error:bfloat16            recurrent in float32 against recurrent with a rounded state
///     parallel:window=256             with a swap of the model (``Swap``), after any of these
///     recurrent:int8:drop=3:drop=5    with several, and a rounded state
public struct Condition: Sendable, Hashable {
    /// The kernel path.
    public let path: KernelPath
    /// Tokens that chunked mixers take at a time in the parallel form; nil for what suits each best.
    public let chunk: Int?
    /// Sequences that advance together, for a divergence; nil for as many as there is room for.
    public let batch: Int?
    /// How the decode state is kept.
    public let precision: StatePrecision
    /// Tokens of a draft, for the speculative path.
    public let draft: Int
    /// Trials of an episode; one, greedy, unless sampled.
    public let trials: Int
    /// The temperature of the sampled path, in hundredths.
    private let hundredths: Int
    /// What is changed of the model, in the order in which it is done.
    public private(set) var swaps: [Swap] = []

    /// What logits are divided by before a token is drawn, on the sampled path.
    public var temperature: Double { Double(hundredths) / 100 }

    /// Chunks that can be asked for.
    public static let chunks = [16, 64, 256]
    /// Sequences that can be asked to advance together.
    public static let batches = 1...24
    /// Draft lengths that can be asked for.
    public static let drafts = 1...16
    /// The draft length of the plain `speculative`.
    public static let defaultDraft = 4
    /// Trials that can be asked for.
    public static let trialCounts = 2...64
    /// The trials of the plain `sampled`.
    public static let defaultTrials = 8
    /// Temperatures that can be asked for, in hundredths.
    static let temperatures = 5...200

    private init(
        _ path: KernelPath, chunk: Int? = nil, batch: Int? = nil, precision: StatePrecision = .float32,
        draft: Int = Condition.defaultDraft, trials: Int? = nil, hundredths: Int = 100
    ) {
        precondition(chunk.map(Condition.chunks.contains) ?? true, "no such chunk")
        precondition(batch.map(Condition.batches.contains) ?? true, "no such batch")
        precondition(Condition.drafts.contains(draft), "no such draft")
        self.path = path
        self.chunk = chunk
        self.batch = batch
        self.precision = precision
        self.draft = draft
        self.trials = path == .sampled ? trials ?? Condition.defaultTrials : 1
        self.hundredths = hundredths
        precondition(path != .sampled || Condition.trialCounts.contains(self.trials), "no such number of trials")
        precondition(Condition.temperatures.contains(hundredths), "no such temperature")
    }

    /// The plain condition of a path; a state error needs a format, see ``stateError(_:)``.
    public init(path: KernelPath) {
        precondition(path != .stateError, "a state error of which format")
        self.init(path, precision: path == .resumed ? StatePrecision(.float32, .atRestore) : .float32)
    }

    /// The parallel form.
    public static let parallel = Condition(path: .parallel)
    /// The recurrent form.
    public static let recurrent = Condition(path: .recurrent)
    /// The parallel form against the recurrent one.
    public static let divergence = Condition(path: .divergence)

    /// The parallel form in chunks of so many tokens.
    public static func parallel(chunk: Int) -> Condition { Condition(.parallel, chunk: chunk) }

    /// The recurrent form; rounding only at restore is ``resumed(_:)``.
    public static func recurrent(_ precision: StatePrecision) -> Condition {
        precondition(precision.rounding != .atRestore, "that is resumed")
        return Condition(.recurrent, precision: precision.format == .float32 ? .float32 : precision)
    }

    /// The recurrent form, saved and restored at the first answer.
    public static func resumed(_ format: StateFormat = .float32) -> Condition {
        Condition(.resumed, precision: StatePrecision(format, .atRestore))
    }

    /// Several trials of each episode in the recurrent form, in which tokens are drawn at a temperature.
    /// - Parameter temperature: in hundredths.
    public static func sampled(
        trials: Int = defaultTrials, hundredths temperature: Int = 100, _ precision: StatePrecision = .float32
    ) -> Condition {
        precondition(precision.rounding != .atRestore, "nothing is restored")
        return Condition(
            .sampled, precision: precision.format == .float32 ? .float32 : precision, trials: trials,
            hundredths: temperature)
    }

    /// The recurrent form with drafts.
    public static func speculative(draft: Int = defaultDraft) -> Condition { Condition(.speculative, draft: draft) }

    /// The parallel form against the recurrent one, or, rounding at restore, against the resumed one.
    public static func divergence(
        chunk: Int? = nil, batch: Int? = nil, _ precision: StatePrecision = .float32
    ) -> Condition {
        let isPlain = precision.format == .float32 && precision.rounding != .atRestore
        return Condition(.divergence, chunk: chunk, batch: batch, precision: isPlain ? .float32 : precision)
    }

    /// The recurrent form in float32 against itself with a rounded state.
    public static func stateError(_ precision: StatePrecision) -> Condition {
        precondition(precision.format != .float32 && precision.rounding != .atRestore, "a state without errors")
        return Condition(.stateError, precision: precision)
    }

    /// The same with other swaps, in any order.
    public func swapping(_ swaps: [Swap]) -> Condition {
        var condition = self
        condition.swaps = Set(swaps).sorted()
        return condition
    }

    /// The same with the state in float32; nil where a rounded state is all that it is about.
    public var inFloat32: Condition? {
        let plain: Condition? =
            switch path {
            case .parallel, .speculative: self
            case .recurrent: .recurrent
            case .sampled: .sampled(trials: trials, hundredths: hundredths)
            case .resumed: .resumed()
            case .divergence: .divergence(chunk: chunk, batch: batch)
            case .stateError: nil
            }
        return plain?.swapping(swaps)
    }

    /// The plain condition that the loss by this one is measured against: parallel for another chunk, recurrent in
    /// float32 for all that decodes, as many trials for what is sampled; always the model as it is. Nil for those
    /// themselves, and where the condition compares two ways itself.
    public var reference: Condition? {
        guard path.givesAnswers else { return nil }
        if path == .sampled {
            let plain = Condition.sampled(trials: trials, hundredths: hundredths)
            return self == plain ? nil : plain
        }
        let plain: Condition = path == .parallel ? .parallel : .recurrent
        return self == plain ? nil : plain
    }

    /// The name used in files, tables and the store.
    public var name: String {
        var name = path.rawValue
        if path == .speculative, draft != Condition.defaultDraft { name += "@\(draft)" }
        if let chunk { name += "@\(chunk)" }
        if path == .sampled, trials != Condition.defaultTrials { name += "@\(trials)" }
        if hundredths != 100 { name += "~" + Condition.text(hundredths: hundredths) }
        if let batch { name += "*\(batch)" }
        if precision != .float32, path != .resumed || precision.format != .float32 {
            name += ":" + (path == .resumed ? precision.format.rawValue : precision.name)
        }
        return swaps.reduce(name) { $0 + ":" + $1.name }
    }
}

extension Condition {
    /// A number of hundredths without needless zeros, such as `0.7`.
    static func text(hundredths: Int) -> String {
        let digits = hundredths % 100
        let fraction =
            digits == 0 ? "" : digits % 10 == 0 ? ".\(digits / 10)" : (digits < 10 ? ".0" : ".") + "\(digits)"
        return "\(hundredths / 100)" + fraction
    }
}

extension Condition: Codable {
    private enum CodingKeys: CodingKey { case path }

    /// Reads what ``encode(to:)`` wrote.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        do {
            try self.init(container.decode(String.self, forKey: .path))
        } catch let error as AssayError {
            throw DecodingError.dataCorruptedError(forKey: .path, in: container, debugDescription: error.description)
        }
    }

    /// Writes the name, under the key that held the path alone when there was no more to a condition.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .path)
    }
}
