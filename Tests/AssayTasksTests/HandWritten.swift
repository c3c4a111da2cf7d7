import AssayCore

@testable import AssayTasks

/// Sequences written by hand, token by token, as `describe` names them: `k3`, `v1`, `n0`, `w2`, and the names of control
/// tokens; an answer stands in brackets. `n*8` is eight tokens of noise.
enum HandWritten {
    /// What is known of a question.
    struct Known {
        var hops = 1
        var facts: Int
        var distance: Int
        var load: Int
        var position: Double
        var grading: Grading = .exact
        var hidden: Int32?
    }

    static func sequence(_ text: String, _ known: [Known]) -> TaskSequence {
        var tokens: [Int32] = []
        var answers: [Range<Int>] = []
        var open: Int?
        for word in text.split(separator: " ") {
            if word.hasPrefix("["), word.count > 1 { open = tokens.count }
            tokens += token(word.drop { $0 == "[" }.prefix { $0 != "]" })
            if word.hasSuffix("]"), word.count > 1, let start = open { answers.append(start..<tokens.count) }
        }
        let questions = zip(answers, known).enumerated().map { number, pair in
            Question(
                answer: pair.0, hiddenGold: pair.1.hidden, grading: pair.1.grading,
                item: ItemRecord(
                    id: ItemID(cluster: 0, sequence: 0, question: number), hops: pair.1.hops, facts: pair.1.facts,
                    length: tokens.count, distance: pair.1.distance, load: pair.1.load, position: pair.1.position,
                    contentBits: 0))
        }
        return TaskSequence(tokens: tokens, questions: questions).resealed()
    }

    private static let names = Dictionary(
        uniqueKeysWithValues: (0..<Int32(Vocabulary.count)).map { (Vocabulary.name(of: $0), $0) })

    private static func token(_ word: Substring) -> [Int32] {
        if let token = names[String(word)] { return [token] }
        if word.hasPrefix("n*"), let count = Int(word.dropFirst(2)) {
            return (0..<count).map { SymbolRange.noise[$0 % SymbolRange.noise.count] }
        }
        guard let number = Int(word.dropFirst()) else { return [-1] }
        switch word.first {
        case "k": return [SymbolRange.keys[number]]
        case "v": return [SymbolRange.values[number]]
        case "n": return [SymbolRange.noise[number]]
        case "w": return [SymbolRange.words[number]]
        default: return [-1]
        }
    }
}
