import AssayCore

extension Tokenizer {
    /// The tokenizer of a GGUF file: the ids that `transformers` gives with the model's own tokenizer.
    ///
    /// `llama` merges by the scores of what is made; spaces are `▁`, bytes fall back to `<0x00>` ... `<0xFF>`. `gpt2`
    /// merges bytes in the order of the file. Control and user-defined tokens are found in the text first.
    /// - Parameter location: where the values are from, for error messages.
    /// - Throws: ``AssayError`` naming the key whose value is missing, contradictory or not supported.
    public init(_ vocabulary: GGUFVocabulary, location: String) throws {
        let reader = GGUFTokenizerReader(vocabulary, location: location)
        try reader.checkCounts()
        let parts =
            switch vocabulary.model {
            case "gpt2": try reader.byteLevel()
            case "llama": try reader.scored()
            default:
                throw AssayError.badInput(
                    "tokenizer.ggml.model is '\(vocabulary.model)', which is not supported", at: location,
                    remedy: "Supported: gpt2, llama")
            }
        try self.init(parts, location: location)
    }
}

/// Turns the values of a GGUF file into the parts of a tokenizer.
private struct GGUFTokenizerReader {
    private let vocabulary: GGUFVocabulary
    private let location: String
    private let components: TokenizerComponents

    init(_ vocabulary: GGUFVocabulary, location: String) {
        self.vocabulary = vocabulary
        self.location = location
        components = TokenizerComponents(location: location)
    }

    private func fault(_ key: String, _ problem: String, remedy: String? = nil) -> AssayError {
        AssayError.badInput("tokenizer.ggml.\(key) \(problem)", at: location, remedy: remedy)
    }

    func checkCounts() throws {
        let count = vocabulary.tokens.count
        guard count > 0 else { throw fault("tokens", "is empty") }
        if let scores = vocabulary.scores, scores.count != count {
            throw fault("scores", "has \(scores.count) values for \(count) tokens")
        }
        if let types = vocabulary.tokenTypes {
            guard types.count == count else {
                throw fault("token_type", "has \(types.count) values for \(count) tokens")
            }
            if let wrong = types.first(where: { GGUFVocabulary.TokenType(rawValue: $0) == nil && $0 != 0 }) {
                throw fault("token_type", "has the unknown value \(wrong)")
            }
        }
        let ids = [
            ("bos_token_id", vocabulary.beginID), ("eos_token_id", vocabulary.endID),
            ("unknown_token_id", vocabulary.unknownID),
        ]
        for (key, id) in ids {
            if let id, !vocabulary.tokens.indices.contains(id) {
                throw fault(key, "is \(id), beyond the \(count) tokens")
            }
        }
    }

