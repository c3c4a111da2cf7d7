/// Reads the regular expressions of tokenizers, in the syntax of Oniguruma as far as it is needed: literals, classes with
/// ranges, properties, intersections and nesting, groups, alternatives, repetitions (greedy, lazy, possessive), look-ahead,
/// look-behind of one scalar, anchors and `(?i:...)`. Everything else is an error that names it.
struct PatternParser {
    private static let depthLimit = 100
    private static let repetitionLimit = 1_000

    private let scalars: [Unicode.Scalar]
    private var cursor = 0
    private var ignoresCase = false
    private var depth = 0

    /// Parses a whole expression.
    static func parse(_ text: String) throws(PatternFault) -> PatternNode {
        var parser = PatternParser(scalars: Array(text.unicodeScalars))
        let node = try parser.alternatives()
        guard parser.cursor == parser.scalars.count else { throw PatternFault("')' without '('") }
        return node
    }

    private init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

    private var current: Unicode.Scalar? { cursor < scalars.count ? scalars[cursor] : nil }

    private mutating func take(_ text: String) -> Bool {
        let wanted = Array(text.unicodeScalars)
        guard scalars[cursor...].starts(with: wanted) else { return false }
        cursor += wanted.count
        return true
    }

    private mutating func next(_ what: String) throws(PatternFault) -> Unicode.Scalar {
        guard let scalar = current else { throw PatternFault("it ends where \(what) is expected") }
        cursor += 1
        return scalar
    }

