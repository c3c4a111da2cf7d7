import AssayCore

/// Reads a transcript of ``KeyValueService``.
struct KeyValueReader: WorldReader {
    private let goal: Int32
    private var next: [Int32]?
    private var stages = 0
    private var shownKeys = 0
    private var name: Int32 = Vocabulary.padding
    /// Values by the name of the stage that showed them.
    private var values: [Int32: Int32] = [:]
    /// Keys to be written, with the names of the stages.
    private var writes: ArraySlice<(key: Int32, name: Int32)> = []

    /// Takes `goal`, the goal's label and the first bucket.
    init?(_ prompt: [Int32]) {
        guard prompt.count == 3, prompt[0] == Vocabulary.goal, KeyValueState.labels.contains(prompt[1]) else {
            return nil
        }
        goal = prompt[1]
        next = ToolSignature.call(Vocabulary.list, prompt[2])
    }

    var facts: Int { shownKeys }
    var load: Int { stages }
    var isLast: Bool { writes.count == 1 }

    var expected: [Int32]? {
        guard let write = writes.first else { return next }
        return values[write.name].map { ToolSignature.call(Vocabulary.put, write.key, $0) }
    }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        let said = Array(observation.dropFirst())
        guard isRight else {
            let isDead = action.first == Vocabulary.get && said.count == 2 && said[1] == Vocabulary.nothing
            return isDead ? nil : "a wrong action was answered"
        }
        if action.first == Vocabulary.put {
            writes = writes.dropFirst()
            return said == [action[1]] ? nil : "a write without an answer"
        }
        return action.first == Vocabulary.list ? readBucket(said) : readKey(said)
    }

    private mutating func readBucket(_ said: [Int32]) -> String? {
        guard said.count >= 3, said.count % 2 == 1 else { return "no bucket" }
        stages += 1
        name = said[0]
        let pairs = stride(from: 1, to: said.count, by: 2).map { (label: said[$0], key: said[$0 + 1]) }
        shownKeys += pairs.count
        let leads = pairs.filter { $0.label == goal }
        next = leads.first.map { ToolSignature.call(Vocabulary.get, $0.key) }
        return leads.count == 1 ? nil : "\(leads.count) keys have the goal's label"
    }

    private mutating func readKey(_ said: [Int32]) -> String? {
        guard said.count >= 2, said.count % 2 == 0 else { return "no value" }
        next = nil
        if KeyValueState.values.contains(said[0]) {
            values[name] = said[0]
            next = ToolSignature.call(Vocabulary.list, said[1])
            return said.count == 2 ? nil : "more than a value"
        }
        writes = ArraySlice(stride(from: 0, to: said.count, by: 2).map { (key: said[$0], name: said[$0 + 1]) })
        let isSound = writes.allSatisfy { KeyValueState.keys.contains($0.key) && values[$0.name] != nil }
        return isSound ? nil : "a write of a value that was not shown"
    }
}
