import AssayCore
import Foundation

/// A tokenizer as released models bring it: byte-pair merges over bytes or over characters, with the steps before and
/// after them.
///
/// Ids are those of the package `tokenizers` (0.23) for the same `tokenizer.json`. Settings of the file for truncation and
/// padding are not applied: they belong to the making of batches, and `transformers` does not apply them either.
public struct Tokenizer: Sendable {
    /// What the file says, read and checked.
    struct Parts: Sendable {
        var model: BytePairModel
        var normalizers: [TokenizerNormalizer] = []
        var preTokenizers: [PreTokenizer] = []
        /// nil joins tokens with spaces, as the package does.
        var decoders: [TokenDecoder]?
        /// Ids in front of a text and after it.
        var prefix: [UInt32] = []
        var suffix: [UInt32] = []
        /// Each with its number, in the order of the file.
        var added: [(token: AddedToken, id: UInt32)] = []
    }

    private let parts: Parts
    private let addedTexts: [UInt32: AddedToken]
    private let addedIDs: [[UInt8]: UInt32]
    /// What added tokens that are looked for in normalised text decode to: the package keeps their normal form.
    private let normalTexts: [UInt32: String]
    private let rawTokens: AddedTokens
    private let normalizedTokens: AddedTokens
    /// One more than the highest id.
    public let vocabularySize: Int

    init(_ parts: Parts, location: String) throws {
        self.parts = parts
        var texts: [UInt32: AddedToken] = [:]
        var ids: [[UInt8]: UInt32] = [:]
        var raw: [(token: AddedToken, id: UInt32, bytes: [UInt8])] = []
        var normalized = raw
        var normalTexts: [UInt32: String] = [:]
        // Special tokens first: of two that look alike after normalisation, the first is found.
        for (token, id) in parts.added.filter(\.token.isSpecial) + parts.added.filter({ !$0.token.isSpecial }) {
            texts[id] = token
            ids[Array(token.text.utf8)] = id
            guard token.isNormalized else {
                raw.append((token, id, Array(token.text.utf8)))
                continue
            }
            let bytes = try Tokenizer.normalize(Array(token.text.utf8), parts.normalizers)
            guard !bytes.isEmpty else {
                throw AssayError.badInput("the added token '\(token.text)' is empty after normalisation", at: location)
            }
            normalized.append((token, id, bytes))
            normalTexts[id] = String(decoding: bytes, as: UTF8.self)
        }
        addedTexts = texts
        addedIDs = ids
        self.normalTexts = normalTexts
        rawTokens = AddedTokens(raw)
        normalizedTokens = AddedTokens(normalized)
        vocabularySize = 1 + max(parts.model.highestID, texts.keys.map { Int($0) }.max() ?? -1)
    }

    // MARK: Encoding

    /// The ids of a text.
    /// - Parameter addsSpecialTokens: whether the tokens that the file puts around a text, such as that of its beginning,
    ///   are added.
    /// - Throws: ``AssayError`` when a pattern of the file needs more steps than a sound one can, or when the unknown token
    ///   is needed and missing.
    public func encode(_ text: String, addsSpecialTokens: Bool = true) throws -> [Int] {
        try encode(valid: Array(text.utf8), addsSpecialTokens)
    }

    /// The ids of bytes that may not be UTF-8: wrong bytes become U+FFFD first, one for each maximal part of a sequence, as
    /// Python's `bytes.decode("utf-8", "replace")` makes them.
    public func encode(bytes: [UInt8], addsSpecialTokens: Bool = true) throws -> [Int] {
        try encode(String(decoding: bytes, as: UTF8.self), addsSpecialTokens: addsSpecialTokens)
    }

    private func encode(valid text: [UInt8], _ addsSpecialTokens: Bool) throws -> [Int] {
        var ids = addsSpecialTokens ? parts.prefix : []
        var words = WordEncoder(parts.model)
        for part in rawTokens.parts(of: text) {
            if let id = part.id {
                ids.append(id)
                continue
            }
            let isWhole = part.range.count == text.count
            let normal = try Tokenizer.normalize(isWhole ? text : Array(text[part.range]), parts.normalizers)
            let beginsText = part.range.lowerBound == 0
            for inner in normalizedTokens.parts(of: normal) {
                if let id = inner.id {
                    ids.append(id)
                } else {
                    let isWhole = inner.range.count == normal.count
                    try encode(
                        plain: isWhole ? normal : Array(normal[inner.range]),
                        beginsText: beginsText && inner.range.lowerBound == 0, with: &words, into: &ids)
                }
            }
        }
        if addsSpecialTokens { ids += parts.suffix }
        return ids.map { Int($0) }
    }

    private func encode(
        plain text: [UInt8], beginsText: Bool, with words: inout WordEncoder, into ids: inout [UInt32]
    ) throws {
        var pieces = TextPieces(text: text, ranges: text.isEmpty ? [] : [0..<text.count], beginsText: beginsText)
        for step in parts.preTokenizers { try step.apply(&pieces) }
        try pieces.text.withUnsafeBufferPointer { buffer in
            for range in pieces.ranges {
                try words.append(UnsafeBufferPointer(rebasing: buffer[range]), to: &ids)
            }
        }
    }

    private static func normalize(_ text: [UInt8], _ steps: [TokenizerNormalizer]) throws -> [UInt8] {
        try steps.reduce(text) { try $1.apply($0) }
    }

    // MARK: Decoding

    /// The text of ids; ids without a token are left out, as in the package.
    /// - Throws: ``AssayError`` when a pattern of the file needs more steps than a sound one can.
    public func decode(_ ids: some Sequence<Int>, skipsSpecialTokens: Bool = true) throws -> String {
        var tokens: [[UInt8]] = []
        for id in ids {
            guard let text = UInt32(exactly: id).flatMap({ normalTexts[$0] }) ?? token(id) else { continue }
            if skipsSpecialTokens, isSpecial(text) { continue }
            tokens.append(Array(text.utf8))
        }
        guard let decoders = parts.decoders else {
            return String(decoding: Array(tokens.joined(separator: [UInt8(ascii: " ")])), as: UTF8.self)
        }
        let texts = try decoders.reduce(tokens) { try $1.apply($0) }
        return String(decoding: Array(texts.joined()), as: UTF8.self)
    }

    /// The token of an id as it is spelled in the file; nil when there is none.
    public func token(_ id: Int) -> String? {
        UInt32(exactly: id).flatMap { addedTexts[$0]?.text } ?? parts.model.text(of: id)
    }

    /// The id of a token as it is spelled in the file; nil when there is none.
    public func id(of token: String) -> Int? {
        addedIDs[Array(token.utf8)].map { Int($0) } ?? parts.model.id(of: token)
    }

    /// Whether a token is left out when ids are decoded without special tokens.
    public func isSpecial(_ token: String) -> Bool {
        guard let id = addedIDs[Array(token.utf8)] else { return false }
        return addedTexts[id]?.isSpecial ?? false
    }
}
