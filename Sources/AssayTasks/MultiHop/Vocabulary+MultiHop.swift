extension Vocabulary {
    /// The words of the multi-hop tasks: tokens 288, 289, ..., at most 32.
    static let multiHopWords: [String] = [
        "hop-induction", "pointers", "kinship", "tree", "ladder", "deduction", "story", "boxes", "topological",
        "counters",
        "if", "is", "&", "->", "yes", "no", "goes", "takes", "sends", "where", "who", "was", "puts", "moves", "removes",
        "ancestors",
    ]

    /// Marks a sequence of `hop-induction`.
    public static let hopInductionTask: Int32 = 288
    /// Marks a sequence of `pointer-table`.
    public static let pointerTask: Int32 = 289
    /// Marks a sequence of `kinship`.
    public static let kinshipTask: Int32 = 290
    /// Marks a sequence of `arithmetic-tree`.
    public static let treeTask: Int32 = 291
    /// Marks a sequence of `operation-ladder`.
    public static let ladderTask: Int32 = 292
    /// Marks a sequence of `deduction`.
    public static let deductionTask: Int32 = 293
    /// Marks a sequence of `story`.
    public static let storyTask: Int32 = 294
    /// Marks a sequence of `boxes`.
    public static let boxesTask: Int32 = 295
    /// Marks a sequence of `topological-order`.
    public static let orderTask: Int32 = 296
    /// Marks a sequence of `modular-counter`.
    public static let counterTask: Int32 = 297

    /// Before what is assumed in a question.
    public static let assuming: Int32 = 298
    /// States that a proposition holds.
    public static let holds: Int32 = 299
    /// Between the premises of a rule.
    public static let and: Int32 = 300
    /// Before the conclusion of a rule, and before the head of an edge.
    public static let arrow: Int32 = 301
    /// The answer that something holds.
    public static let yes: Int32 = 302
    /// The answer that something does not hold.
    public static let no: Int32 = 303
    /// Someone goes somewhere.
    public static let goes: Int32 = 304
    /// Someone takes something.
    public static let takes: Int32 = 305
    /// Someone sends something to someone.
    public static let sends: Int32 = 306
    /// Asks where someone or something is.
    public static let whereIs: Int32 = 307
    /// Asks who has something.
    public static let whoHas: Int32 = 308
    /// Asks where someone or something was before.
    public static let whereWas: Int32 = 309
    /// Something is put into a box.
    public static let puts: Int32 = 310
    /// What is in a box is moved to another.
    public static let moves: Int32 = 311
    /// What is in a box is taken out.
    public static let removes: Int32 = 312
    /// Asks for all ancestors in order.
    public static let ancestors: Int32 = 313
}
