import AssayCore
import AssayModels
import AssayTensor

/// The logits of every position of a row of tokens, and what the model says after it, so that it can be held against
/// another implementation.
public struct LogitProbe: Sendable {
    /// Which form of the model computes.
    public enum Path: String, Sendable, CaseIterable {
        /// The whole row at once; each token of the continuation by computing the whole row again.
        case parallel
        /// Token after token, with a decode state.
        case recurrent
    }

    /// Tokens of the vocabulary.
    public let vocabulary: Int
    /// The tokens whose logits these are.
    public let ids: [Int32]
    /// `[ids.count, vocabulary]`.
    public let logits: [Float]
    /// The most likely tokens after them, one after another.
    public let greedy: [Int32]

    /// Most tokens of a row, continuation included.
    public static let lengthLimit = 1_048_576

    /// Runs a model.
    /// - Parameters:
    ///   - ids: the tokens, at least one.
    ///   - path: which form computes.
    ///   - greedy: tokens to go on for.
    /// - Throws: ``AssayError`` for no tokens, for tokens outside the vocabulary, and for logits that are no numbers.
    public init(_ checkpoint: LoadedCheckpoint, ids: [Int32], path: Path, greedy count: Int) throws {
        let vocabulary = checkpoint.model.architecture.vocabularyCount
        guard !ids.isEmpty else { throw AssayError(.usage, "there are no ids", remedy: "Give at least one") }
        if let id = ids.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw AssayError(
                .usage, "id \(id) is outside the vocabulary", remedy: "Give ids from 0 to \(vocabulary - 1)")
        }
        guard count >= 0, count <= Self.lengthLimit - ids.count else {
            throw AssayError(
                .usage, "\(count) tokens cannot be added to \(ids.count)",
                remedy: "Give a number from 0 to \(max(0, Self.lengthLimit - ids.count))")
        }
        (self.vocabulary, self.ids) = (vocabulary, ids)
        let capacity = ids.count + max(count - 1, 0)
        switch path {
        case .parallel:
            (logits, greedy) = try Self.parallel(checkpoint, ids, count, capacity: capacity)
        case .recurrent:
            (logits, greedy) = try Self.recurrent(checkpoint, ids, count, capacity: capacity)
        }
    }

    /// The logits of a position.
    public func row(_ position: Int) -> ArraySlice<Float> {
        logits[(position * vocabulary)..<((position + 1) * vocabulary)]
    }

    /// The tensors `logits` and `greedy`, to be written.
    public var tensors: [SafeTensors.Tensor] {
        [
            SafeTensors.Tensor("logits", shape: [ids.count, vocabulary], values: logits),
            SafeTensors.Tensor("greedy", shape: [greedy.count], values: greedy.map(Int64.init)),
        ]
    }

    private static func parallel(
        _ checkpoint: LoadedCheckpoint, _ ids: [Int32], _ count: Int, capacity: Int
    ) throws -> (logits: [Float], greedy: [Int32]) {
        let run = SequenceRun(
            model: checkpoint.model, batch: 1, time: capacity, targetCapacity: ids.count, training: false)
        run.bind(weights: checkpoint.weights, gradients: nil)
        var tokens = ids + [Int32](repeating: 0, count: capacity - ids.count)
        func compute(_ rows: Range<Int>) {
            tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
            let targets = rows.map { Target(row: Int32($0), token: 0, weight: 0) }
            targets.withUnsafeBufferPointer { run.load(targets: $0) }
            run.forward()
        }
        compute(0..<ids.count)
        var logits: [Float] = []
        logits.reserveCapacity(ids.count * checkpoint.model.architecture.vocabularyCount)
        for position in ids.indices {
            let row = run.logits(position)
            guard Logits(row).isFinite else { throw notNumbers(position) }
            logits += row
        }
        var greedy: [Int32] = []
        var last = ids.count - 1
        while greedy.count < count {
            if !greedy.isEmpty {
                last = ids.count + greedy.count - 1
                tokens[last] = greedy[greedy.count - 1]
                compute(last..<(last + 1))
            }
            guard let token = Logits(run.logits(greedy.isEmpty ? last : 0)).argmax else { throw notNumbers(last) }
            greedy.append(token)
        }
        return (logits, greedy)
    }

    private static func recurrent(
        _ checkpoint: LoadedCheckpoint, _ ids: [Int32], _ count: Int, capacity: Int
    ) throws -> (logits: [Float], greedy: [Int32]) {
        let decoder = RecurrentDecoder(
            model: checkpoint.model, weights: checkpoint.weights, slots: 1, capacity: capacity)
        var (logits, greedy): ([Float], [Int32]) = ([], [])
        var next: Int32?
        for (position, id) in ids.enumerated() {
            let row = decoder.step(slots: [0], tokens: [id])
            guard let token = Logits(row).argmax else { throw notNumbers(position) }
            logits += row
            next = token
        }
        while greedy.count < count, let token = next {
            greedy.append(token)
            guard greedy.count < count else { break }
            next = Logits(decoder.step(slots: [0], tokens: [token])).argmax
            if next == nil { throw notNumbers(ids.count + greedy.count - 1) }
        }
        return (logits, greedy)
    }

    private static func notNumbers(_ position: Int) -> AssayError {
        .badInput("the logits of position \(position) are no numbers", remedy: "The weights may be damaged")
    }
}
