import AssayCore
import AssayModels

/// Random tokens, and at every position the next one as its target.
struct TokenBatch {
    /// `[sequences, length]`.
    let tokens: [Int32]
    /// The same shifted by one.
    let targets: [Int32]
    private let length: Int

    /// The batch of a step.
    init(_ shape: TrainingShape, seed: UInt64) {
        var random = CounterRandom(domain: "benchmark tokens", index: seed)
        let vocabulary = shape.vocabulary
        let stream = (0..<shape.sequences * (shape.length + 1)).map { _ in Int32(random.below(vocabulary)) }
        let sequences = (0..<shape.sequences).map { stream[$0 * (shape.length + 1)..<($0 + 1) * (shape.length + 1)] }
        tokens = sequences.flatMap { $0.dropLast() }
        targets = sequences.flatMap { $0.dropFirst() }
        length = shape.length
    }

    /// Loads some sequences into a run, so that its loss is their mean over all positions.
    func load(sequences: Range<Int>, into run: SequenceRun) {
        let range = sequences.lowerBound * length..<sequences.upperBound * length
        tokens[range].withUnsafeBufferPointer { run.load(tokens: $0) }
        let weight = 1 / Float(range.count)
        let wanted = targets[range].enumerated().map { row, token in
            Target(row: Int32(row), token: token, weight: weight)
        }
        wanted.withUnsafeBufferPointer { run.load(targets: $0) }
    }
}