    /// Merges over bytes.
    func byteLevel() throws -> Tokenizer.Parts {
        let name = vocabulary.preTokenizer ?? ""
        guard let rule = GGUFPreTokenizer.named(name) else {
            throw fault(
                "pre", name.isEmpty ? "is missing" : "is '\(name)', which is not supported",
                remedy: "Supported: " + GGUFPreTokenizer.names.joined(separator: ", "))
        }
        guard let merges = vocabulary.merges else { throw fault("merges", "is missing") }
        let pairs = try merges.enumerated().map { rank, text -> BytePairModel.RankedMerge in
            guard let (left, right) = BytePairModel.halves(of: text) else {
                throw fault("merges", "has '\(text)', which is not two tokens with a space between them")
            }
            return (left, right, rank)
        }
        var options = BytePairModel.Options()
        options.isByteLevel = true
        options.prefersWholeWords = rule.prefersWholeWords
        var parts = Tokenizer.Parts(model: try model(merges: pairs, options))
        if rule.splitsDigits {
            parts.preTokenizers.append(.split(try components.regexSplitter(#"\p{N}"#, .isolated)))
        }
        for pattern in rule.patterns {
            parts.preTokenizers.append(.split(try components.regexSplitter(pattern, .isolated)))
        }
        parts.preTokenizers.append(.byteLevel(addsPrefixSpace: false, nil))
        parts.decoders = [.byteLevel]
        try addEnds(to: &parts, addsBegin: rule.addsBegin)
        return parts
    }

    /// Merges by the scores of what they make, as SentencePiece has it.
    func scored() throws -> Tokenizer.Parts {
        guard let scores = vocabulary.scores else { throw fault("scores", "is missing") }
        guard scores.allSatisfy(\.isFinite) else { throw fault("scores", "has a value that is not finite") }
        var options = BytePairModel.Options()
        options.usesByteFallback = true
        options.fusesUnknown = true
        options.unknown = vocabulary.unknownID.map { vocabulary.tokens[$0] }
        var parts = Tokenizer.Parts(model: try model(merges: try merges(by: scores), options))
        let sign = Array("▁".utf8)
        let addsSpace = vocabulary.addsSpacePrefix ?? true
        if addsSpace { parts.normalizers.append(.prepend(sign)) }
        parts.normalizers.append(.replaceByte(UInt8(ascii: " "), sign))
        parts.decoders = [.metaspace(sign: sign, dropsFirst: false), .byteFallback, .fuse]
        if addsSpace { parts.decoders?.append(.strip([UInt8(ascii: " ")], start: 1, end: 0)) }
        try addEnds(to: &parts, addsBegin: true)
        return parts
    }

    /// Every way to make a token of two others; the best score first, and equal scores of equal rank.
    private func merges(by scores: [Float]) throws -> [BytePairModel.RankedMerge] {
        var ids: [[UInt8]: Int] = [:]
        for (id, token) in vocabulary.tokens.enumerated() where isMergeable(id) { ids[Array(token.utf8)] = id }
        let order = Set(scores).sorted(by: >)
        let ranks = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
        var merges: [BytePairModel.RankedMerge] = []
        for (id, token) in vocabulary.tokens.enumerated() where isMergeable(id) && token.utf8.count <= 256 {
            var split = token.unicodeScalars.startIndex
            guard split < token.unicodeScalars.endIndex else { continue }
            token.unicodeScalars.formIndex(after: &split)
            while split < token.unicodeScalars.endIndex {
                let (left, right) = (String(token[..<split]), String(token[split...]))
                if ids[Array(left.utf8)] != nil, ids[Array(right.utf8)] != nil {
                    merges.append((left, right, ranks[scores[id]] ?? 0))
                }
                token.unicodeScalars.formIndex(after: &split)
            }
        }
        return merges
    }

    private func type(_ id: Int) -> GGUFVocabulary.TokenType {
        vocabulary.tokenTypes.flatMap { GGUFVocabulary.TokenType(rawValue: $0[id]) } ?? .normal
    }

    /// Whether a token comes from text: control tokens and bytes do not.
    private func isMergeable(_ id: Int) -> Bool { [.normal, .userDefined].contains(type(id)) }

    private func model(
        merges: [BytePairModel.RankedMerge], _ options: BytePairModel.Options
    ) throws -> BytePairModel {
        try BytePairModel(
            vocabulary: vocabulary.tokens.enumerated().map { ($1, $0) }, merges: merges, options: options,
            location: location)
    }

    /// The tokens around a text, and those that are found before all others.
    private func addEnds(to parts: inout Tokenizer.Parts, addsBegin: Bool) throws {
        if vocabulary.addsBegin ?? addsBegin {
            guard let id = vocabulary.beginID else { throw fault("bos_token_id", "is missing, but is to be added") }
            parts.prefix = [UInt32(id)]
        }
        if vocabulary.addsEnd ?? false {
            guard let id = vocabulary.endID else { throw fault("eos_token_id", "is missing, but is to be added") }
            parts.suffix = [UInt32(id)]
        }
        for (id, token) in vocabulary.tokens.enumerated() where !token.isEmpty {
            let type = type(id)
            guard type == .control || type == .userDefined || type == .unknown else { continue }
            parts.added.append((AddedToken(text: token, isSpecial: type != .userDefined), UInt32(id)))
        }
    }
}
