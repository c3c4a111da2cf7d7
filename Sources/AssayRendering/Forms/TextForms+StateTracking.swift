import AssayTasks

extension TextForms {
    /// States that every word changes.
    static let stateTracking: [String: Maker] = [
        "parity": { _ in parity }, "modular-arithmetic": { _ in arithmetic }, "group-word": group,
        "boxes": { _ in boxes }, "modular-counter": counters,
    ]

    private static let parity: TextForm = {
        let rules = [("ask", "K @"), ("bit", "K"), ("end", "</s>")]
        return TextForm(
            rules, choices: [token(.keys, 0), token(.keys, 1)],
            .init(
                Lexicon([.keys: ["0", "1"]]), answers: Lexicon([.keys: ["even", "odd"]]),
                "Count the ones. Answer with even or odd.",
                ["bit": "{1}", "end": "", "ask": "{1}{Q} Is the number of ones so far even or odd?{A}"]),
            .init(
                Lexicon([.keys: ["stay", "flip"]]), answers: Lexicon([.keys: ["up", "down"]]),
                "A switch is up at the start and is flipped or left as it is. Answer with up or down.",
                ["bit": "{1}", "end": "", "ask": "{1}{Q} Is the switch up or down now?{A}"]))
    }()

    private static let arithmetic: TextForm = {
        let lexicon = Lexicon([.keys: WordList.numbers(from: 0, count: 5)])
        let rules = [
            ("ask", "K @"), ("number", "K"), ("plus", "+"), ("minus", "-"), ("times", "*"), ("open", "("),
            ("close", ")"),
            ("value", "= A"), ("end", "</s>"),
        ]
        func formats(_ asked: String) -> [String: String] {
            [
                "number": "{1}", "plus": "+", "minus": "-", "times": "*", "open": "(", "close": ")", "end": "",
                "value": asked, "ask": "{1}" + asked,
            ]
        }
        return TextForm(
            rules, choices: (0..<5).map { token(.keys, $0) },
            .init(
                lexicon, "Compute modulo 5: only the rest of a division by 5 counts. Products go before sums.",
                formats("{Q} What is the value so far, modulo 5?{A}")),
            .init(
                lexicon, "Work out each expression, multiplying first. Answer with the result modulo 5.",
                formats("{Q} The result modulo 5?{A}")))
    }()

    /// Elements as what they do to letters and a wheel: `bca` takes a to b, b to c, c to a. They are numbered as
    /// permutations in lexicographic order, each with every turn of the wheel.
    private static let group: Maker = { identity in
        let name = parameter("group", of: identity)
        let (points, isEven, wheel): (Int, Bool, Int) =
            switch name {
            case "S3": (3, false, 1)
            case "S4": (4, false, 1)
            case "S5": (5, false, 1)
            case "A5": (5, true, 1)
            case "A4xZ5": (4, true, 5)
            default: (1, false, 60)
            }
        let letters = Array("abcde".prefix(points))
        let permutations = Permutations.all(of: points, evenAlone: isEven)
        let elements = permutations.flatMap { permutation in
            (0..<wheel).map { turn in
                let word = points == 1 ? "" : String(permutation.map { letters[$0] })
                return wheel == 1 ? word : points == 1 ? "\(turn)" : "\(word)\(turn)"
            }
        }
        var rule = "The words are steps that are done one after another, from left to right."
        if points > 1 {
            let example = permutations.first { $0.first == 1 } ?? permutations[0]
            let moves = example.indices.map { "\(letters[$0]) to \(letters[example[$0]])" }
            rule +=
                " A step such as \(String(example.map { letters[$0] })) takes " + moves.joined(separator: ", ") + "."
        }
        if wheel > 1 {
            rule += " Its number is a turn of a wheel of \(wheel) positions; turns add up, modulo \(wheel)."
        }
        let tokens = elements.indices.map { Vocabulary.firstSymbol + Int32($0) }
        return TextForm(
            [("ask", "S @"), ("step", "S"), ("end", "</s>")], choices: elements.count <= 12 ? tokens : nil,
            .init(
                Lexicon(symbols: elements), rule + " Answer with the one step that does the same as all so far.",
                ["step": "{1}", "end": "", "ask": "{1}{Q} Which one step does the same as all steps so far?{A}"]),
            .init(
                Lexicon(symbols: elements), rule + " Answer with the product.",
                ["step": "{1},", "end": "", "ask": "{1},{Q} What is the product of all that came so far?{A}"]))
    }

