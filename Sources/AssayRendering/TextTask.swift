import AssayCore
import AssayTasks

/// A task said in English: the same items as the symbolic ones, for models that bring a tokenizer.
///
/// Every cluster of items is written in one of ``templates`` templates, in turn, so that a template is part of what its items
/// share. Before the item come an introduction and examples from the training stream, which no evaluation item can be from.
/// Prompts, answers and items do not depend on any model.
public struct TextTask: Sendable {
    /// Raised whenever the same item would be written otherwise.
    public static let version = 1
    /// Templates: two wordings, each with two sets of labels.
    public static let templates = 4
    /// Examples that can be asked for.
    public static let shotRange = 0...8
    /// Examples before an item, if nothing else is said.
    public static let defaultShots = 2
    /// The most questions of an example that are shown with their answers.
    static let exampleQuestions = 2
    /// The stream that examples come from.
    static let exampleStream = ItemStream.training(seed: 0x7E47)

    /// The symbolic task.
    public let generator: any TaskGenerator
    /// Examples before an item.
    public let shots: Int
    private let form: TextForm

    /// The text of a task.
    /// - Throws: ``AssayError`` when the task has no form as text, or for a wrong number of examples.
    public init(_ generator: any TaskGenerator, shots: Int = defaultShots) throws {
        guard let form = TextForms.form(of: generator.identity) else {
            throw AssayError.badInput(
                "task '\(generator.identity.generator)' has no text",
                remedy: "Tasks with text: " + TextTask.generators.joined(separator: ", "))
        }
        guard Self.shotRange.contains(shots) else { throw Self.wrongShots(shots) }
        self.generator = generator
        self.shots = shots
        self.form = form
    }

    static func wrongShots(_ shots: Int) -> AssayError {
        .badInput(
            "\(shots) examples cannot be given", remedy: "Give \(shotRange.lowerBound) ... \(shotRange.upperBound)")
    }

    /// The generators whose items can be written as text.
    public static var generators: [String] { TextForms.generators }

    /// What identifies the items: those of the symbolic task, and how they are written.
    public var identity: TaskIdentity {
        var identity = generator.identity
        identity.generator = "text/" + identity.generator
        identity.version = identity.version * 1000 + Self.version
        identity.parameters["shots"] = shots
        return identity
    }

    /// The template of a cluster.
    public static func template(ofCluster index: Int) -> Int { index % templates }

    /// All sequences of a cluster as text.
    public func cluster(_ stream: ItemStream, index: Int) -> [TextSequence] {
        let template = TextTask.template(ofCluster: index)
        let start = opening(template)
        return generator.cluster(stream, index: index).map { write($0, template: template, after: start) }
    }

    /// The introduction and the examples of a template.
    public func opening(_ template: Int) -> String {
        let (wording, frame) = parts(template)
        var text = filled(wording.introduction)
        for shot in 0..<shots {
            let example = generator.cluster(TextTask.exampleStream, index: template + TextTask.templates * shot)
            guard let sequence = example.first else { continue }
            let body = self.example(sequence, template)
            text += "\n\n\(frame.heading)" + (body.hasPrefix("\n") ? "" : " ") + body
        }
        return text + "\n\n\(frame.heading)"
    }

    /// An example: a sequence up to its first answered questions.
    private func example(_ sequence: TaskSequence, _ template: Int) -> String {
        let written = write(sequence, template: template, after: "")
        let shown = written.questions.prefix(TextTask.exampleQuestions)
        guard let last = shown.last else { return written.text }
        // Of questions beside the text, one is shown: the text does not go on after its answer.
        guard last.branch.isEmpty else {
            guard let first = shown.first else { return written.text }
            return written.prompt(first) + first.answer
        }
        // Words of a text, such as those of a list that is said again, are shown to their end.
        let end = last.stop == .word ? written.text.utf8.count : last.place + last.answer.utf8.count
        return String(decoding: written.text.utf8.prefix(end), as: UTF8.self)
            .trimmingSuffix { $0 == "\n" || $0 == " " }
    }

