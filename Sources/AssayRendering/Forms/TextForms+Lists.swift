import AssayTasks

extension TextForms {
    /// Lists of words, to be said again, gone on with or counted.
    static let lists: [String: Maker] = [
        "copying": { _ in copying("Say the words in brackets again, in the same order.") },
        "selective-copying": { _ in
            copying("Say the words in brackets again, in the same order, and leave out everything else.")
        },
        "palindrome": { _ in copying("Say the words in brackets again in reverse order, the last word first.") },
        "induction": { _ in induction }, "common-words": { _ in frequent }, "frequent-words": { _ in frequent },
    ]

    private static func copying(_ introduction: String) -> TextForm {
        TextForm(
            [("text", "V+"), ("noise", "N"), ("ask", "?"), ("answer", "A")],
            .init(
                Lexicon([.values: WordList.things, .noise: WordList.fillers]), introduction,
                ["text": "[{1}]", "noise": "{1}", "ask": "{Q} Say them.{label}", "answer": "{a}"]),
            .init(
                Lexicon([.values: WordList.people, .noise: WordList.otherFillers]), introduction,
                ["text": "[{1}]", "noise": "{1}", "ask": "{Q} Which words?{label}", "answer": "{a}"]))
    }

    private static let induction = TextForm(
        [("text", "V"), ("answer", "A")],
        .init(
            Lexicon([.values: WordList.things]), "Each list comes twice: after its end it begins again.",
            ["text": "{1}", "answer": "{a}"]),
        .init(
            Lexicon([.values: WordList.people]), "Names are called, and then the same names again in the same order.",
            ["text": "{1}", "answer": "{a}"]))

    /// 128 words, the whole vocabulary of the lists.
    private static let frequent: TextForm = {
        func formats(_ asked: String) -> [String: String] {
            ["text": "{1}", "noise": "...", "ask": asked]
        }
        return TextForm(
            [("text", "S+"), ("noise", "N+"), ("ask", "? A")], joining: .init(answer: ", "),
            .init(
                Lexicon(symbols: WordList.things + WordList.people),
                "A list of words, with dots where nothing was said. Answer with words separated by commas.",
                formats("{Q} Which {p:common} words come most often?{A}")),
            .init(
                Lexicon(symbols: WordList.cities + WordList.people),
                "Names that were heard, with dots for pauses. Answer with names separated by commas.",
                formats("{Q} Which {p:common} names were heard most often?{A}")))
    }()
}
