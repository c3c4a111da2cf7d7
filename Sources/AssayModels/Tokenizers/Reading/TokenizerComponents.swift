import AssayCore

/// Reads the steps of a `tokenizer.json`; one that is not supported is an error that names it.
struct TokenizerComponents {
    /// The file, for error messages.
    let location: String

    // MARK: Normalisers

    /// The steps of a member `normalizer`, in order.
    func normalizers(_ fields: JSONFields?) throws -> [TokenizerNormalizer] {
        guard let fields else { return [] }
        let type = try fields.text("type")
        if let form = TokenizerNormalizer.Form(rawValue: type) { return [.form(form)] }
        switch type {
        case "Sequence": return try fields.objects("normalizers").flatMap { try normalizers($0) }
        case "Lowercase": return [.lowercase]
        case "Strip":
            return [
                .strip(
                    left: try fields.boolean("strip_left", default: true),
                    right: try fields.boolean("strip_right", default: true))
            ]
        case "Prepend": return [.prepend(Array(try fields.text("prepend").utf8))]
        case "Replace":
            let content = Array(try fields.text("content").utf8)
            let source = try fields.object("pattern")
            if let text = try source.optionalText("String"), let byte = text.utf8.first, text.utf8.count == 1 {
                return [.replaceByte(byte, content)]
            }
            return [.replace(try pattern(source), content)]
        default:
            throw unsupported(
                fields, "normaliser",
                ["Sequence", "NFC", "NFD", "NFKC", "NFKD", "Lowercase", "Strip", "Prepend", "Replace"])
        }
    }

    // MARK: Pre-tokenizers

    /// The steps of a member `pre_tokenizer`, in order.
    func preTokenizers(_ fields: JSONFields?) throws -> [PreTokenizer] {
        guard let fields else { return [] }
        switch try fields.text("type") {
        case "Sequence": return try fields.objects("pretokenizers").flatMap { try preTokenizers($0) }
        case "Split":
            let splitter = TextSplitter(
                pattern: try pattern(try fields.object("pattern")), behaviour: try behaviour(fields),
                isInverted: try fields.boolean("invert", default: false))
            return [.split(splitter)]
        case "ByteLevel":
            let usesRegex = try fields.boolean("use_regex", default: true)
            let splitter = try usesRegex ? regexSplitter(PreTokenizer.byteLevelPattern, .isolated) : nil
            return [.byteLevel(addsPrefixSpace: try fields.boolean("add_prefix_space", default: true), splitter)]
        case "Metaspace":
            let sign = try scalar(fields, "replacement", default: "▁")
            let isSplit = try fields.boolean("split", default: true)
            let splitter = try isSplit ? setSplitter(ScalarSet([sign]), "Metaspace", .mergedWithNext) : nil
            return [.metaspace(sign: Array(String(sign).utf8), try prependScheme(fields), splitter)]
        case "Digits":
            let isSingle = try fields.boolean("individual_digits", default: false)
            return [.split(try setSplitter(UnicodeProperties.numeric, "Digits", isSingle ? .isolated : .contiguous))]
        case "Punctuation":
            let behaviour = try fields.value("behavior") == nil ? .isolated : try behaviour(fields)
            return [.split(try setSplitter(UnicodeProperties.punctuation, "Punctuation", behaviour))]
        case "Whitespace": return [.split(try whitespaceSplitter())]
        case "WhitespaceSplit":
            return [.split(try setSplitter(UnicodeProperties.space, "WhitespaceSplit", .removed))]
        default:
            throw unsupported(
                fields, "pre-tokenizer",
                [
                    "Sequence", "Split", "ByteLevel", "Metaspace", "Digits", "Punctuation", "Whitespace",
                    "WhitespaceSplit",
                ])
        }
    }

    /// Splits at the matches of a regular expression.
    func regexSplitter(_ regex: String, _ behaviour: TextSplitter.Behaviour) throws -> TextSplitter {
        TextSplitter(pattern: try compile(regex, "pre_tokenizer") { try TextPattern(regex: $0) }, behaviour: behaviour)
    }

    private func setSplitter(
        _ set: ScalarSet, _ name: String, _ behaviour: TextSplitter.Behaviour
    ) throws -> TextSplitter {
        TextSplitter(
            pattern: try compile(name, "pre_tokenizer") { try TextPattern(set, named: $0) }, behaviour: behaviour)
    }

