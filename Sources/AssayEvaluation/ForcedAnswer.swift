/// Collects a question's teacher-forced answer, token by token.
struct ForcedAnswer {
    private(set) var nll = 0.0
    private(set) var tokens: [Int32] = []
    private(set) var isRight = true
    private(set) var isSound = true

    /// Takes the prediction at one answer token. A token of nil: the logits were not numbers.
    mutating func append(predicted: Int32?, gold: Int32, nll tokenNLL: Double) {
        nll += tokenNLL
        isSound = isSound && predicted != nil && tokenNLL.isFinite
        isRight = isRight && predicted == gold
        tokens.append(predicted ?? -1)
    }

    /// Mean over the answer's tokens (Q4).
    var meanNLL: Double { nll / Double(max(tokens.count, 1)) }
}
