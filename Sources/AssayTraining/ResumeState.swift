import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// The rolling state of an unfinished run: weights, both moments and the log, in one file that is replaced atomically.
///
/// Nothing else is needed to go on bit for bit: data come from counters, and what the spike rule knows follows from the
/// log.
struct ResumeState {
    static let file = "state.safetensors"
    private static let columns = 4

    /// The file is sound but belongs to another plan.
    struct OtherPlan: Error {}

    /// Every step so far.
    var log: [TrainingStep]

    /// Writes the state of an engine after the last step of a log.
    static func write(_ engine: StepEngine, log: [TrainingStep], plan: TrainingPlan, to folder: URL) throws {
        let numbers = log.flatMap { [$0.loss, $0.gradientNorm, $0.learningRate, Double($0.tokens)] }
        try SafeTensors.write(
            [
                tensor("weights", engine.weights), tensor("first_moment", engine.firstMoment),
                tensor("second_moment", engine.secondMoment),
                .init("log", shape: [log.count, columns], values: numbers),
            ],
            metadata: [
                "plan": plan.identity.hexadecimal,
                "digest": digest([engine.weights, engine.firstMoment, engine.secondMoment], numbers).hexadecimal,
            ], to: folder.appendingPathComponent(file))
    }

    /// Reads a state into an engine.
    /// - Throws: ``AssayError`` when the file is damaged, ``OtherPlan`` when it is of another plan; the engine is then to
    ///   be thrown away.
    static func read(into engine: StepEngine, plan: TrainingPlan, from folder: URL) throws -> ResumeState {
        let url = folder.appendingPathComponent(file)
        let state = try SafeTensors.read(url)
        guard state.metadata["plan"] == plan.identity.hexadecimal else { throw OtherPlan() }
        let blocks = [engine.weights, engine.firstMoment, engine.secondMoment]
        for (name, block) in zip(["weights", "first_moment", "second_moment"], blocks) {
            try state.copyFloats(name, into: block.buffer, nonFinite: .allow)
        }
        let numbers = try state.doubles("log")
        guard state["log"]?.shape == [numbers.count / columns, columns],
            state.metadata["digest"] == digest(blocks, numbers).hexadecimal
        else { throw AssayError.badInput("was altered", at: url.path) }
        let log = (0..<numbers.count / columns).map { row in
            TrainingStep(
                step: row + 1, loss: numbers[columns * row], gradientNorm: numbers[columns * row + 1],
                learningRate: numbers[columns * row + 2], tokens: Int(numbers[columns * row + 3]))
        }
        return ResumeState(log: log)
    }

    static func remove(from folder: URL) {
        try? FileManager.default.removeItem(at: folder.appendingPathComponent(file))
    }

    static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(file).path)
    }

    private static func tensor(_ name: String, _ block: FloatBlock) -> SafeTensors.Tensor {
        .init(name, shape: [block.count], values: UnsafeBufferPointer(block.buffer))
    }

    private static func digest(_ blocks: [FloatBlock], _ log: [Double]) -> ContentHash {
        var hasher = ContentHasher()
        for block in blocks { hasher.update(UnsafeRawBufferPointer(block.buffer)) }
        hasher.update(log)
        return hasher.finish()
    }
}
