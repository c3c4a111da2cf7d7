import AssayTasks

/// Tokens as people read them.
enum TokenText {
    /// Longest text that is kept of what a model said.
    private static let limit = 400

    /// Vocabulary names joined by spaces, cut at a bound.
    static func text(_ tokens: some Sequence<Int32>) -> String {
        var text = ""
        for token in tokens {
            let name = Vocabulary.name(of: token)
            if text.utf8.count + name.utf8.count >= limit { return text + " ..." }
            if !text.isEmpty { text += " " }
            text += name
        }
        return text
    }

    /// The tokens of a text that ``text(_:)`` made; nil when it was cut, or names what is no token.
    static func tokens(_ text: String) -> [Int32]? {
        var tokens: [Int32] = []
        for name in text.split(separator: " ") {
            guard let token = byName[String(name)] else { return nil }
            tokens.append(token)
        }
        return tokens
    }

    /// Names that mean one token.
    private static let byName = Dictionary(grouping: 0..<Int32(Vocabulary.count), by: Vocabulary.name(of:))
        .compactMapValues { $0.count == 1 ? $0[0] : nil }
}
