import AssayTasks

/// How the sequences of a generator are said in English: which tokens make a phrase, and the phrase in several wordings.
struct TextForm: Sendable {
    /// A phrase: the name of its format in a wording, and what it fits.
    struct Rule: Sendable {
        let name: String
        let pattern: PhrasePattern
    }

    /// How a run of words, and the words of an answer, are put together.
    struct Joining: Sendable {
        /// Between the words of a run.
        var run = " "
        /// Between the words of an answer.
        var answer = " "
    }

    /// One way to say it: words, an introduction, a format for each rule.
    ///
    /// In formats `{1}`, `{2}`, ... are the words of the parts of the pattern, `{1:infix}` an expression as people write it;
    /// `{p:name}` is a parameter. `{Q}` and `{A}` are how a question begins and where its answer stands, on lines of their own;
    /// `{L}` is an answer up to the end of the line, `{a}` one that is a word of the text.
    struct Wording: Sendable {
        let lexicon: Lexicon
        /// The words of answers, where they are others than those of the text.
        var answers: Lexicon?
        let introduction: String
        let formats: [String: String]
    }

    /// In the order in which they are tried.
    let rules: [Rule]
    let joining: Joining
    let wordings: [Wording]
    /// The tokens that can be an answer, where they are few and the same for every item.
    let choices: [Int32]?

    init(
        _ rules: [(String, String)], joining: Joining = Joining(), choices: [Int32]? = nil, _ wordings: Wording...
    ) {
        self.rules = rules.map { Rule(name: $0.0, pattern: PhrasePattern($0.1)) }
        self.joining = joining
        self.choices = choices
        self.wordings = wordings
        for wording in wordings {
            precondition(wording.lexicon.isUnambiguous, "a word that stands for two tokens")
            for rule in self.rules { precondition(wording.formats[rule.name] != nil, "no format for \(rule.name)") }
        }
    }
}

extension TextForm.Wording {
    init(_ lexicon: Lexicon, answers: Lexicon? = nil, _ introduction: String, _ formats: [String: String]) {
        self.init(lexicon: lexicon, answers: answers, introduction: introduction, formats: formats)
    }
}

/// The labels around examples, questions and answers.
struct TextFrame: Sendable {
    let question: String
    let answer: String
    /// Before the text of each example and of the item.
    let heading: String

    static let all = [
        TextFrame(question: "Question:", answer: "Answer:", heading: "Text:"),
        TextFrame(question: "Q:", answer: "A:", heading: "Notes:"),
    ]
}
