import AssayCore

/// Reads a transcript of ``FileTree``.
struct FileReader: WorldReader {
    let facts: Int
    private var replacements: ArraySlice<Int32>
    private var word: Int32
    private var next: [Int32]?
    private var tag: Int32 = Vocabulary.padding
    private var following: Int32 = Vocabulary.padding

    /// Takes `goal`, the first word and the replacements.
    init?(_ prompt: [Int32]) {
        guard prompt.count >= 3, prompt[0] == Vocabulary.goal, prompt.dropFirst().allSatisfy(FileState.words.contains)
        else { return nil }
        word = prompt[1]
        replacements = prompt[2...]
        facts = replacements.count
        next = ToolSignature.call(Vocabulary.search, word)
    }

    var load: Int { facts }
    var isLast: Bool { replacements.isEmpty }
    var expected: [Int32]? { replacements.isEmpty ? ToolSignature.call(Vocabulary.submit) : next }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        let said = Array(observation.dropFirst())
        guard isRight else {
            let isOther = action.first == Vocabulary.openFile && said.count == 2 && said[1] == Vocabulary.nothing
            return isOther ? nil : "a wrong action was answered"
        }
        switch action.first {
        case Vocabulary.search:
            guard said.count == 2 else { return "nothing was found" }
            tag = said[1]
            next = ToolSignature.call(Vocabulary.list, said[0])
        case Vocabulary.list:
            let files = stride(from: 0, to: said.count - 1, by: 2).filter { said[$0 + 1] == tag }
            next = files.first.map { ToolSignature.call(Vocabulary.openFile, said[$0]) }
            return files.count == 1 ? nil : "\(files.count) files have the tag"
        case Vocabulary.openFile:
            guard said.count == 2, said[0] == word, let replacement = replacements.first else { return "no such word" }
            following = said[1]
            next = ToolSignature.call(Vocabulary.edit, action[1], replacement)
        default:
            guard action.count == 4, said == [action[2]] else { return "no edit" }
            replacements = replacements.dropFirst()
            word = following
            next = ToolSignature.call(Vocabulary.search, word)
        }
        return nil
    }
}
