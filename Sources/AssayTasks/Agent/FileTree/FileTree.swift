import AssayCore

/// A tree of files in which words are to be replaced, each found by way of the one before.
///
///     <s> files goal w0 r0 r1 >   search w0 </s>   : d4 t2 >   list d4 </s>   : f1 t0 f7 t2 >   open f7 </s>
///     : w0 w1 >   edit f7 r0 </s>   : r0 >   search w1 </s>   ...   submit </s>
///
/// A search shows the directory and the tag of the file where a word occurs; a listing shows files with their tags; a file
/// shows its word and the word to go on with. The prompt gives the first word and the replacements in their order: nothing
/// else of the way. In the end the tree must be as asked, no other file changed; what was spoilt can be mended.
public struct FileTree: WorldTask {
    /// The generator's name.
    public static let name = "file-tree"
    /// The parameters.
    public static let parameters =
        [
            TaskParameter("edits", 3, 2...20, "words to be replaced: each takes four actions, and the submission one"),
            TaskParameter("files", 3, 2...4, "files of a directory"),
            .demonstrationLength(160),
        ] + EpisodeOptions.parameters
    static let kind = TaskKind(
        name: name, family: .agent, summary: "words to be searched, found in a tree of files and replaced",
        parameters: parameters, make: { try FileTree($0) })

    static let token = Vocabulary.filesTask
    static let errorRoom = 8
    static let errorSteps = 1

    let frame: WorldFrame
    private let edits: Int
    private let files: Int

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (edits, files) = (p["edits"], p["files"])
        let plan = 4 * edits + 1
        let optimal = 5 + edits + edits * (26 + 2 * files) + 2
        frame = try WorldFrame(
            Self.name, p, plan: plan, optimal: optimal, longestCall: 4, error: Self.errorRoom)
        try p.require(headroomOver: statedFloor, "slack", remedy: "Lower 'slack', or raise 'edits'")
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> FileState {
        let edits = isTraining ? random.difficulty(1...edits) : edits
        let names = FileState.directories.distinct(edits, &random)
        let all = FileState.files.distinct(edits * files, &random)
        let words = FileState.words.distinct(FileState.words.count, &random)
        let directories = (0..<edits).map { edit in
            let place = random.below(files)
            return FileState.Directory(
                name: names[edit], files: Array(all[edit * files..<(edit + 1) * files]),
                tags: FileState.tags.distinct(files, &random), place: place, word: words[edit], next: words[edit + 1],
                // Of the words that are searched for or put in, none is in another file.
                others: (0..<files).map { _ in words[2 * edits + 1 + random.below(words.count - 2 * edits - 1)] })
        }
        return FileState(directories: directories, replacements: Array(words[(edits + 1)..<(2 * edits + 1)]))
    }

    func reader(of prompt: [Int32]) -> FileReader? { FileReader(prompt) }

    /// Who follows what was just shown finds the file once in as many as are listed and takes the right one of the
    /// replacements once in as many as there are.
    public var statedFloor: Double {
        let edit: [Double] = [1, 1, 1 / Double(files), 1 / Double(edits)]
        let plan: [Double] = (0..<edits).flatMap { _ in edit } + [1.0]
        return FloorBound.chain(plan, budget: plan.count + options.slack)
    }

    /// Searching for what was shown and listing what was found are always right; a file is right once in as many as are
    /// listed, a replacement once in as many as are left.
    public var demonstrationFloor: Double {
        let replaced = (1...edits).reduce(0.0) { $0 + 1 / Double($1) }
        return (Double(edits) * (2 + 1 / Double(files)) + replaced + 1) / Double(4 * edits + 1)
    }

    /// Shortcuts on demonstrations: follow what was said without tags, and replace by any of what is left; repeat the last
    /// action.
    public var baselines: [ShortcutBaseline] {
        [Self.shortcut("follow-untagged", Self.follow), Self.repeatAction]
    }

    private static func follow(_ seen: ArraySlice<Int32>, _ random: inout CounterRandom) -> [Int32] {
        guard let start = seen.firstIndex(of: Vocabulary.act), start > 4 else { return [] }
        let edits = seen.indices.dropLast(2).filter { seen[$0] == Vocabulary.edit }
        let used = edits.map { seen[$0 + 2] }
        let said = lastSaid(seen)
        if let name = said.first(where: FileState.directories.contains) {
            return ToolSignature.call(Vocabulary.list, name)
        }
        let files = said.filter(FileState.files.contains)
        if !files.isEmpty { return ToolSignature.call(Vocabulary.openFile, random.pick(files)) }
        let left = seen[4..<start].filter { !used.contains($0) }
        if said.count == 4, let file = seen.last(where: FileState.files.contains), !left.isEmpty {
            return ToolSignature.call(Vocabulary.edit, file, random.pick(left))
        }
        if left.isEmpty { return ToolSignature.call(Vocabulary.submit) }
        // The word to go on with stands before the last edit, at the end of what the file showed.
        guard let last = edits.last, last >= 2 else { return ToolSignature.call(Vocabulary.search, seen[3]) }
        return ToolSignature.call(Vocabulary.search, seen[last - 2])
    }
}
