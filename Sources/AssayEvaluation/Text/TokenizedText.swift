import AssayCore
import AssayModels
import AssayRendering

/// A text as a model's tokenizer cuts it, with the places of its questions.
struct TokenizedText {
    /// A question in tokens.
    struct Question {
        /// Tokens of the text before the prompt leaves it.
        let place: Int
        /// What the prompt goes on with beside the text.
        let branch: [Int32]
        /// The gold answer.
        let answer: [Int32]
        /// The answers that can be, with the gold one; empty where there is no closed set.
        let choices: [[Int32]]
        /// Which of the choices is the gold answer.
        let goldChoice: Int?

        /// Tokens of the prompt.
        var promptCount: Int { place + branch.count }
    }

    /// The text up to the last question.
    let ids: [Int32]
    /// In the order of the text's questions.
    let questions: [Question]

    /// Cuts a text.
    ///
    /// The tokens up to a question are those of the text up to there, as whoever asks a model would cut it. Where a word
    /// would be cut otherwise with what follows, the answer is cut alone.
    /// - Throws: ``AssayError`` of the tokenizer, and for an answer of no tokens.
    init(_ sequence: TextSequence, _ tokenizer: Tokenizer) throws {
        var known: [Int32] = []
        var end = 0
        let bytes = Array(sequence.text.utf8)
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        /// Goes on to a place of the text.
        func advance(to place: Int) throws {
            guard place > end else { return }
            let whole = try TokenizedText.encode(text(0..<place), tokenizer)
            if whole.starts(with: known) {
                known = whole
            } else {
                known += try TokenizedText.encodeAlone(text(end..<place), tokenizer)
            }
            end = place
        }
        var questions: [Question] = []
        for question in sequence.questions {
            try advance(to: question.place)
            let place = known.count
            var branch: [Int32] = []
            if !question.branch.isEmpty {
                let whole = try TokenizedText.encode(text(0..<end) + question.branch, tokenizer)
                branch =
                    whole.starts(with: known)
                    ? Array(whole.dropFirst(known.count)) : try TokenizedText.encodeAlone(question.branch, tokenizer)
            }
            let prompt = sequence.prompt(question)
            let promptIDs = known + branch
            let answer = try TokenizedText.continuation(question.answer, after: prompt, promptIDs, tokenizer)
            questions.append(
                Question(
                    place: place, branch: branch, answer: answer,
                    choices: try question.choices.map {
                        try TokenizedText.continuation($0, after: prompt, promptIDs, tokenizer)
                    }, goldChoice: question.choices.firstIndex(of: question.answer)))
            // An answer that stands in the text goes on with the very tokens that are scored.
            if question.branch.isEmpty {
                known += answer
                end += question.answer.utf8.count
            }
        }
        let last = questions.last.map { $0.place + ($0.branch.isEmpty ? $0.answer.count : 0) } ?? 0
        (ids, self.questions) = (Array(known.prefix(last)), questions)
    }

    private static func encode(_ text: String, _ tokenizer: Tokenizer) throws -> [Int32] {
        let ids = try tokenizer.encode(text).map(Int32.init)
        // What a tokenizer puts after a text does not belong before its continuation.
        guard let last = ids.last, let token = tokenizer.token(Int(last)), tokenizer.isSpecial(token),
            !text.hasSuffix(token)
        else { return ids }
        return ids.dropLast()
    }

    private static func encodeAlone(_ text: String, _ tokenizer: Tokenizer) throws -> [Int32] {
        try tokenizer.encode(text, addsSpecialTokens: false).map(Int32.init)
    }

    /// The tokens of a text after another one.
    private static func continuation(
        _ text: String, after prompt: String, _ promptIDs: [Int32], _ tokenizer: Tokenizer
    ) throws -> [Int32] {
        let whole = try encode(prompt + text, tokenizer)
        let ids =
            whole.starts(with: promptIDs)
            ? Array(whole.dropFirst(promptIDs.count)) : try encodeAlone(text, tokenizer)
        guard !ids.isEmpty, !promptIDs.isEmpty else {
            throw AssayError.badInput("the tokenizer has no tokens for '\(promptIDs.isEmpty ? prompt : text)'")
        }
        return ids
    }
}

/// How many tokens of prompts had to be computed.
public struct PrefixUse: Sendable, Hashable {
    /// Tokens of all prompts, each from its beginning.
    public internal(set) var asked = 0
    /// Tokens that a model took for them: what prompts share is taken once.
    public internal(set) var computed = 0

    /// Nothing yet.
    public init() {}

    /// The share of the prompts' tokens that did not have to be computed.
    public var hitRate: Double { asked > 0 ? 1 - Double(computed) / Double(asked) : 0 }

    /// Both together.
    public static func += (a: inout PrefixUse, b: PrefixUse) {
        a.asked += b.asked
        a.computed += b.computed
    }
}
