import AssayTasks

/// A piece of a symbolic sequence that is said with one phrase: its tokens by kind, in order.
///
/// Written as words: `let K V` is the control token `let`, a key and a value. `K`, `V`, `N`, `W` are the blocks of symbols,
/// `S` any symbol but noise, `H` a number of hops, `P` a part, `E` a token of an expression; `+` after one stands for one or
/// more of the kind, `*` for any number. `A` is the answer that stands here, `@` a question whose answer does not stand in
/// the tokens. Anything else is the control token of that name.
struct PhrasePattern: Sendable {
    enum Kind: Sendable, Equatable {
        case token(Int32)
        case block(SymbolBlock)
        case symbol
        case hops
        case part
        case expression
        case answer
        case hiddenAnswer

        func fits(_ token: Int32) -> Bool {
            switch self {
            case .token(let wanted): token == wanted
            case .block(let block): block.tokens.contains(token)
            case .symbol:
                token >= Vocabulary.firstSymbol && token < Vocabulary.firstWord
                    && !SymbolBlock.noise.tokens.contains(token)
            case .hops:
                token >= Vocabulary.firstHop && token < Vocabulary.firstHop + Int32(Vocabulary.hopTokenCount)
            case .part: token >= Vocabulary.firstPart && token < Vocabulary.firstPart + Int32(Vocabulary.partCount)
            case .expression:
                Kind.isOperator(token) || SymbolBlock.values.tokens.contains(token)
                    || SymbolBlock.keys.tokens.contains(token)
            case .answer, .hiddenAnswer: false
            }
        }

        static func isOperator(_ token: Int32) -> Bool {
            token >= Vocabulary.firstOperator && token < Vocabulary.firstOperator + Int32(Vocabulary.operatorCount)
        }
    }

    struct Atom: Sendable {
        let kind: Kind
        let fewest: Int
        let most: Int
    }

    let atoms: [Atom]

    init(_ text: String) {
        atoms = text.split(separator: " ").map { word in
            var name = String(word)
            var (fewest, most) = (1, 1)
            if name.count > 1, name.hasSuffix("+"), let last = name.popLast() {
                precondition(last == "+")
                most = .max
            } else if name.count > 1, name.hasSuffix("*") {
                name.removeLast()
                (fewest, most) = (0, .max)
            }
            return Atom(kind: PhrasePattern.kind(name), fewest: fewest, most: most)
        }
    }

    private static func kind(_ name: String) -> Kind {
        switch name {
        case "K": return .block(.keys)
        case "V": return .block(.values)
        case "N": return .block(.noise)
        case "W": return .block(.words)
        case "S": return .symbol
        case "H": return .hops
        case "P": return .part
        case "E": return .expression
        case "A": return .answer
        case "@": return .hiddenAnswer
        default:
            guard let token = Vocabulary.token(named: name) else { preconditionFailure("no token '\(name)'") }
            return .token(token)
        }
    }

    /// A place where the pattern fits.
    struct Match {
        /// The tokens of each atom.
        let parts: [Range<Int>]
        /// The question whose answer stands here, or is asked for here.
        let question: Int?

        var end: Int { parts.last?.upperBound ?? 0 }
    }

    /// Fits the pattern at a place of a sequence.
    /// - Parameter questions: the questions by the place of their answers.
    func match(_ sequence: TaskSequence, at start: Int, end: Int, questions: [Int: Int]) -> Match? {
        var at = start
        var parts: [Range<Int>] = []
        var question: Int?
        for atom in atoms {
            switch atom.kind {
            case .answer:
                guard let number = questions[at], sequence.questions[number].hiddenGold == nil else { return nil }
                question = number
                parts.append(sequence.questions[number].answer)
                at = sequence.questions[number].answer.upperBound
            case .hiddenAnswer:
                guard let number = questions[at], sequence.questions[number].hiddenGold != nil else { return nil }
                question = number
                parts.append(at..<at)
            default:
                let first = at
                // What is asked for is said by an answer alone, whatever kind of token it is.
                while at < end, at - first < atom.most, atom.kind.fits(sequence.tokens[at]),
                    questions[at].map({ sequence.questions[$0].hiddenGold != nil && at == first }) ?? true
                {
                    at += 1
                }
                guard at - first >= atom.fewest else { return nil }
                parts.append(first..<at)
            }
        }
        return at > start ? Match(parts: parts, question: question) : nil
    }
}
