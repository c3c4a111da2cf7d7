import AssayCore

/// A token that is found in the text before anything else is.
struct AddedToken: Sendable, Hashable {
    let text: String
    /// Whether it is left out when ids are decoded without special tokens.
    var isSpecial = false
    /// Whether it is looked for in the text after normalisation.
    var isNormalized = false
    /// Whether it must not touch another word.
    var isSingleWord = false
    /// Whether it takes the white space before it.
    var stripsLeft = false
    /// Whether it takes the white space after it.
    var stripsRight = false
}

/// Finds added tokens: leftmost first, of those that begin together the longest.
///
/// Source: the package `tokenizers`, `tokenizer/added_vocabulary.rs`.
struct AddedTokens: Sendable {
    /// A part of a text: an added token, or what lies between two.
    struct Part: Hashable {
        let range: Range<Int>
        /// The number of the token; nil for plain text.
        let id: UInt32?
    }

    private struct Node {
        var token: Int?
    }

    private let tokens: [(token: AddedToken, id: UInt32)]
    private var nodes = [Node()]
    private var edges: [Int: Int] = [:]
    private var canBegin = [Bool](repeating: false, count: 256)

    /// - Parameter tokens: each with its number and the bytes that it looks like in the text.
    init(_ tokens: [(token: AddedToken, id: UInt32, bytes: [UInt8])]) {
        self.tokens = tokens.map { ($0.token, $0.id) }
        for (index, token) in tokens.enumerated() {
            var node = 0
            for byte in token.bytes {
                let edge = node << 8 | Int(byte)
                if let next = edges[edge] {
                    node = next
                } else {
                    nodes.append(Node())
                    edges[edge] = nodes.count - 1
                    node = nodes.count - 1
                }
            }
            if let first = token.bytes.first { canBegin[Int(first)] = true }
            if nodes[node].token == nil { nodes[node].token = index }
        }
    }

    /// Cuts a text at its added tokens.
    func parts(of text: [UInt8]) -> [Part] {
        guard !tokens.isEmpty else { return [Part(range: 0..<text.count, id: nil)] }
        var parts: [Part] = []
        var done = 0
        var position = 0
        while position < text.count {
            guard canBegin[Int(text[position])], let (index, end) = longest(in: text, at: position) else {
                position += 1
                continue
            }
            let start = position
            position = end
            let (token, id) = tokens[index]
            if token.isSingleWord, AddedTokens.isWord(text, before: start) || AddedTokens.isWord(text, at: end) {
                continue
            }
            let first = token.stripsLeft ? max(AddedTokens.spaceStart(text, before: start), done) : start
            let last = token.stripsRight ? AddedTokens.spaceEnd(text, from: end) : end
            if done < first { parts.append(Part(range: done..<first, id: nil)) }
            parts.append(Part(range: first..<last, id: id))
            done = last
        }
        if done < text.count { parts.append(Part(range: done..<text.count, id: nil)) }
        return parts
    }

    private func longest(in text: [UInt8], at start: Int) -> (token: Int, end: Int)? {
        var node = 0
        var found: (Int, Int)?
        var position = start
        while position < text.count, let next = edges[node << 8 | Int(text[position])] {
            node = next
            position += 1
            if let token = nodes[node].token { found = (token, position) }
        }
        return found
    }

    // MARK: Neighbours

    private static let words = ScalarTable(UnicodeProperties.wordOfWhitespace)

    private static func isWord(_ text: [UInt8], before end: Int) -> Bool {
        guard let scalar = scalar(text, before: end) else { return false }
        return words.view.contains(scalar.value)
    }

    private static func isWord(_ text: [UInt8], at start: Int) -> Bool {
        guard let scalar = scalar(text, at: start) else { return false }
        return words.view.contains(scalar.value)
    }

    private static func spaceStart(_ text: [UInt8], before end: Int) -> Int {
        var start = end
        while let scalar = scalar(text, before: start), UnicodeProperties.space.contains(scalar.value) {
            start -= UTF8.width(scalar)
        }
        return start
    }

    private static func spaceEnd(_ text: [UInt8], from start: Int) -> Int {
        var end = start
        while let scalar = scalar(text, at: end), UnicodeProperties.space.contains(scalar.value) {
            end += UTF8.width(scalar)
        }
        return end
    }

    private static func scalar(_ text: [UInt8], before end: Int) -> Unicode.Scalar? {
        guard end > 0 else { return nil }
        var start = end - 1
        while start > 0, text[start] & 0xC0 == 0x80 { start -= 1 }
        return scalar(text, at: start)
    }

    private static func scalar(_ text: [UInt8], at start: Int) -> Unicode.Scalar? {
        guard start < text.count else { return nil }
        return String(decoding: text[start..<min(start + 4, text.count)], as: UTF8.self).unicodeScalars.first
    }
}
