/// The rules that split words, by the names in GGUF files.
///
/// Source: llama.cpp, `src/llama-vocab.cpp`; the expressions are those of the models' own `tokenizer.json`.
struct GGUFPreTokenizer: Sendable {
    /// Applied one after the other: each splits the pieces of the one before at its matches.
    let patterns: [String]
    /// Whether runs of digits are taken apart first.
    var splitsDigits = false
    /// Whether a word that is a token is taken whole.
    var prefersWholeWords = false
    /// Whether the beginning of a text is marked unless the file says otherwise.
    var addsBegin = false

    /// The rule of a name; nil for an unknown one.
    static func named(_ name: String) -> GGUFPreTokenizer? { rules[name] }

    /// All names, sorted.
    static var names: [String] { rules.keys.sorted() }

    private static let rules: [String: GGUFPreTokenizer] = {
        let gpt2 = GGUFPreTokenizer(patterns: [PreTokenizer.byteLevelPattern])
        let digits = GGUFPreTokenizer(patterns: [PreTokenizer.byteLevelPattern], splitsDigits: true)
        let llama3 = GGUFPreTokenizer(patterns: [numbered("{1,3}")], prefersWholeWords: true, addsBegin: true)
        let qwen2 = GGUFPreTokenizer(patterns: [numbered("")])
        let o200k = GGUFPreTokenizer(patterns: [o200kPattern])
        return [
            "gpt-2": gpt2, "granite-docling": gpt2, "olmo": gpt2,
            "smollm": digits, "refact": digits, "starcoder": digits, "command-r": digits, "codeshell": digits,
            "llama-bpe": llama3, "llama3": llama3, "llama-v3": llama3, "lfm2": llama3, "falcon3": llama3,
            "falcon-h1": llama3, "pixtral": llama3, "dbrx": GGUFPreTokenizer(patterns: [numbered("{1,3}")]),
            "smaug-bpe": GGUFPreTokenizer(patterns: [numbered("{1,3}")]),
            "qwen2": qwen2, "stablelm2": qwen2, "deepseek-r1-qwen": qwen2,
            "qwen35": GGUFPreTokenizer(patterns: [qwen35Pattern]),
            "gpt-4o": o200k, "minimax-m2": o200k,
            "deepseek-v3": GGUFPreTokenizer(patterns: deepseek3Patterns),
        ]
    }()

    /// The expression of Llama 3 and Qwen 2, which differ in how many digits go together.
    private static func numbered(_ digits: String) -> String {
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + digits
            + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }

    private static let qwen35Pattern =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}"#
        + #"| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static let o200kPattern =
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
        + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
        + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    private static let deepseek3Patterns = [
        #"\p{N}{1,3}"#, "[一-龥\u{3040}-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
            + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
    ]
}
