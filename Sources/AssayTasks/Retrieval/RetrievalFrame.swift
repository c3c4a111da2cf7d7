import AssayCore

/// What the retrieval tasks share: identity, length, gap, and the symbols of keys and values.
struct RetrievalFrame: Sendable {
    let identity: TaskIdentity
    let length: Int
    let gap: Int
    let keys: SymbolRange
    let values: SymbolRange
    let source: ItemSource

    /// Checks what holds for every retrieval task with values of its own for every fact: symbols for all facts, and room
    /// for facts, gap and questions.
    /// - Parameters:
    ///   - facts: values of a sequence, all different.
    ///   - sharing: what needs symbols of its own, for the message.
    ///   - room: tokens of facts and questions.
    ///   - content: what takes the room, for the message.
    init(
        _ generator: String, version: Int, _ p: ParameterValues, facts: Int, sharing: String, room: Int, content: String
    ) throws {
        try p.require("symbols", atLeast: facts, because: sharing)
        try self.init(generator, version: version, p, room: room, content: content)
    }

    /// Checks that there is room for facts, gap and questions.
    /// - Parameters:
    ///   - paired: parameters that change the form of an item and not its facts: tasks that differ in them alone have the
    ///     same facts in the same items.
    init(
        _ generator: String, version: Int, _ p: ParameterValues, room: Int, content: String, paired: Set<String> = []
    ) throws {
        try p.require("length", atLeast: 2 + room + p["gap"], because: "\(content), and a gap of \(p["gap"])")
        identity = TaskIdentity(generator: generator, version: version, parameters: p.all)
        (length, gap) = (p["length"], p["gap"])
        keys = SymbolRange(offset: 0, count: p["symbols"])
        values = SymbolRange(offset: 64, count: p["symbols"])
        source = ItemSource(
            TaskIdentity(
                generator: generator, version: version, parameters: p.all.filter { !paired.contains($0.key) }))
    }

    /// Tokens for facts, when the questions take so many.
    func room(beside questions: Int) -> Int { length - 2 - gap - questions }

    /// Questions of `width` tokens that fit beside `facts` tokens of facts.
    func questions(of width: Int, beside facts: Int) -> Int {
        SequenceBuilder.questions(of: width, in: room(beside: facts))
    }

    /// Different keys of two parts: the first steps of a Fisher-Yates shuffle of all that there are, which keeps only what was
    /// moved, since they are thousands.
    func twoPartKeys(_ count: Int, _ random: inout CounterRandom) -> [[Int32]] {
        let seconds = SymbolRange.words.count
        let all = keys.count * seconds
        var moved: [Int: Int] = [:]
        var drawn: [[Int32]] = []
        drawn.reserveCapacity(count)
        for place in 0..<count {
            let chosen = place + random.below(all - place)
            let number = moved[chosen] ?? chosen
            moved[chosen] = moved[place] ?? place
            drawn.append([keys[number / seconds], SymbolRange.words[number % seconds]])
        }
        return drawn
    }
}
