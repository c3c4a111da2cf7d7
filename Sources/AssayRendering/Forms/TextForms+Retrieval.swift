import AssayTasks

extension TextForms {
    typealias Maker = @Sendable (TaskIdentity) -> TextForm

    /// Facts with a key and a value.
    static let retrieval: [String: Maker] = {
        let plain: Maker = { _ in recall }
        return [
            "associative-recall": plain, "distance-recall": plain, "noisy-recall": plain,
            "needle": { _ in needle }, "updated-recall": { _ in updated }, "multi-value-recall": { _ in values },
            "mqar": { _ in mqar }, "compositional-recall": { _ in composed }, "phone-book": { _ in phoneBook },
            "fuzzy-recall": { _ in fuzzy }, "needle-haystack": { _ in haystack }, "associative-needle": associative,
            "stacks": { _ in stacks },
        ]
    }()

    private static let pairs = [("fact", "K V"), ("noise", "N")]

    private static let recall = TextForm(
        pairs + [("ask", "? K A")],
        .init(
            holders, "Read who has what, then answer with one word.",
            ["fact": "{1} has the {2}.", "noise": "{1}", "ask": "{Q} What does {2} have?{A}"]),
        .init(
            codes, "Each city has a code. Read the codes, then answer with the number alone.",
            ["fact": "The code of {1} is {2}.", "noise": "{1}", "ask": "{Q} What is the code of {2}?{A}"]))

    private static let needle = TextForm(
        [("fact", "# K V"), ("noise", "N"), ("ask", "? K A")],
        .init(
            holders, "Some people have something. Read the text, then answer with one word.",
            ["fact": "Remember: {2} has the {3}.", "noise": "{1}", "ask": "{Q} What does {2} have?{A}"]),
        .init(
            codes, "The codes of some cities are hidden in this text. Answer with the number alone.",
            ["fact": "The code of {2} is {3}.", "noise": "{1}", "ask": "{Q} What is the code of {2}?{A}"]))

    private static let updated = TextForm(
        pairs + [("ask", "? K A")],
        .init(
            holders, "People have one thing at a time and change it. Answer with what they had last, in one word.",
            ["fact": "Now {1} has the {2}.", "noise": "{1}", "ask": "{Q} What does {2} have at the end?{A}"]),
        .init(
            codes, "The codes of cities are changed. Answer with the latest code, the number alone.",
            [
                "fact": "The code of {1} is set to {2}.", "noise": "{1}",
                "ask": "{Q} What is the latest code of {2}?{A}",
            ]))

    private static let values = TextForm(
        pairs + [("ask", "? K A")], joining: .init(answer: ", "),
        .init(
            holders, "People can have several things. Answer with all of them, separated by commas.",
            ["fact": "{1} has the {2}.", "noise": "{1}", "ask": "{Q} Which things does {2} have?{A}"]),
        .init(
            codes, "Cities have several codes. Answer with all codes of the city, separated by commas.",
            ["fact": "A code of {1} is {2}.", "noise": "{1}", "ask": "{Q} Which are the codes of {2}?{A}"]))

    private static let mqar = TextForm(
        [("ask", "K @"), ("fact", "K V"), ("noise", "N"), ("gap", "; ")],
        .init(
            holders, "Read who has what, then answer with one word.",
            ["fact": "{1} has the {2}.", "noise": "{1}", "gap": "", "ask": "{1} came.{Q} What does {1} have?{A}"]),
        .init(
            codes, "Each city has a code. Read the codes, then answer with the number alone.",
            [
                "fact": "The code of {1} is {2}.", "noise": "{1}", "gap": "",
                "ask": "Then {1} called.{Q} What is the code of {1}?{A}",
            ]))

    private static let composed = TextForm(
        [("fact", "K W V"), ("noise", "N"), ("ask", "? K W A")],
        .init(
            holders, "People keep another thing in each place. Read what is where, then answer with one word.",
            [
                "fact": "In the {2}, {1} keeps the {3}.", "noise": "{1}",
                "ask": "{Q} What does {2} keep in the {3}?{A}",
            ]),
        .init(
            codes, "Each city has several doors, and each door has a code. Answer with the number alone.",
            [
                "fact": "The {2} door of {1} has the code {3}.", "noise": "{1}",
                "ask": "{Q} What is the code of the {3} door of {2}?{A}",
            ]))

    private static let phoneBook: TextForm = {
        let digits = WordList.numbers(from: 0, count: 10)
        func lexicon(_ noise: [String]) -> Lexicon {
            Lexicon([.keys: WordList.people, .values: digits, .noise: noise, .words: WordList.surnames])
        }
        return TextForm(
            [("fact", "K W V+"), ("noise", "N"), ("ask", "? K W A")], joining: .init(run: "", answer: ""),
            .init(
                lexicon(WordList.fillers), "This is a phone book. Answer with the number alone.",
                ["fact": "{1} {2}: {3}.", "noise": "{1}", "ask": "{Q} What is the number of {2} {3}?{A}"]),
            .init(
                lexicon(WordList.otherFillers), "People tell their numbers. Answer with the digits alone.",
                [
                    "fact": "{1} {2} can be called at {3}.", "noise": "{1}",
                    "ask": "{Q} At which number can {2} {3} be called?{A}",
                ]))
    }()

