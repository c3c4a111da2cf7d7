import AssayCore

/// The tree of ``FileTree``, what is known of it, and what its files hold.
struct FileState: World {
    static let directories = SymbolRange(offset: 0, count: 24)
    static let files = SymbolRange(offset: 24, count: 80)
    static let tags = SymbolRange(offset: 104, count: 8)
    static let words = SymbolRange(offset: 112, count: 64)
    static let tools = [
        ToolSignature(Vocabulary.search, ToolArgument("word", words)),
        ToolSignature(Vocabulary.list, ToolArgument("directory", directories)),
        ToolSignature(Vocabulary.openFile, ToolArgument("file", files)),
        ToolSignature(Vocabulary.edit, ToolArgument("file", files), ToolArgument("word", words)),
        ToolSignature(Vocabulary.submit),
    ]

    /// A directory, in which one file holds the word that is searched for.
    struct Directory: Sendable, Hashable {
        let name: Int32
        /// Files as they are shown, each with its tag.
        let files: [Int32]
        let tags: [Int32]
        /// The place of the file with the word.
        let place: Int
        /// The word, and the word that is to be searched for next.
        let word: Int32
        let next: Int32
        /// The words of the other files, in their places.
        let others: [Int32]
    }

    let directories: [Directory]
    /// What each of the words is to be replaced by, in the order of the edits.
    let replacements: [Int32]
    let drawnBits: UInt64
    private var searched: UInt64 = 0
    private var listed: UInt64 = 0
    /// Files that were opened, and what was written into files.
    private var opened: Set<Int32> = []
    private var written: [Int32: Int32] = [:]
    private var lastSaid: LastSaid = .start
    private(set) var isSolved = false
    private(set) var isOver = false

    private enum LastSaid: Hashable {
        case start
        case found(Int)
        case listing(Int)
        case contents(Int)
        case other
    }

    init(directories: [Directory], replacements: [Int32]) {
        (self.directories, self.replacements) = (directories, replacements)
        drawnBits = ContentBits.fast(
            replacements
                + directories.flatMap { [$0.name, $0.word, $0.next, Int32($0.place)] + $0.files + $0.tags + $0.others })
    }

    var tools: [ToolSignature] { Self.tools }
    var facts: Int { directories.count }
    var load: Int { directories.count }
    var prompt: [Int32] {
        [Vocabulary.start, Vocabulary.filesTask, Vocabulary.goal, directories[0].word] + replacements
            + [Vocabulary.act]
    }
    var optimalLength: Int {
        prompt.count + directories.count * (3 + 4 + 3 + 2 + 2 * directories[0].files.count + 3 + 4 + 4 + 3) + 2
    }
    var bits: UInt64 {
        let state = opened.sorted() + written.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        return drawnBits ^ ContentBits.mix(searched ^ ContentBits.mix(listed ^ ContentBits.fast(state)))
    }

    private func has(_ bits: UInt64, _ index: Int) -> Bool { bits >> UInt64(index) & 1 == 1 }

    /// The file of an edit, and whether it holds what it should.
    private func file(_ edit: Int) -> Int32 { directories[edit].files[directories[edit].place] }
    private func isDone(_ edit: Int) -> Bool { written[file(edit)] == replacements[edit] }

    /// Whether a word is known: the first from the prompt, others from the file that was opened.
    private func isKnown(word edit: Int) -> Bool { edit == 0 || opened.contains(file(edit - 1)) }

    /// Files that hold what they should not, and what they held: such must be undone.
    private var spoilt: [(file: Int32, word: Int32)] {
        directories.flatMap { directory in
            directory.files.indices.compactMap { place in
                let file = directory.files[place]
                let wasWrong = place != directory.place && written[file] != nil
                return wasWrong && written[file] != directory.others[place] ? (file, directory.others[place]) : nil
            }
        }
    }

    /// Each edit has to be found by search, listing and opening, in this order, for each shows what the next needs; each file
    /// that was spoilt has to be mended.
    var remainingSteps: Int {
        guard !isOver else { return 0 }
        let edits = directories.indices.reduce(0) { steps, edit in
            if isDone(edit) { return steps }
            if opened.contains(file(edit)) { return steps + 1 }
            return steps + 4 - (has(searched, edit) ? 1 : 0) - (has(listed, edit) ? 1 : 0)
        }
        return edits + spoilt.count + 1
    }

    private var knownWords: [Int32] {
        var words = replacements
        words += directories.indices.filter(isKnown(word:)).map { directories[$0].word }
        for directory in directories {
            for (place, file) in directory.files.enumerated() where opened.contains(file) {
                words.append(place == directory.place ? directory.next : directory.others[place])
            }
        }
        return Set(words).sorted()
    }

