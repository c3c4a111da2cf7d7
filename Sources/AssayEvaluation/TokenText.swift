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
}
