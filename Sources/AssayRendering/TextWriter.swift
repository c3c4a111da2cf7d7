import AssayCore
import AssayTasks

/// Writes one sequence as text, phrase by phrase.
struct TextWriter {
    private let form: TextForm
    private let wording: TextForm.Wording
    private let frame: TextFrame
    private let sequence: TaskSequence
    private let filled: (String) -> String
    /// The questions by the place of their answers.
    private let places: [Int: Int]
    private var result: TextSequence

    /// - Parameters:
    ///   - start: what the text begins with.
    ///   - filled: puts parameters into a format.
    init(
        form: TextForm, wording: TextForm.Wording, frame: TextFrame, sequence: TaskSequence, template: Int,
        start: String, filled: @escaping (String) -> String
    ) {
        self.form = form
        self.wording = wording
        self.frame = frame
        self.sequence = sequence
        self.filled = filled
        places = Dictionary(
            sequence.questions.enumerated().map { ($1.answer.lowerBound, $0) }, uniquingKeysWith: { first, _ in first })
        result = TextSequence(text: start, template: template)
    }

    mutating func write() -> TextSequence {
        // After the start and the name of the task.
        var at = 2
        let end = sequence.usedLength
        while at < end {
            if let (rule, match) = fit(at, end) {
                say(wording.formats[rule.name] ?? "", match)
                at = max(match.end, at + 1)
            } else {
                append(wording.lexicon[sequence.tokens[at]])
                result.unsaid.append(sequence.tokens[at])
                at += 1
            }
        }
        if let last = result.questions.last, last.stop == .line, last.branch.isEmpty, result.text.last == "\n" {
            result.text.removeLast()
        }
        return result
    }

    private func fit(_ at: Int, _ end: Int) -> (TextForm.Rule, PhrasePattern.Match)? {
        for rule in form.rules {
            if let match = rule.pattern.match(sequence, at: at, end: end, questions: places) { return (rule, match) }
        }
        return nil
    }

    /// Says a phrase; what stands in it for an answer becomes a question.
    private mutating func say(_ format: String, _ match: PhrasePattern.Match) {
        let text = filled(format)
            .replacing("{Q}", with: "\n\(frame.question)").replacing("{label}", with: "\n\(frame.answer)")
            .replacing("{A}", with: "\n\(frame.answer){L}")
        guard let number = match.question else { return append(words(text, match)) }
        let stop: TextQuestion.Stop = text.contains("{L}") ? .line : .word
        let parts = text.split(separator: stop == .line ? "{L}" : "{a}", maxSplits: 1, omittingEmptySubsequences: false)
        let question = sequence.questions[number]
        if question.hiddenGold == nil {
            append(words(String(parts[0]), match))
            ask(number, branch: "", stop)
            result.text += result.questions.last?.answer ?? ""
            if stop == .line { result.text += "\n" }
        } else {
            // The word that is asked at stands in the text; the question goes beside it.
            let split = parts[0].split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            append(words(String(split[0]), match))
            ask(number, branch: split.count > 1 ? "\n" + words(String(split[1]), match) : "", stop)
        }
    }

    private mutating func ask(_ number: Int, branch: String, _ stop: TextQuestion.Stop) {
        let question = sequence.questions[number]
        let gold = sequence.gold(question).filter { $0 != Vocabulary.end }
        let answer = " " + answerText(gold)
        let place = result.text.utf8.count
        var item = question.item
        item.contentBits =
            ContentHash(
                of: String(decoding: result.text.utf8.prefix(place), as: UTF8.self) + branch + answer
            ).leadingBits
        var choices: [String] = []
        if let all = form.choices, gold.count == 1, all.contains(gold[0]) {
            choices = all.map { " " + answerText([$0]) }
        }
        result.questions.append(
            TextQuestion(
                item: item, place: place, branch: branch, answer: answer, gold: gold, stop: stop, choices: choices,
                number: number))
    }

    private func answerText(_ tokens: [Int32]) -> String {
        tokens.map { (wording.answers ?? wording.lexicon)[$0] }.joined(separator: form.joining.answer)
    }

    /// Adds a phrase, with a space where one belongs.
    private mutating func append(_ phrase: String) {
        guard let first = phrase.first else { return }
        // A question after an answer begins on the next line, not on the one after that.
        if first == "\n", result.text.last == "\n" { result.text.removeLast() }
        if let last = result.text.last, !last.isWhitespace, !first.isWhitespace { result.text += " " }
        result.text += phrase
    }

    /// A format with the words of the match in their places.
    private func words(_ format: String, _ match: PhrasePattern.Match) -> String {
        var text = format
        for (index, range) in match.parts.enumerated() {
            let tokens = sequence.tokens[range]
            if text.contains("{\(index + 1)}") {
                let run = tokens.map { wording.lexicon[$0] }.joined(separator: form.joining.run)
                text = text.replacing("{\(index + 1)}", with: run)
            }
            if text.contains("{\(index + 1):infix}") {
                text = text.replacing("{\(index + 1):infix}", with: infix(tokens))
            }
        }
        // A part that is empty leaves one space too many.
        return text.replacing("  ", with: " ")
    }

    /// A prefix expression as people write it, the outermost operation without brackets.
    private func infix(_ tokens: ArraySlice<Int32>) -> String {
        var rest = tokens
        func read(isOutermost: Bool) -> String {
            guard let token = rest.popFirst() else { return "" }
            guard PhrasePattern.Kind.isOperator(token) else { return wording.lexicon[token] }
            let (left, right) = (read(isOutermost: false), read(isOutermost: false))
            let text = "\(left) \(Vocabulary.name(of: token)) \(right)"
            return isOutermost ? text : "(\(text))"
        }
        return read(isOutermost: true)
    }
}
