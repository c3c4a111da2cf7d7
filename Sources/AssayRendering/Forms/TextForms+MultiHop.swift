import AssayTasks

extension TextForms {
    /// Facts that must be combined.
    static let multiHop: [String: Maker] = [
        "successor": { _ in successor }, "variable-tracking": { _ in variables }, "hop-induction": { _ in induction },
        "pointer-table": { _ in pointers }, "kinship": kinship, "arithmetic-tree": tree, "operation-ladder": ladder,
        "deduction": { _ in deduction }, "story": { _ in story }, "topological-order": { _ in order },
    ]

    private static let successor = TextForm(
        [("fact", "K K ;"), ("gap", ";"), ("ask", "H K A")],
        .init(
            holders, "People sit in a circle. Read who sits to the right of whom, then answer with one name.",
            [
                "fact": "To the right of {1} sits {2}.", "gap": "",
                "ask": "{Q} Who sits {1} seats to the right of {2}?{A}",
            ]),
        .init(
            codes, "A train goes in a circle. Read which stop follows which, then answer with one city.",
            [
                "fact": "After {1} the train stops in {2}.", "gap": "",
                "ask": "{Q} Where does the train stop {1} stops after {2}?{A}",
            ]))

    private static let variables = TextForm(
        [("value", "let K V"), ("copy", "let K K"), ("noise", "N"), ("ask", "? V A")], joining: .init(answer: ", "),
        .init(
            Lexicon([
                .keys: WordList.letters, .values: WordList.numbers(from: 101), .noise: WordList.fillers,
            ]), "Variables get values. Answer with all variables that have the value, separated by commas.",
            [
                "value": "{2} = {3};", "copy": "{2} = {3};", "noise": "{1}",
                "ask": "{Q} Which variables have the value {2}?{A}",
            ]),
        .init(
            holders,
            "People choose things, some of them what others chose. Answer with all names, separated by commas.",
            [
                "value": "{2} chooses the {3}.", "copy": "{2} chooses what {3} chose.", "noise": "{1}",
                "ask": "{Q} Who chose the {2}?{A}",
            ]))

    private static let induction: TextForm = {
        func lexicon(_ letters: [String]) -> Lexicon {
            Lexicon([.keys: letters, .values: WordList.numbers(from: 0)])
        }
        let rule = """
            A jump from a word goes back to the last earlier place of the same word, and from there to the word right after \
            it.
            """
        return TextForm(
            [("count", "V"), ("ask", "K @"), ("letter", "K"), ("end", "</s>")],
            .init(
                lexicon(WordList.things), rule + " Answer with the word where the jumps end.",
                [
                    "count": "Number of jumps: {1}. Words:", "letter": "{1}", "end": "",
                    "ask": "{1}{Q} Where do that many jumps from the last word, \"{1}\", end?{A}",
                ]),
            .init(
                lexicon(WordList.people), rule + " Answer with the name where the jumps end.",
                [
                    "count": "Jumps to make: {1}. Names:", "letter": "{1}", "end": "",
                    "ask": "{1}{Q} From the last name, \"{1}\", make the jumps. Where are you?{A}",
                ]))
    }()

    private static let pointers = TextForm(
        [
            ("value", "let K V"), ("link", "let K K"), ("noise", "N"), ("entry", "? x1 K A"), ("ask", "? = K A"),
        ],
        .init(
            Lexicon([
                .keys: WordList.numbers(from: 201), .values: WordList.things, .noise: WordList.fillers,
            ]), "Each box holds a thing, or a note with the number of another box. Answer with one word or number.",
            [
                "value": "In box {2} is the {3}.", "link": "In box {2} is a note: {3}.", "noise": "{1}",
                "entry": "{Q} What is in box {3} itself, or which number is on its note?{A}",
                "ask": "{Q} Following the notes from box {3}, which thing is found?{A}",
            ]),
        .init(
            holders, "Each person has a thing, or sends you to someone else. Answer with one word.",
            [
                "value": "{2} has the {3}.", "link": "{2} says: ask {3}.", "noise": "{1}",
                "entry": "{Q} What does {3} have, or whom does {3} say to ask?{A}",
                "ask": "{Q} Asking {3} and whoever one is sent to, what does one get?{A}",
            ]))

