import Foundation

/// A step that rewrites a text before it is split.
///
/// Source: the package `tokenizers`, `normalizers/`.
enum TokenizerNormalizer: Sendable {
    /// The normal forms of Unicode.
    enum Form: String, Sendable {
        case nfc = "NFC"
        case nfd = "NFD"
        case nfkc = "NFKC"
        case nfkd = "NFKD"
    }

    case form(Form)
    case lowercase
    /// Removes white space at the ends.
    case strip(left: Bool, right: Bool)
    /// Puts a text in front of one that is not empty.
    case prepend([UInt8])
    case replace(TextPattern, [UInt8])
    /// Replaces one byte by a text: what most replacements are.
    case replaceByte(UInt8, [UInt8])

    /// Rewrites a text in UTF-8.
    func apply(_ text: [UInt8]) throws -> [UInt8] {
        switch self {
        case .form(let form): return TokenizerNormalizer.normalize(text, form)
        case .lowercase:
            var result = String.UnicodeScalarView()
            for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
                result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
            }
            return Array(String(result).utf8)
        case .strip(let left, let right):
            let scalars = String(decoding: text, as: UTF8.self).unicodeScalars
            var part = scalars[...]
            if left { part = part.drop { UnicodeProperties.space.contains($0.value) } }
            if right { while let last = part.last, UnicodeProperties.space.contains(last.value) { part.removeLast() } }
            return Array(String(part).utf8)
        case .prepend(let prefix): return text.isEmpty ? text : prefix + text
        case .replace(let pattern, let content): return try pattern.replacing(text, with: content)
        case .replaceByte(let byte, let content):
            guard text.contains(byte) else { return text }
            var result: [UInt8] = []
            result.reserveCapacity(text.count + text.count / 4)
            for other in text { if other == byte { result += content } else { result.append(other) } }
            return result
        }
    }

    private static func normalize(_ text: [UInt8], _ form: Form) -> [UInt8] {
        let string = String(decoding: text, as: UTF8.self)
        if isNormal(text, string, form) { return text }
        let result =
            switch form {
            case .nfc: string.precomposedStringWithCanonicalMapping
            case .nfd: string.decomposedStringWithCanonicalMapping
            case .nfkc: string.precomposedStringWithCompatibilityMapping
            case .nfkd: string.decomposedStringWithCompatibilityMapping
            }
        return Array(result.utf8)
    }

    /// A quick test that most texts pass: scalars that no form changes and that join with no neighbour.
    private static func isNormal(_ text: [UInt8], _ string: String, _ form: Form) -> Bool {
        if text.allSatisfy({ $0 < 0x80 }) { return true }
        guard form == .nfc else { return false }
        return string.unicodeScalars.allSatisfy {
            switch $0.value {
            case 0..<0x300, 0x400..<0x483, 0x3001..<0x3099, 0x30A1..<0x30FF, 0x4E00..<0xA000, 0xAC00..<0xD7A4,
                0x1F300..<0x1FB00:
                true
            default: false
            }
        }
    }
}
