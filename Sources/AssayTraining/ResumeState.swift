import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// The rolling state of an unfinished run: weights, both moments and the log, in one file that is replaced atomically.
///
/// Nothing else is needed to go on bit for bit: data come from counters, and what rules about the log know follows from
/// the log.
public enum ResumeState {
    /// The file in the folder of a run.
    public static let file = "state.safetensors"

    /// The file is sound but belongs to another plan.
    public struct OtherPlan: Error {}

    /// A table of numbers, row after row.
    public struct Log: Sendable, Hashable {
        /// Numbers in a row.
        public var columns: Int
        /// `[rows, columns]`.
        public var numbers: [Double]

        /// A table.
        public init(columns: Int, numbers: [Double]) {
            self.columns = columns
            self.numbers = numbers
        }
    }

    /// Writes the state of an optimiser after the last step of a log.
    /// - Parameters:
    ///   - plan: the identity of what is trained.
    ///   - note: a text that is kept with it.
    public static func write(
        _ optimizer: Optimizer, log: Log, plan: ContentHash, note: String = "", to folder: URL
    ) throws {
        let blocks = blocks(of: optimizer)
        var metadata = ["plan": plan.hexadecimal, "digest": digest(blocks.map(\.1), log, note).hexadecimal]
        if !note.isEmpty { metadata["note"] = note }
        try SafeTensors.write(
            blocks.map { .init($0, shape: [$1.count], values: UnsafeBufferPointer($1.buffer)) }
                + [.init("log", shape: [log.numbers.count / log.columns, log.columns], values: log.numbers)],
            metadata: metadata, to: folder.appendingPathComponent(file))
    }

    /// Reads a state into an optimiser.
    /// - Returns: the log and the note.
    /// - Throws: ``AssayError`` when the file is damaged, ``OtherPlan`` when it is of another plan; the optimiser is then
    ///   to be thrown away.
    public static func read(
        into optimizer: Optimizer, columns: Int, plan: ContentHash, from folder: URL
    ) throws -> (log: Log, note: String) {
        let url = folder.appendingPathComponent(file)
        let state = try SafeTensors.read(url)
        guard state.metadata["plan"] == plan.hexadecimal else { throw OtherPlan() }
        let blocks = blocks(of: optimizer)
        for (name, block) in blocks { try state.copyFloats(name, into: block.buffer, nonFinite: .allow) }
        let log = Log(columns: columns, numbers: try state.doubles("log"))
        let note = state.metadata["note"] ?? ""
        guard state["log"]?.shape == [log.numbers.count / columns, columns],
            state.metadata["digest"] == digest(blocks.map(\.1), log, note).hexadecimal
        else { throw AssayError.badInput("was altered", at: url.path) }
        return (log, note)
    }

    /// Removes the state of a folder, if there is one.
    public static func remove(from folder: URL) {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(file))
    }

    /// Whether a folder holds a state.
    public static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path)
    }

    private static func blocks(of optimizer: Optimizer) -> [(String, FloatBlock)] {
        [
            ("weights", optimizer.weights), ("first_moment", optimizer.firstMoment),
            ("second_moment", optimizer.secondMoment),
        ]
    }

    private static func digest(_ blocks: [FloatBlock], _ log: Log, _ note: String) -> ContentHash {
        var hasher = ContentHasher()
        for block in blocks { hasher.update(UnsafeRawBufferPointer(block.buffer)) }
        hasher.update(log.numbers)
        hasher.update(note)
        return hasher.finish()
    }
}

extension ResumeState {
    private static let columns = 4

    /// Writes the state of an engine after the last step of a log.
    static func write(_ engine: StepEngine, log: [TrainingStep], plan: TrainingPlan, to folder: URL) throws {
        let numbers = log.flatMap { [$0.loss, $0.gradientNorm, $0.learningRate, Double($0.tokens)] }
        try write(engine.optimizer, log: Log(columns: columns, numbers: numbers), plan: plan.identity, to: folder)
    }

    /// Reads a state into an engine. Returns every step so far.
    /// - Throws: as ``read(into:columns:plan:from:)``.
    static func read(into engine: StepEngine, plan: TrainingPlan, from folder: URL) throws -> [TrainingStep] {
        let numbers = try read(into: engine.optimizer, columns: columns, plan: plan.identity, from: folder).log.numbers
        return (0..<numbers.count / columns).map { row in
            TrainingStep(
                step: row + 1, loss: numbers[columns * row], gradientNorm: numbers[columns * row + 1],
                learningRate: numbers[columns * row + 2], tokens: Int(numbers[columns * row + 3]))
        }
    }
}
