/// Unicode properties by their names in regular expressions.
enum UnicodeProperties {
    /// The scalars of each general category, by its two letters.
    private static let categories: [String: ScalarSet] = {
        var parts: [String: [ClosedRange<UInt32>]] = [:]
        var start: UInt32 = 0
        for run in UnicodeTables.categories.split(separator: " ") {
            let length = UInt32(run.dropFirst(2)) ?? 0
            parts[String(run.prefix(2)), default: []].append(start...start + length - 1)
            start += length
        }
        return parts.mapValues { ScalarSet($0) }
    }()

    private static let scripts: [String: ScalarSet] = [
        "han": ScalarSet(runs: UnicodeTables.scriptHan), "hiragana": ScalarSet(runs: UnicodeTables.scriptHiragana),
        "katakana": ScalarSet(runs: UnicodeTables.scriptKatakana),
        "hangul": ScalarSet(runs: UnicodeTables.scriptHangul), "thai": ScalarSet(runs: UnicodeTables.scriptThai),
        "latin": ScalarSet(runs: UnicodeTables.scriptLatin),
    ]

    private static let longNames = [
        "letter": "L", "mark": "M", "number": "N", "punctuation": "P", "symbol": "S", "separator": "Z", "other": "C",
    ]

    /// `\s`: white space.
    static let space = ScalarSet(runs: "9 5 18 1 100 1 26 1 5599 1 2431 11 29 2 5 1 47 1 4000 1")
    /// `\w` of regular expressions.
    static let word = ScalarSet(runs: UnicodeTables.word)
    /// `\w` of the pre-tokenizer Whitespace and of added tokens that are single words.
    static let wordOfWhitespace = ScalarSet(runs: UnicodeTables.wordOfWhitespace)
    /// What the pre-tokenizer Punctuation splits at.
    static let punctuation = ScalarSet(runs: UnicodeTables.punctuation)
    /// What the pre-tokenizer Digits splits at.
    static let numeric = ScalarSet(runs: UnicodeTables.numeric)

    /// The property of a name such as `L`, `Lu`, `Letter` or `Han`; nil for an unknown one.
    static func property(_ name: String) -> ScalarSet? {
        // Names are compared without case, spaces, hyphens and underscores, as Oniguruma does.
        let plain = name.lowercased().filter { !" -_".contains($0) }
        if let script = scripts[plain] { return script }
        let letters = longNames[plain] ?? plain.prefix(1).uppercased() + plain.dropFirst()
        if let category = categories[letters] { return category }
        guard letters.count == 1 else { return nil }
        let parts = categories.filter { $0.key.hasPrefix(letters) }
        return parts.isEmpty ? nil : ScalarSet(parts.values.flatMap(\.ranges))
    }

    /// All scalars that differ from one only in case, it included (ß and SS, which differ in length, do not count).
    static func caseVariants(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        variants[folded(scalar)] ?? [scalar]
    }

    private static let variants: [Unicode.Scalar: [Unicode.Scalar]] = {
        var groups: [Unicode.Scalar: [Unicode.Scalar]] = [:]
        for name in ["Lu", "Ll", "Lt"] {
            for range in categories[name]?.ranges ?? [] {
                for scalar in range.lazy.compactMap(Unicode.Scalar.init) {
                    groups[folded(scalar), default: []].append(scalar)
                }
            }
        }
        return groups
    }()

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        func single(_ text: String) -> Unicode.Scalar? {
            text.unicodeScalars.count == 1 ? text.unicodeScalars.first : nil
        }
        let upper = single(scalar.properties.uppercaseMapping) ?? scalar
        return single(upper.properties.lowercaseMapping) ?? upper
    }
}