    var legalActions: [[Int32]] {
        let words = knownWords
        var actions = words.map { ToolSignature.call(Vocabulary.search, $0) }
        for (index, directory) in directories.enumerated() where has(searched, index) {
            actions.append(ToolSignature.call(Vocabulary.list, directory.name))
            if has(listed, index) { actions += directory.files.map { ToolSignature.call(Vocabulary.openFile, $0) } }
        }
        for file in opened.sorted() { actions += words.map { ToolSignature.call(Vocabulary.edit, file, $0) } }
        return actions + [ToolSignature.call(Vocabulary.submit)]
    }

    /// Does not know which tag was found, which file it opened, and which replacement is next.
    var memorylessActions: [[Int32]] {
        switch lastSaid {
        case .start: [ToolSignature.call(Vocabulary.search, directories[0].word)]
        case .found(let index): [ToolSignature.call(Vocabulary.list, directories[index].name)]
        case .listing(let index): directories[index].files.map { ToolSignature.call(Vocabulary.openFile, $0) }
        case .contents, .other: legalActions.dropLast()
        }
    }

    var expertAction: [Int32] {
        if let wrong = spoilt.first { return ToolSignature.call(Vocabulary.edit, wrong.file, wrong.word) }
        guard let edit = directories.indices.first(where: { !isDone($0) }) else {
            return ToolSignature.call(Vocabulary.submit)
        }
        if opened.contains(file(edit)) {
            return ToolSignature.call(Vocabulary.edit, file(edit), replacements[edit])
        }
        if has(listed, edit) { return ToolSignature.call(Vocabulary.openFile, file(edit)) }
        return has(searched, edit)
            ? ToolSignature.call(Vocabulary.list, directories[edit].name)
            : ToolSignature.call(Vocabulary.search, directories[edit].word)
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        let arguments = Array(words.dropFirst())
        switch words.first {
        case Vocabulary.search: return search(arguments[0])
        case Vocabulary.list: return list(arguments[0])
        case Vocabulary.openFile: return open(arguments[0])
        case Vocabulary.edit: return edit(arguments[0], arguments[1])
        default:
            isOver = true
            isSolved = directories.indices.allSatisfy(isDone) && spoilt.isEmpty
            return .shows([isSolved ? Vocabulary.done : Vocabulary.failed])
        }
    }

    private mutating func search(_ word: Int32) -> WorldAnswer {
        guard knownWords.contains(word) else { return .refused(Vocabulary.notKnown) }
        guard let index = directories.firstIndex(where: { $0.word == word }), isKnown(word: index) else {
            lastSaid = .other
            return .shows([Vocabulary.nothing])
        }
        searched |= 1 << UInt64(index)
        lastSaid = .found(index)
        return .shows([directories[index].name, directories[index].tags[directories[index].place]])
    }

    private mutating func list(_ name: Int32) -> WorldAnswer {
        guard let index = directories.firstIndex(where: { $0.name == name }), has(searched, index) else {
            return .refused(Vocabulary.notKnown)
        }
        listed |= 1 << UInt64(index)
        lastSaid = .listing(index)
        return .shows(zip(directories[index].files, directories[index].tags).flatMap { [$0, $1] })
    }

    private mutating func open(_ file: Int32) -> WorldAnswer {
        let index = directories.indices.first { has(listed, $0) && directories[$0].files.contains(file) }
        guard let index, let place = directories[index].files.firstIndex(of: file) else {
            return .refused(Vocabulary.notKnown)
        }
        opened.insert(file)
        lastSaid = .contents(index)
        let directory = directories[index]
        let isRight = place == directory.place
        return .shows([
            written[file] ?? (isRight ? directory.word : directory.others[place]),
            isRight ? directory.next : Vocabulary.nothing,
        ])
    }

    private mutating func edit(_ file: Int32, _ word: Int32) -> WorldAnswer {
        guard opened.contains(file), knownWords.contains(word) else { return .refused(Vocabulary.notKnown) }
        written[file] = word
        lastSaid = .other
        return .shows([word])
    }

    /// A malformed call, another tool, or a file that does not hold the word.
    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let edit = directories.indices.first { !isDone($0) } ?? directories.count - 1
        let others = has(listed, edit) ? directories[edit].files.filter { $0 != file(edit) } : []
        return wrongCall(&random, slips: others.map { ToolSignature.call(Vocabulary.openFile, $0) })
    }
}