    private func parts(_ template: Int) -> (TextForm.Wording, TextFrame) {
        let frames = TextFrame.all.count
        return (form.wordings[template / frames % form.wordings.count], TextFrame.all[template % frames])
    }

    private func write(_ sequence: TaskSequence, template: Int, after start: String) -> TextSequence {
        let (wording, frame) = parts(template)
        var writer = TextWriter(
            form: form, wording: wording, frame: frame, sequence: sequence, template: template, start: start,
            filled: filled)
        return writer.write()
    }

    /// A text with the parameters in their places.
    private func filled(_ text: String) -> String {
        guard text.contains("{p:") else { return text }
        var result = text.replacing("{p:top}", with: "\((generator.identity.parameters["modulus"] ?? 1) - 1)")
        for name in generator.identity.parameters.keys {
            result = result.replacing("{p:\(name)}", with: TextForms.parameter(name, of: generator.identity))
        }
        return result
    }

    // MARK: - Grading

    /// What a model's answer is worth: what it said after the prompt, cut where it stops (``TextTask/cut(_:_:)``).
    ///
    /// Case and spaces within must be as in the gold answer; spaces around it, and one full stop after it, do not count.
    public func grade(_ said: String, _ question: TextQuestion, in sequence: TaskSequence, template: Int) -> TextGrade {
        let text = TextTask.trimmed(said)
        let isExact = text == TextTask.trimmed(question.answer)
        let symbolic = sequence.questions[question.number]
        switch symbolic.grading {
        case .exact: return TextGrade(score: isExact ? 1 : 0, isExact: isExact, details: [:])
        case .set:
            let agreement = SetScore(generated: tokens(text, template), gold: question.gold)
            return TextGrade(
                score: agreement.f1, isExact: agreement.isExact,
                details: [
                    "precision": agreement.precision, "recall": agreement.recall, "exact": agreement.isExact ? 1 : 0,
                ])
        case .checked:
            let isRight = isExact || generator.accepts(tokens(text, template), to: symbolic, in: sequence)
            return TextGrade(score: isRight ? 1 : 0, isExact: isExact, details: ["exact": isExact ? 1 : 0])
        }
    }

    /// Whether an answer was right before it was overwritten.
    public func isStale(_ said: String, _ question: TextQuestion, in sequence: TaskSequence, template: Int) -> Bool {
        let (wording, _) = parts(template)
        let token = (wording.answers ?? wording.lexicon).token(TextTask.trimmed(said))
        return token.map(sequence.questions[question.number].overwritten.contains) ?? false
    }

    /// The tokens of a list of words; words that stand for none become numbers that no token has.
    private func tokens(_ text: String, _ template: Int) -> [Int32] {
        let (wording, _) = parts(template)
        let words = text.replacing(" and ", with: form.joining.answer).split(separator: form.joining.answer).map {
            TextTask.trimmed(String($0))
        }
        return words.enumerated().map { index, word in
            (wording.answers ?? wording.lexicon).token(word) ?? -1 - Int32(index)
        }
    }

    /// Without spaces around it, and without one full stop at its end.
    static func trimmed(_ text: String) -> String {
        var rest = text[...]
        while let first = rest.first, first.isWhitespace { rest = rest.dropFirst() }
        while let last = rest.last, last.isWhitespace { rest = rest.dropLast() }
        if rest.last == ".", rest.count > 1 { rest = rest.dropLast() }
        return String(rest)
    }

    /// What of a continuation is the answer; nil while it may go on.
    public static func cut(_ said: String, _ stop: TextQuestion.Stop) -> String? {
        let start = said.firstIndex { $0 != " " } ?? said.endIndex
        let end = said[start...].firstIndex { stop == .line ? $0.isNewline : $0.isWhitespace }
        return end.map { String(said[..<$0]) }
    }
}

extension String {
    fileprivate func trimmingSuffix(_ isDropped: (Character) -> Bool) -> String {
        var rest = self[...]
        while let last = rest.last, isDropped(last) { rest = rest.dropLast() }
        return String(rest)
    }
}