    private mutating func alternatives() throws(PatternFault) -> PatternNode {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternParser.depthLimit else { throw PatternFault("its groups are nested too deeply") }
        var parts = [try sequence()]
        while take("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternFault) -> PatternNode {
        var parts: [PatternNode] = []
        while let scalar = current, scalar != "|", scalar != ")" {
            if let part = try atom() { parts.append(try repetitions(of: part)) }
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    // MARK: Repetition

    private mutating func repetitions(of atom: PatternNode) throws(PatternFault) -> PatternNode {
        var node = atom
        while let scalar = current {
            var minimum = 0
            var maximum: Int?
            var isInterval = false
            switch scalar {
            case "*": cursor += 1
            case "+":
                cursor += 1
                minimum = 1
            case "?":
                cursor += 1
                maximum = 1
            case "{":
                guard let bounds = try interval() else { return node }
                (minimum, maximum) = bounds
                isInterval = true
            default: return node
            }
            if maximum == nil, node.canBeEmpty { throw PatternFault("it repeats without bound what may be empty") }
            var greed = PatternNode.Greed.greedy
            if take("?") {
                greed = .lazy
            } else if !isInterval, take("+") {
                greed = .possessive
            }
            node = .repeated(node, minimum: minimum, maximum: maximum, greed)
        }
        return node
    }

    /// `{n}`, `{n,}`, `{,m}` or `{n,m}`; nil when the brace is a literal.
    private mutating func interval() throws(PatternFault) -> (Int, Int?)? {
        let start = cursor
        cursor += 1
        let low = try number()
        var high = low
        var isOpen = false
        if take(",") {
            high = try number()
            isOpen = high == nil
        }
        guard low != nil || high != nil, take("}") else {
            cursor = start
            return nil
        }
        let minimum = low ?? 0
        if let high, high < minimum { throw PatternFault("it has an interval that is not ascending") }
        return (minimum, isOpen ? nil : high)
    }

    private mutating func number() throws(PatternFault) -> Int? {
        var value: Int?
        while let scalar = current, let digit = digit(scalar, radix: 10) {
            value = (value ?? 0) * 10 + digit
            guard value ?? 0 <= PatternParser.repetitionLimit else {
                throw PatternFault("it repeats more than \(PatternParser.repetitionLimit) times")
            }
            cursor += 1
        }
        return value
    }

    private func digit(_ scalar: Unicode.Scalar, radix: Int) -> Int? {
        guard scalar.isASCII, let value = Character(scalar).hexDigitValue, value < radix else { return nil }
        return value
    }

    // MARK: Atoms

    /// The next atom; nil for a switch of case such as `(?i)`.
    private mutating func atom() throws(PatternFault) -> PatternNode? {
        let scalar = try next("an atom")
        switch scalar {
        case "(": return try group()
        case "[": return .set(try characterClass())
        case ".": return .set(ScalarSet(["\n" as Unicode.Scalar]).inverted)
        case "^": return .assertion(.lineStart)
        case "$": return .assertion(.lineEnd)
        case "\\": return try escape()
        case "*", "+", "?": throw PatternFault("'\(scalar)' has nothing to repeat")
        default: return .set(literal(scalar))
        }
    }

    private func literal(_ scalar: Unicode.Scalar) -> ScalarSet {
        ScalarSet(ignoresCase ? UnicodeProperties.caseVariants(of: scalar) + [scalar] : [scalar])
    }

    private mutating func group() throws(PatternFault) -> PatternNode? {
        let outer = ignoresCase
        var wrap: (PatternNode) throws(PatternFault) -> PatternNode = { $0 }
        if take("?") {
            if take("i)") {
                ignoresCase = true
                return nil
            }
            if take("-i)") {
                ignoresCase = false
                return nil
            }
            if take("i:") {
                ignoresCase = true
            } else if take("-i:") {
                ignoresCase = false
            } else if take("=") {
                wrap = { .lookahead($0, isNegative: false) }
            } else if take("!") {
                wrap = { .lookahead($0, isNegative: true) }
            } else if take(">") {
                wrap = { .atomic($0) }
            } else if take("<=") {
                wrap = { (node) throws(PatternFault) in try PatternParser.lookbehind(node, isNegative: false) }
            } else if take("<!") {
                wrap = { (node) throws(PatternFault) in try PatternParser.lookbehind(node, isNegative: true) }
            } else if !take(":") {
                let rest = String(String.UnicodeScalarView(scalars[cursor...].prefix(3)))
                throw PatternFault("a group '(?\(rest)' is not supported")
            }
        }
        let node = try alternatives()
        guard take(")") else { throw PatternFault("a group does not end") }
        ignoresCase = outer
        return try wrap(node)
    }

    private static func lookbehind(_ node: PatternNode, isNegative: Bool) throws(PatternFault) -> PatternNode {
        guard case .set(let set) = node else {
            throw PatternFault("look-behind is supported for one character only")
        }
        return .lookbehind(set, isNegative: isNegative)
    }

    private mutating func escape() throws(PatternFault) -> PatternNode {
        switch current {
        case "A":
            cursor += 1
            return .assertion(.textStart)
        case "z":
            cursor += 1
            return .assertion(.textEnd)
        case "b":
            cursor += 1
            return .assertion(.wordBoundary)
        case "B":
            cursor += 1
            return .assertion(.noWordBoundary)
        default:
            switch try escapedItem() {
            case .scalar(let scalar): return .set(literal(scalar))
            case .set(let set): return .set(set)
            }
        }
    }

    // MARK: Classes

    private enum Item {
        case scalar(Unicode.Scalar)
        case set(ScalarSet)
    }

    /// What follows a backslash, in a class or outside.
    private mutating func escapedItem() throws(PatternFault) -> Item {
        let scalar = try next("what is escaped")
        switch scalar {
        case "n": return .scalar("\n")
        case "r": return .scalar("\r")
        case "t": return .scalar("\t")
        case "f": return .scalar("\u{0C}")
        case "v": return .scalar("\u{0B}")
        case "a": return .scalar("\u{07}")
        case "e": return .scalar("\u{1B}")
        case "s": return .set(UnicodeProperties.space)
        case "S": return .set(UnicodeProperties.space.inverted)
        case "w": return .set(UnicodeProperties.word)
        case "W": return .set(UnicodeProperties.word.inverted)
        case "d": return .set(try property("Nd"))
        case "D": return .set(try property("Nd").inverted)
        case "p", "P":
            let set = try bracedProperty()
            return .set(scalar == "P" ? set.inverted : set)
        case "x":
            guard take("{") else { return .scalar(try code(digits: 2)) }
            let value = try code(digits: 8)
            guard take("}") else { throw PatternFault("'\\x{' does not end") }
            return .scalar(value)
        case "u": return .scalar(try code(digits: 4))
        case _ where scalar.isASCII && (scalar.properties.isAlphabetic || digit(scalar, radix: 10) != nil):
            throw PatternFault("'\\\(scalar)' is not supported")
        default: return .scalar(scalar)
        }
    }

    private mutating func code(digits: Int) throws(PatternFault) -> Unicode.Scalar {
        var value: UInt32 = 0
        var count = 0
        while count < digits, let scalar = current, let digit = digit(scalar, radix: 16) {
            value = value &* 16 &+ UInt32(digit)
            count += 1
            cursor += 1
        }
        guard count > 0, let scalar = Unicode.Scalar(value) else {
            throw PatternFault("it names a scalar that is none")
        }
        return scalar
    }

    private mutating func bracedProperty() throws(PatternFault) -> ScalarSet {
        guard take("{") else { throw PatternFault("'\\p' needs a name in braces") }
        let isNegative = take("^")
        var name = ""
        while let scalar = current, scalar != "}" {
            name.unicodeScalars.append(scalar)
            cursor += 1
        }
        guard take("}") else { throw PatternFault("'\\p{' does not end") }
        if ignoresCase { throw PatternFault("a property where case is ignored is not supported") }
        let set = try property(name)
        return isNegative ? set.inverted : set
    }

    private func property(_ name: String) throws(PatternFault) -> ScalarSet {
        guard let set = UnicodeProperties.property(name) else {
            throw PatternFault("the property '\\p{\(name)}' is not supported")
        }
        return set
    }

    /// A class after its `[`.
    private mutating func characterClass() throws(PatternFault) -> ScalarSet {
        depth += 1
        defer { depth -= 1 }
        guard depth <= PatternParser.depthLimit else { throw PatternFault("its classes are nested too deeply") }
        let isNegative = take("^")
        var set = ScalarSet.none
        var others: ScalarSet?
        var isEmpty = true
        while !take("]") {
            if take("&&") {
                others = others.map { $0.intersection(set) } ?? set
                set = .none
                continue
            }
            set = set.union(try classItem())
            isEmpty = false
        }
        guard !isEmpty else { throw PatternFault("a class is empty") }
        if let others { set = set.intersection(others) }
        return isNegative ? set.inverted : set
    }

    private mutating func classItem() throws(PatternFault) -> ScalarSet {
        if take("[:") { throw PatternFault("a POSIX bracket '[:' is not supported") }
        if take("[") { return try characterClass() }
        let first: Unicode.Scalar
        switch try classScalar() {
        case .set(let set): return set
        case .scalar(let scalar): first = scalar
        }
        guard current == "-", cursor + 1 < scalars.count, scalars[cursor + 1] != "]" else { return literal(first) }
        cursor += 1
        guard case .scalar(let last) = try classScalar(), first <= last else {
            throw PatternFault("a range of a class is not ascending")
        }
        let range = ScalarSet([first.value...last.value])
        guard ignoresCase else { return range }
        guard last.value - first.value < 1_000 else {
            throw PatternFault("a long range where case is ignored is not supported")
        }
        return (first.value...last.value).compactMap(Unicode.Scalar.init).reduce(range) { $0.union(literal($1)) }
    }

    private mutating func classScalar() throws(PatternFault) -> Item {
        let scalar = try next("']'")
        return scalar == "\\" ? try escapedItem() : .scalar(scalar)
    }
}