    private static let fuzzy = TextForm(
        [("fact", "K+ V+"), ("noise", "N"), ("ask", "? K+ A")],
        .init(
            Lexicon([.keys: WordList.things, .values: WordList.people, .noise: WordList.fillers]),
            "A secret language: phrases stand for phrases. The whole phrase counts. Answer with what it means.",
            [
                "fact": "\"{1}\" means \"{2}\".", "noise": "{1}", "ask": "{Q} What does \"{2}\" mean?{A}",
            ]),
        .init(
            Lexicon([.keys: WordList.cities, .values: WordList.things, .noise: WordList.otherFillers]),
            "Routes and what is carried on them. The whole route counts. Answer with the load.",
            [
                "fact": "On the route {1} they carry: {2}.", "noise": "{1}",
                "ask": "{Q} What do they carry on the route {2}?{A}",
            ]))

    private static let haystack: TextForm = {
        let numbers = WordList.numbers(from: 11)
        func lexicon(_ keys: [String], _ noise: [String]) -> Lexicon {
            Lexicon([.keys: keys, .values: numbers, .noise: noise, .words: WordList.nouns])
        }
        return TextForm(
            [
                ("fact", "K W V"), ("text", "W+"), ("name", "K"), ("number", "V"), ("noise", "N"), ("ask", "? K W A"),
            ], joining: .init(answer: ", "),
            .init(
                lexicon(WordList.people, WordList.fillers),
                "Special numbers are hidden in this text. If there are several of a kind, separate them by commas.",
                [
                    "fact": "The special number of {1}'s {2} is {3}.", "text": "{1}.", "name": "{1}.",
                    "number": "{1}.", "noise": "{1}",
                    "ask": "{Q} What are all the special numbers of {2}'s {3}?{A}",
                ]),
            .init(
                lexicon(WordList.cities, WordList.otherFillers),
                "Numbers of places are hidden in this text. If a place has several, separate them by commas.",
                [
                    "fact": "One number of the {2} in {1} is {3}.", "text": "{1}.", "name": "{1}.", "number": "{1}.",
                    "noise": "{1}", "ask": "{Q} Which numbers does the {3} in {2} have?{A}",
                ]))
    }()

    /// Keys are countries; the word that means the same is the capital.
    private static let associative: Maker = { identity in
        let count = identity.parameters["symbols"] ?? 16
        let factor = [5, 7, 11].first { count % $0 != 0 } ?? 1
        var capitals: [Int32: String] = [:]
        for key in 0..<min(count, WordList.capitals.count) {
            capitals[token(.words, (factor * key + 3) % count)] = WordList.capitals[key]
        }
        func lexicon(_ noise: [String]) -> Lexicon {
            Lexicon(
                [.keys: WordList.countries, .values: WordList.things, .noise: noise],
                tokens: capitals)
        }
        return TextForm(
            [("fact", "# K V"), ("noise", "N"), ("literal", "? K A"), ("ask", "? W A")],
            .init(
                lexicon(WordList.fillers), "Agents carry things through countries. Answer with one word.",
                [
                    "fact": "The agent in {2} carries the {3}.", "noise": "{1}",
                    "literal": "{Q} What does the agent carry who is in {2}?{A}",
                    "ask": "{Q} What does the agent carry who can visit {2} without crossing a border?{A}",
                ]),
            .init(
                lexicon(WordList.otherFillers), "Each country has chosen a sign. Answer with one word.",
                [
                    "fact": "The sign of {2} is the {3}.", "noise": "{1}",
                    "literal": "{Q} What is the sign of {2}?{A}",
                    "ask": "{Q} What is the sign of the country whose capital is {2}?{A}",
                ]))
    }

    private static let stacks = TextForm(
        [("push", "push K V"), ("ask", "pop K A"), ("pop", "pop K V"), ("noise", "N")],
        .init(
            holders, "Everyone has a pile. Things are put on top of piles and taken off the top. Answer with one word.",
            [
                "push": "The {3} is put on {2}'s pile.", "pop": "The {3} is taken off {2}'s pile.",
                "ask": "{Q} What is on top of {2}'s pile, and is taken off now?{A}", "noise": "{1}",
            ]),
        .init(
            Lexicon([.keys: WordList.cities, .values: WordList.people, .noise: WordList.otherFillers]),
            "In each city the last to arrive is the first to leave. Answer with the name alone.",
            [
                "push": "{3} arrives in {2}.", "pop": "{3} leaves {2}.",
                "ask": "{Q} Who of those still there came to {2} last, and leaves now?{A}", "noise": "{1}",
            ]))
}