    /// `\w+|[^\w\s]+`, with the words of the package's own rules.
    private func whitespaceSplitter() throws -> TextSplitter {
        let word = UnicodeProperties.wordOfWhitespace
        let other = word.union(UnicodeProperties.space).inverted
        let pattern = try compile("Whitespace", "pre_tokenizer") { try TextPattern(runsOf: [word, other], named: $0) }
        return TextSplitter(pattern: pattern, behaviour: .removed, isInverted: true)
    }

    private func behaviour(_ fields: JSONFields) throws -> TextSplitter.Behaviour {
        let name = try fields.text("behavior")
        guard let behaviour = TextSplitter.Behaviour(rawValue: name) else {
            throw fields.fault(
                "behavior", "is '\(name)', which is unknown",
                remedy: Suggestion.remedy(for: name, among: TextSplitter.Behaviour.allCases.map(\.rawValue)))
        }
        return behaviour
    }

    private func prependScheme(_ fields: JSONFields) throws -> PreTokenizer.PrependScheme {
        let name = try fields.optionalText("prepend_scheme")
        guard let scheme = name.map(PreTokenizer.PrependScheme.init(rawValue:)) ?? .always else {
            throw fields.fault("prepend_scheme", "is '\(name ?? "")', which is unknown")
        }
        if try fields.optionalBoolean("add_prefix_space") == false, scheme != .never {
            throw fields.fault("add_prefix_space", "contradicts prepend_scheme, which is \(scheme.rawValue)")
        }
        return scheme
    }

    // MARK: Decoders

    /// The steps of a member `decoder`, in order.
    func decoders(_ fields: JSONFields) throws -> [TokenDecoder] {
        switch try fields.text("type") {
        case "Sequence": return try fields.objects("decoders").flatMap { try decoders($0) }
        case "ByteLevel": return [.byteLevel]
        case "ByteFallback": return [.byteFallback]
        case "Fuse": return [.fuse]
        case "Replace":
            let content = Array(try fields.text("content").utf8)
            return [.replace(try pattern(try fields.object("pattern")), content)]
        case "Strip":
            let content = try scalar(fields, "content", default: " ")
            let limit = 0...1_000_000
            return [
                .strip(
                    Array(String(content).utf8), start: try fields.integer("start", in: limit),
                    end: try fields.integer("stop", in: limit))
            ]
        case "Metaspace":
            let sign = Array(String(try scalar(fields, "replacement", default: "▁")).utf8)
            return [.metaspace(sign: sign, dropsFirst: try prependScheme(fields) != .never)]
        default:
            throw unsupported(
                fields, "decoder",
                ["Sequence", "ByteLevel", "ByteFallback", "Fuse", "Replace", "Strip", "Metaspace"])
        }
    }

    // MARK: Shared

    /// `{"String": ...}` or `{"Regex": ...}`.
    private func pattern(_ fields: JSONFields) throws -> TextPattern {
        if let text = try fields.optionalText("String") {
            return try compile(text, fields.path) { try TextPattern(literal: $0) }
        }
        return try compile(try fields.text("Regex"), fields.path) { try TextPattern(regex: $0) }
    }

    private func compile(_ source: String, _ path: String, _ body: (String) throws -> TextPattern) throws -> TextPattern
    {
        do {
            return try body(source)
        } catch let fault as PatternFault {
            throw AssayError.badInput("\(path): the pattern '\(source)' cannot be used: \(fault.problem)", at: location)
        }
    }

    private func scalar(
        _ fields: JSONFields, _ name: String, default standard: Unicode.Scalar
    ) throws -> Unicode.Scalar {
        guard let text = try fields.optionalText(name) else { return standard }
        guard let scalar = text.unicodeScalars.first, text.unicodeScalars.count == 1 else {
            throw fields.fault(name, "must be one character")
        }
        return scalar
    }

    private func unsupported(_ fields: JSONFields, _ what: String, _ supported: [String]) -> AssayError {
        let name = (try? fields.text("type")) ?? ""
        return fields.fault(
            "type", "is '\(name)', which is not supported as a \(what)",
            remedy: "Supported: " + supported.joined(separator: ", "))
    }
}