    private static let boxes: TextForm = {
        func lexicon(_ keys: [String], _ values: [String], _ noise: [String]) -> Lexicon {
            Lexicon([.keys: keys, .values: values, .noise: noise])
        }
        return TextForm(
            [("puts", "puts V K"), ("moves", "moves K K"), ("removes", "removes K"), ("noise", "N"), ("ask", "? K A")],
            .init(
                lexicon(WordList.numbers(from: 1), WordList.things, WordList.fillers),
                "Each box holds one thing or nothing. Read what is done, then answer with one word.",
                [
                    "puts": "The {2} is put into box {3}.", "moves": "What is in box {2} is moved to box {3}.",
                    "removes": "Box {2} is emptied.", "noise": "{1}", "ask": "{Q} What is in box {2} now?{A}",
                ]),
            .init(
                lexicon(WordList.letters, WordList.people, WordList.otherFillers),
                "Each room holds one person or nobody. Read who goes where, then answer with one name.",
                [
                    "puts": "{2} enters room {3}.", "moves": "Whoever is in room {2} goes to room {3}.",
                    "removes": "Whoever is in room {2} leaves.", "noise": "{1}",
                    "ask": "{Q} Who is in room {2} now?{A}",
                ]))
    }()

    /// Letter number 2 c steps counter c, 2 c + 1 sets it to 0.
    private static let counters: Maker = { identity in
        let count = identity.parameters["counters"] ?? 2
        let values = WordList.numbers(from: 0, count: identity.parameters["modulus"] ?? 5)
        func lexicon(_ names: [String], _ step: (String) -> String, _ reset: (String) -> String) -> Lexicon {
            Lexicon([.keys: values, .values: names.prefix(count).flatMap { [step($0), reset($0)] }])
        }
        return TextForm(
            [("ask", "V @"), ("letter", "V"), ("end", "</s>")], choices: values.indices.map { token(.keys, $0) },
            .init(
                lexicon(WordList.kinds, { "\($0) +1" }, { "\($0) reset" }),
                "Counters go up by 1, from {p:top} back to 0, and can be reset to 0. Answer with one number.",
                [
                    "letter": "{1},", "end": "",
                    "ask": "{1},{Q} At what number is the counter that was named last?{A}",
                ]),
            .init(
                lexicon(WordList.people, { "\($0) scores." }, { "\($0) starts anew." }),
                "Points are counted modulo {p:modulus}; who starts anew has 0. Answer with one number.",
                [
                    "letter": "{1}", "end": "",
                    "ask": "{1}{Q} How many points, modulo {p:modulus}, has the one named last?{A}",
                ]))
    }
}

/// Permutations of a few points.
enum Permutations {
    /// All in lexicographic order, or the even ones alone.
    static func all(of points: Int, evenAlone: Bool) -> [[Int]] {
        func extend(_ prefix: [Int]) -> [[Int]] {
            guard prefix.count < points else { return [prefix] }
            return (0..<points).filter { !prefix.contains($0) }.flatMap { extend(prefix + [$0]) }
        }
        return extend([]).filter { permutation in
            let inversions = permutation.indices.reduce(0) { sum, i in
                sum + permutation[..<i].count { $0 > permutation[i] }
            }
            return !evenAlone || inversions % 2 == 0
        }
    }
}
