/// A text and the pieces of it that are tokenised one by one.
struct TextPieces {
    var text: [UInt8]
    var ranges: [Range<Int>]
    /// Whether the text is the beginning of what the user gave, and not what follows an added token.
    let beginsText: Bool
}

/// A step that splits a text into words.
///
/// Source: the package `tokenizers`, `pre_tokenizers/`.
enum PreTokenizer: Sendable {
    /// When a Metaspace puts its sign in front of a piece.
    enum PrependScheme: String, Sendable, CaseIterable {
        case always, first, never
    }

    case split(TextSplitter)
    /// Bytes are what is tokenised: the last step. A space may be put in front of every piece that has none.
    case byteLevel(addsPrefixSpace: Bool, TextSplitter?)
    /// Spaces become the sign `▁`; pieces begin at signs when there is a splitter.
    case metaspace(sign: [UInt8], PrependScheme, TextSplitter?)

    /// The expression of GPT-2, by which the byte-level step splits.
    static let byteLevelPattern =
        #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

    /// Splits the pieces further.
    func apply(_ pieces: inout TextPieces) throws {
        switch self {
        case .split(let splitter): try PreTokenizer.split(&pieces, splitter)
        case .byteLevel(let addsPrefixSpace, let splitter):
            if addsPrefixSpace {
                rewrite(&pieces) { piece, result, _ in
                    if piece.first != UInt8(ascii: " ") { result.append(UInt8(ascii: " ")) }
                    result += piece
                }
            }
            if let splitter { try PreTokenizer.split(&pieces, splitter) }
        case .metaspace(let sign, let scheme, let splitter):
            let beginsText = pieces.beginsText
            rewrite(&pieces) { piece, result, start in
                let prepends = scheme == .always || scheme == .first && start == 0 && beginsText
                if prepends, piece.first != UInt8(ascii: " "), !piece.starts(with: sign) { result += sign }
                for byte in piece { if byte == UInt8(ascii: " ") { result += sign } else { result.append(byte) } }
            }
            if let splitter { try PreTokenizer.split(&pieces, splitter) }
        }
    }

    private static func split(_ pieces: inout TextPieces, _ splitter: TextSplitter) throws {
        var ranges: [Range<Int>] = []
        ranges.reserveCapacity(pieces.ranges.count)
        try pieces.text.withUnsafeBufferPointer { text in
            for range in pieces.ranges { try splitter.split(text, range, into: &ranges) }
        }
        pieces.ranges = ranges
    }

    /// Replaces every piece by what is appended for it; the last argument is where the piece began.
    private func rewrite(_ pieces: inout TextPieces, _ body: (ArraySlice<UInt8>, inout [UInt8], Int) -> Void) {
        var text: [UInt8] = []
        text.reserveCapacity(pieces.text.count + pieces.text.count / 4)
        var ranges: [Range<Int>] = []
        for range in pieces.ranges {
            let start = text.count
            body(pieces.text[range], &text, range.lowerBound)
            ranges.append(start..<text.count)
        }
        pieces.text = text
        pieces.ranges = ranges
    }
}