    /// Relations compose as the symmetries of a polygon do: number `2 turn + reflection`. The table of products is in the
    /// introduction, since nothing else tells it.
    private static let kinship: Maker = { identity in
        let turns = (identity.parameters["system"] ?? 1) + 2
        let kinds = Array(WordList.kinds.prefix(2 * turns))
        var table: [String] = []
        for a in kinds.indices {
            for b in kinds.indices {
                let turn = a % 2 == 0 ? a / 2 + b / 2 : a / 2 - b / 2 + turns
                let product = 2 * (turn % turns) + (a + b) % 2
                table.append("\(kinds[a]) of \(kinds[b])=\(kinds[product])".replacing(" of ", with: "+"))
            }
        }
        let rule = "Kinds combine along a path, the first kind first: " + table.joined(separator: ", ") + "."
        return TextForm(
            [("fact", "K V K"), ("noise", "N"), ("ask", "? K K A")],
            choices: kinds.indices.map { token(.values, $0) },
            .init(
                Lexicon([.keys: WordList.people, .values: kinds, .noise: WordList.fillers]),
                "People are kin of different kinds. \(rule) Answer with one kind.",
                [
                    "fact": "{3} is {2} kin of {1}.", "noise": "{1}",
                    "ask": "{Q} Which kind of kin of {2} is {3}?{A}",
                ]),
            .init(
                Lexicon([.keys: WordList.cities, .values: kinds, .noise: WordList.otherFillers]),
                "Tickets of different kinds lead from city to city. \(rule) Answer with one kind.",
                [
                    "fact": "From {1} to {3} one needs a {2} ticket.", "noise": "{1}",
                    "ask": "{Q} Which kind of ticket is needed from {2} to {3}?{A}",
                ]))
    }

    private static func numbers(_ identity: TaskIdentity) -> [String] {
        WordList.numbers(from: 0, count: Int(parameter("modulus", of: identity)) ?? 7)
    }

    /// The numbers that an answer can be, where they are few.
    private static func residues(_ identity: TaskIdentity) -> [Int32]? {
        let count = numbers(identity).count
        return count <= 13 ? (0..<count).map { token(.values, $0) } : nil
    }

    private static let tree: Maker = { identity in
        func lexicon(_ noise: [String]) -> Lexicon { Lexicon([.values: numbers(identity), .noise: noise]) }
        return TextForm(
            [("ask", "? E+ N* = A"), ("given", "? E+ N* = V")], choices: residues(identity),
            .init(
                lexicon(WordList.fillers),
                "Compute modulo {p:modulus}: only the rest of a division by {p:modulus} counts.",
                [
                    "ask": "{Q} What is {2:infix} modulo {p:modulus}?{3}{A}",
                    "given": "Modulo {p:modulus}, {2:infix} is {5}.{3}",
                ]),
            .init(
                lexicon(WordList.otherFillers), "All results are taken modulo {p:modulus}. Answer with one number.",
                [
                    "ask": "{Q} ({2:infix}) mod {p:modulus} = ?{3}{A}",
                    "given": "({2:infix}) mod {p:modulus} = {5}.{3}",
                ]))
    }

    private static let ladder: Maker = { identity in
        func lexicon(_ keys: [String], _ noise: [String]) -> Lexicon {
            Lexicon([.keys: keys, .values: numbers(identity), .noise: noise])
        }
        return TextForm(
            [
                ("step", "let K K E V"), ("start", "let K V"), ("noise", "N"), ("link", "? K if K V A"),
                ("ask", "? K A"),
            ], choices: residues(identity),
            .init(
                lexicon(WordList.letters, WordList.fillers),
                "Definitions in any order; all values are taken modulo {p:modulus}. Answer with one number.",
                [
                    "step": "{2} = {3} {4} {5};", "start": "{2} = {3};", "noise": "{1}",
                    "ask": "{Q} What is {2} modulo {p:modulus}?{A}",
                    "link": "{Q} If {4} is {5}, what is {2} modulo {p:modulus}?{A}",
                ]),
            .init(
                lexicon(WordList.people, WordList.otherFillers),
                "People say numbers, modulo {p:modulus}, in any order. Answer with one number.",
                [
                    "step": "{2} says {3}'s number {4} {5}.", "start": "{2} says {3}.", "noise": "{1}",
                    "ask": "{Q} Which number does {2} say, modulo {p:modulus}?{A}",
                    "link": "{Q} If {4} says {5}, which number does {2} say, modulo {p:modulus}?{A}",
                ]))
    }

