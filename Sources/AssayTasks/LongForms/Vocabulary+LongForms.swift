extension Vocabulary {
    /// The words of the long-form tasks: tokens 368, 369, ..., at most 16.
    static let longFormWords: [String] = [
        "conversation", "instruction", "reread", "user", "assistant", "say", "part-1", "part-2", "part-3", "part-4",
    ]

    /// Marks a sequence of `conversation`.
    public static let conversationTask: Int32 = 368
    /// Marks a sequence of `instruction`.
    public static let instructionTask: Int32 = 369
    /// Marks a sequence of `reread-recall`.
    public static let rereadTask: Int32 = 370
    /// Starts what the user says.
    public static let user: Int32 = 371
    /// Starts what the assistant says.
    public static let assistant: Int32 = 372
    /// Gives an instruction: the part that follows is to be named.
    public static let say: Int32 = 373
    /// The first part of a fact; three more follow.
    public static let firstPart: Int32 = 374
    /// Parts of facts.
    public static let partCount = 4
}
