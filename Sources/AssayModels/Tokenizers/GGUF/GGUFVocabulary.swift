/// What the metadata of a GGUF file says of its tokenizer, as read: the values of the keys `tokenizer.ggml.*`.
public struct GGUFVocabulary: Sendable {
    /// What a token is for: the values of `tokenizer.ggml.token_type`.
    public enum TokenType: Int, Sendable {
        /// A token of the model.
        case normal = 1
        /// The token for what has no other.
        case unknown = 2
        /// A token that stands for no text, such as the beginning of a text.
        case control = 3
        /// A token that is found before all others.
        case userDefined = 4
        /// A token that is not used.
        case unused = 5
        /// The token of a byte, such as `<0x0A>`.
        case byte = 6
    }

    /// `tokenizer.ggml.model`: `gpt2` for byte-level merges, `llama` for SentencePiece with scores.
    public var model: String
    /// `tokenizer.ggml.pre`: the name of the rule that splits words; only for `gpt2`.
    public var preTokenizer: String?
    /// `tokenizer.ggml.tokens`: the tokens; their places are their ids.
    public var tokens: [String]
    /// `tokenizer.ggml.scores`: one for each token; needed for `llama`.
    public var scores: [Float]?
    /// `tokenizer.ggml.token_type`: one for each token; all are normal when missing.
    public var tokenTypes: [Int]?
    /// `tokenizer.ggml.merges`: two tokens each with a space between them; needed for `gpt2`.
    public var merges: [String]?
    /// `tokenizer.ggml.bos_token_id`: the beginning of a text.
    public var beginID: Int?
    /// `tokenizer.ggml.eos_token_id`: the end of a text.
    public var endID: Int?
    /// `tokenizer.ggml.unknown_token_id`.
    public var unknownID: Int?
    /// `tokenizer.ggml.add_bos_token`; what is usual for the model when missing.
    public var addsBegin: Bool?
    /// `tokenizer.ggml.add_eos_token`; no when missing.
    public var addsEnd: Bool?
    /// `tokenizer.ggml.add_space_prefix`; yes for `llama` when missing.
    public var addsSpacePrefix: Bool?

    /// The values that every file has; the others are set one by one.
    public init(model: String, tokens: [String]) {
        self.model = model
        self.tokens = tokens
    }
}
