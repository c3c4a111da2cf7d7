import AssayCore

/// What the retrieval tasks share: identity, length, gap, and the symbols of keys and values.
struct RetrievalFrame: Sendable {
    let identity: TaskIdentity
    let length: Int
    let gap: Int
    let keys: SymbolRange
    let values: SymbolRange
    let source: ItemSource

    /// Checks what holds for every retrieval task: symbols for all facts, and room for facts, gap and questions.
    /// - Parameters:
    ///   - facts: values of a sequence, all different.
    ///   - sharing: what needs symbols of its own, for the message.
    ///   - room: tokens of facts and questions.
    ///   - content: what takes the room, for the message.
    init(
        _ generator: String, version: Int, _ p: ParameterValues, facts: Int, sharing: String, room: Int, content: String
    ) throws {
        try p.require("symbols", atLeast: facts, because: sharing)
        try p.require("length", atLeast: 2 + room + p["gap"], because: "\(content), and a gap of \(p["gap"])")
        identity = TaskIdentity(generator: generator, version: version, parameters: p.all)
        (length, gap) = (p["length"], p["gap"])
        keys = SymbolRange(offset: 0, count: p["symbols"])
        values = SymbolRange(offset: 64, count: p["symbols"])
        source = ItemSource(identity)
    }
}
