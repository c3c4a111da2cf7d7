/// Turns words into tokens, and remembers those that it has seen.
struct WordEncoder {
    /// Words that are remembered at most, and the longest of them, in bytes.
    private static let wordLimit = 1 << 16
    private static let lengthLimit = 64

    private let model: BytePairModel
    private var merging: BytePairMerging
    private var known = ByteStringTable(capacity: 1024)
    /// The tokens of all known words, one after another, and where each word's end.
    private var tokens: [UInt32] = []
    private var ends: [Int] = []

    init(_ model: BytePairModel) {
        self.model = model
        merging = BytePairMerging(model.merges)
    }

    /// Appends the tokens of a word.
    /// - Throws: ``AssayError`` when the unknown token is needed and missing.
    mutating func append(_ word: UnsafeBufferPointer<UInt8>, to ids: inout [UInt32]) throws {
        let isShort = word.count <= WordEncoder.lengthLimit
        if isShort, let index = known.index(of: word) {
            ids.append(contentsOf: tokens[(index == 0 ? 0 : ends[index - 1])..<ends[index]])
            return
        }
        let start = ids.count
        if model.options.prefersWholeWords, let id = model.wholeWord(word) {
            ids.append(id)
        } else {
            try model.appendParts(of: word, to: &ids)
            merging.merge(&ids, from: start)
        }
        if isShort, known.count < WordEncoder.wordLimit, known.insert(word) != nil {
            tokens.append(contentsOf: ids[start...])
            ends.append(tokens.count)
        }
    }
}
