import AssayModels
import AssayTensor

extension RecurrentDecoder {
    /// Reads a prompt, several tokens a step.
    func read(_ tokens: some Collection<Int32>, slot: Int) {
        var rest = tokens[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(rows))
            take(slots: Array(repeating: slot, count: part.count), tokens: part)
            rest = rest.dropFirst(part.count)
        }
    }
}

/// The most likely token of a row of logits, the first of equals.
func mostLikely(_ logits: UnsafeBufferPointer<Float>, row: Int, vocabulary: Int) -> Int32 {
    let start = row * vocabulary
    var best = 0
    for token in 1..<vocabulary where logits[start + token] > logits[start + best] { best = token }
    return Int32(best)
}

/// Plain greedy decoding of one sequence: what speculative decoding must give, and what it is measured against.
public final class GreedyDecoder {
    private let decoder: RecurrentDecoder

    /// A decoder for sequences of at most `capacity` tokens, what is generated included.
    public init(model: LanguageModel, weights: FloatBlock, capacity: Int) {
        decoder = RecurrentDecoder(model: model, weights: weights, slots: 1, capacity: capacity, rows: 32)
    }

    /// Reads a prompt and generates tokens.
    /// - Returns: the tokens, and the seconds of this thread that generating them took, the prompt not counted.
    public func generate(_ prompt: [Int32], count: Int) -> (tokens: [Int32], seconds: Double) {
        precondition(!prompt.isEmpty && count > 0, "nothing to go on from, or nowhere to go")
        decoder.reset(slot: 0)
        decoder.read(prompt.dropLast(), slot: 0)
        let vocabulary = decoder.model.architecture.vocabularyCount
        var tokens: [Int32] = []
        var next = prompt[prompt.count - 1]
        let start = ThreadClock.seconds()
        while tokens.count < count {
            let logits = decoder.step(slots: [0], tokens: [next])
            next = mostLikely(logits, row: 0, vocabulary: vocabulary)
            tokens.append(next)
        }
        return (tokens, ThreadClock.seconds() - start)
    }
}
