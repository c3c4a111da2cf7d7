import AssayCore

/// A byte-pair model: a vocabulary and merges.
///
/// Source: the package `tokenizers`, `models/bpe/model.rs`.
struct BytePairModel: Sendable {
    /// What a vocabulary says beyond its tokens and merges.
    struct Options: Sendable {
        /// Whether words are bytes, tokens being spelled in the byte alphabet.
        var isByteLevel = false
        /// The token of a scalar that has none.
        var unknown: String?
        /// Whether unknown scalars in a row are one token.
        var fusesUnknown = false
        /// Whether a scalar without a token is spelled by the tokens `<0x00>` ... `<0xFF>` of its bytes.
        var usesByteFallback = false
        /// Whether a word that is a token is taken whole.
        var prefersWholeWords = false
    }

    /// A token with its number.
    typealias Entry = (text: String, id: Int)
    /// Two tokens that join, and when.
    typealias RankedMerge = (left: String, right: String, rank: Int)

    let options: Options
    /// How many tokens there are.
    var count: Int { texts.count }
    /// The highest number of a token; -1 without tokens.
    var highestID: Int { ids.max().map { Int($0) } ?? -1 }

    private let table: ByteStringTable
    /// The number of each string of the table.
    private let ids: [UInt32]
    private let texts: [UInt32: String]
    private let unknown: UInt32?
    private let fallback: [UInt32?]
    /// The tokens of single bytes, or of ASCII scalars.
    private let single: [UInt32?]
    let merges: MergeTable

    /// Checks a vocabulary and its merges.
    /// - Parameter merges: pairs of texts and their ranks, the lowest to be joined first.
    /// - Throws: ``AssayError`` for a token or a number that is given twice, and for a merge whose parts or whole are no
    ///   tokens.
    init(vocabulary: [Entry], merges: [RankedMerge], options: Options, location: String) throws {
        let builder = try Builder(vocabulary, options: options, location: location)
        self.options = options
        self.merges = MergeTable(try merges.map { try builder.merge($0) })
        unknown = options.unknown.flatMap { builder.id(of: $0) }
        fallback = (0..<256).map { options.usesByteFallback ? builder.id(of: BytePairModel.byteToken($0)) : nil }
        table = builder.table
        ids = builder.ids
        texts = builder.texts
        single = (0..<256).map { byte in
            options.isByteLevel || byte < 0x80 ? builder.table.index(of: [UInt8(byte)]).map { builder.ids[$0] } : nil
        }
    }

    /// The name of a byte's token, such as `<0x0A>`.
    static func byteToken(_ byte: Int) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.count == 1 ? "0" : "")\(digits)>"
    }

    /// The number of a token as it is spelled in the file.
    func id(of text: String) -> Int? {
        table.index(of: BytePairModel.key(text, isByteLevel: options.isByteLevel)).map { Int(ids[$0]) }
    }

    /// The bytes by which a token is found: what it stands for, or, when the byte alphabet cannot spell it, a key that no
    /// word is, as 0xFF is never in UTF-8.
    private static func key(_ text: String, isByteLevel: Bool) -> [UInt8] {
        guard isByteLevel else { return Array(text.utf8) }
        return ByteAlphabet.decode(text) ?? [0xFF, 0xFF] + Array(text.utf8)
    }

    /// The token of a number, as it is spelled in the file.
    func text(of id: Int) -> String? { UInt32(exactly: id).flatMap { texts[$0] } }

    /// The number of a word that is one token.
    @inline(__always)
    func wholeWord(_ word: UnsafeBufferPointer<UInt8>) -> UInt32? { table.index(of: word).map { ids[$0] } }

    /// Appends the tokens of a word before any are joined.
    /// - Throws: ``AssayError`` when a scalar has no token and the unknown token is not in the vocabulary.
    func appendParts(of word: UnsafeBufferPointer<UInt8>, to tokens: inout [UInt32]) throws {
        // An unknown token is appended when the next known one comes, as in the package.
        var isUnknown = false
        var position = 0
        while position < word.count {
            var end = position + 1
            if !options.isByteLevel { while end < word.count, word[end] & 0xC0 == 0x80 { end += 1 } }
            let part = UnsafeBufferPointer(rebasing: word[position..<end])
            position = end
            if let id = part.count == 1 ? single[Int(part[0])] : wholeWord(part) {
                if isUnknown { tokens.append(try unknownToken()) }
                isUnknown = false
                tokens.append(id)
            } else if options.usesByteFallback, part.allSatisfy({ fallback[Int($0)] != nil }) {
                tokens += part.compactMap { fallback[Int($0)] }
            } else if options.unknown != nil {
                let token = try unknownToken()
                if isUnknown, !options.fusesUnknown { tokens.append(token) }
                isUnknown = true
            }
        }
        if isUnknown { tokens.append(try unknownToken()) }
    }

    private func unknownToken() throws -> UInt32 {
        guard let unknown else {
            throw AssayError.badInput(
                "the unknown token '\(options.unknown ?? "")' is needed but is not in the vocabulary")
        }
        return unknown
    }
}

extension BytePairModel {
    /// Checks tokens and merges one by one.
    private struct Builder {
        private(set) var table: ByteStringTable
        private(set) var ids: [UInt32] = []
        private(set) var texts: [UInt32: String]
        private let options: Options
        private let location: String

        init(_ vocabulary: [Entry], options: Options, location: String) throws {
            table = ByteStringTable(capacity: vocabulary.count)
            texts = Dictionary(minimumCapacity: vocabulary.count)
            self.options = options
            self.location = location
            ids.reserveCapacity(vocabulary.count)
            for (text, id) in vocabulary {
                guard let id = UInt32(exactly: id), id < UInt32(Int32.max) else {
                    throw AssayError.badInput("the token '\(text)' has the number \(id), out of range", at: location)
                }
                guard key(text).withUnsafeBufferPointer({ table.insert($0) }) != nil else {
                    throw AssayError.badInput("the token '\(text)' is given twice", at: location)
                }
                guard texts.updateValue(text, forKey: id) == nil else {
                    throw AssayError.badInput("two tokens have the number \(id), one is '\(text)'", at: location)
                }
                ids.append(id)
            }
        }

        private func key(_ text: String) -> [UInt8] { BytePairModel.key(text, isByteLevel: options.isByteLevel) }

        func id(of text: String) -> UInt32? { table.index(of: key(text)).map { ids[$0] } }

        func merge(_ merge: RankedMerge) throws -> (left: UInt32, right: UInt32, merge: MergeTable.Merge) {
            var numbers: [UInt32] = []
            for text in [merge.left, merge.right, merge.left + merge.right] {
                guard let id = id(of: text) else {
                    throw AssayError.badInput(
                        "the merge of '\(merge.left)' and '\(merge.right)' needs the token '\(text)',"
                            + " which is not in the vocabulary", at: location)
                }
                numbers.append(id)
            }
            return (numbers[0], numbers[1], MergeTable.Merge(rank: UInt32(merge.rank), result: numbers[2]))
        }
    }
}
