/// The tokens of the symbolic rendering: few, and the same for every task, so that one small model can learn them all.
public enum Vocabulary {
    /// Fills sequences up to their length; never a target.
    public static let padding: Int32 = 0
    /// Starts every sequence.
    public static let start: Int32 = 1
    /// Ends an answer of several tokens, and an agent's action.
    public static let end: Int32 = 2
    /// Separates the parts of a sequence.
    public static let separator: Int32 = 3
    /// Announces a question.
    public static let query: Int32 = 4
    /// Announces an answer.
    public static let answer: Int32 = 5

    /// Names of the tokens below ``firstSymbol``, in order; tasks take theirs by name.
    public static let controlNames: [String] = [
        "<pad>", "<s>", "</s>", ";", "?", "=",
    ]

    /// The first symbol token; those below are control tokens.
    public static let firstSymbol: Int32 = 64
    /// Symbols `s0`, `s1`, ...: keys, values, names, places.
    public static let symbolCount = 192
    /// All tokens.
    public static let count = Int(firstSymbol) + symbolCount
}
