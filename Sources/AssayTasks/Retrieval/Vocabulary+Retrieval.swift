extension Vocabulary {
    /// The words of the retrieval tasks: tokens 256, 257, ..., at most 32.
    static let retrievalWords: [String] = [
        "mqar", "distance", "composed", "noisy", "fuzzy", "selective", "copying", "palindrome", "phone-book",
        "haystack",
        "associative", "common", "frequent", "stacks", "induction", "push", "pop", "same",
    ]

    /// Marks a sequence of `mqar`.
    public static let mqarTask: Int32 = 256
    /// Marks a sequence of `distance-recall`.
    public static let distanceTask: Int32 = 257
    /// Marks a sequence of `compositional-recall`.
    public static let compositionalTask: Int32 = 258
    /// Marks a sequence of `noisy-recall`.
    public static let noisyTask: Int32 = 259
    /// Marks a sequence of `fuzzy-recall`.
    public static let fuzzyTask: Int32 = 260
    /// Marks a sequence of `selective-copying`.
    public static let selectiveTask: Int32 = 261
    /// Marks a sequence of `copying`.
    public static let copyingTask: Int32 = 262
    /// Marks a sequence of `palindrome`.
    public static let palindromeTask: Int32 = 263
    /// Marks a sequence of `phone-book`.
    public static let phoneBookTask: Int32 = 264
    /// Marks a sequence of `needle-haystack`.
    public static let haystackTask: Int32 = 265
    /// Marks a sequence of `associative-needle`.
    public static let associativeTask: Int32 = 266
    /// Marks a sequence of `common-words`.
    public static let commonTask: Int32 = 267
    /// Marks a sequence of `frequent-words`.
    public static let frequentTask: Int32 = 268
    /// Marks a sequence of `stacks`.
    public static let stacksTask: Int32 = 269
    /// Marks a sequence of `induction`.
    public static let inductionTask: Int32 = 270
    /// Puts an element on a stack: `push stack element`.
    public static let push: Int32 = 271
    /// Takes the top element off a stack: `pop stack element`.
    public static let pop: Int32 = 272
    /// States that two words mean the same: `same word synonym`.
    public static let same: Int32 = 273
}

extension SymbolRange {
    /// Second parts of keys and of names, and the words of running text: symbols that no other role uses.
    static let words = SymbolRange(offset: 144, count: 48)
}