    private static let deduction = TextForm(
        [
            ("holds", "is K"), ("rule", "K & K -> K"), ("implies", "K -> K"), ("noise", "N"), ("link", "? K if K A"),
            ("ask", "? K A"),
        ], choices: [Vocabulary.yes, Vocabulary.no],
        .init(
            Lexicon([.keys: WordList.things, .noise: WordList.fillers]),
            "Things are on or off. What is not said to be on, and does not follow, is off. Answer yes or no.",
            [
                "holds": "The {2} is on.", "implies": "If the {1} is on, the {3} is on.",
                "rule": "If the {1} is on and the {3} is on, the {5} is on.", "noise": "{1}",
                "ask": "{Q} Is the {2} on?{A}",
                "link": "{Q} If we know that the {4} is on, does one rule tell that the {2} is on?{A}",
            ]),
        .init(
            Lexicon([.keys: WordList.people, .noise: WordList.otherFillers]),
            "Who is not said to come, and does not have to come, stays at home. Answer yes or no.",
            [
                "holds": "{2} comes.", "implies": "If {1} comes, {3} comes.",
                "rule": "If {1} and {3} come, {5} comes.", "noise": "{1}", "ask": "{Q} Does {2} come?{A}",
                "link": "{Q} If we know that {4} comes, does one rule tell that {2} comes?{A}",
            ]))

    private static let story: TextForm = {
        func lexicon(_ places: [String], _ things: [String], _ noise: [String]) -> Lexicon {
            Lexicon([
                .keys: Array(WordList.people.prefix(32)) + WordList.prefixed("the", Array(things.prefix(32))),
                .values: places, .noise: noise,
            ])
        }
        let rules = [
            ("goes", "goes K V"), ("takes", "takes K K"), ("sends", "sends K K K"), ("noise", "N"),
            ("where", "? where K A"), ("was", "? was K A"), ("who", "? who K A"),
        ]
        return TextForm(
            rules,
            .init(
                lexicon(WordList.cities, WordList.things, WordList.fillers),
                "People travel with their things. Things are where the people are who have them. Answer briefly.",
                [
                    "goes": "{2} goes to {3}.", "takes": "{2} takes {3}.", "sends": "{2} sends {3} to {4}.",
                    "noise": "{1}", "where": "{Q} Where is {3} now?{A}",
                    "was": "{Q} Where was {3} right before that?{A}", "who": "{Q} Who has {3}?{A}",
                ]),
            .init(
                lexicon(
                    WordList.prefixed("the", WordList.nouns) + Array(WordList.cities.prefix(16)),
                    Array(WordList.things.suffix(32)), WordList.otherFillers),
                "A story of people, things and places. What someone has goes where they go. Answer briefly.",
                [
                    "goes": "{2} walks to {3}.", "takes": "{2} picks up {3}.", "sends": "{2} hands {3} over to {4}.",
                    "noise": "{1}", "where": "{Q} In which place is {3}?{A}",
                    "was": "{Q} In which place was {3} before?{A}", "who": "{Q} Who carries {3}?{A}",
                ]))
    }()

    private static let order = TextForm(
        [("fact", "K -> K"), ("noise", "N"), ("ask", "? ancestors K A"), ("parents", "? x1 K A")],
        joining: .init(answer: ", "),
        .init(
            Lexicon([.keys: WordList.things, .noise: WordList.fillers]),
            "Some things must be made before others. Answer with a list, separated by commas.",
            [
                "fact": "The {1} is needed for the {3}.", "noise": "{1}",
                "ask": "{Q} Which things must be made before the {3}, in an order in which they can be made?{A}",
                "parents": "{Q} Which things are needed directly for the {3}?{A}",
            ]),
        .init(
            Lexicon([.keys: WordList.people, .noise: WordList.otherFillers]),
            "Some people can only start after others. Answer with a list of names, separated by commas.",
            [
                "fact": "{3} starts after {1}.", "noise": "{1}",
                "ask": "{Q} Who has to start before {3} can, in an order that works?{A}",
                "parents": "{Q} After whom does {3} start directly?{A}",
            ]))
}
