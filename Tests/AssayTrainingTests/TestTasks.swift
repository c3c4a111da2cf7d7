import AssayCore
import AssayTasks

/// `<s> x ... x = x`: the answer is the symbol that was said, so one lookup solves it.
struct EchoTask: TaskGenerator {
    var length = 12
    var symbols = 8
    var name = "echo"
    /// A factor on what is learnt: with `shuffled` the answer is random, so nothing can be learnt.
    var isRandom = false
    /// From this sequence on the answers are symbols that were never an answer before: what was learnt is wrong.
    var turnsAt = Int.max

    var identity: TaskIdentity {
        TaskIdentity(
            generator: name, version: 1,
            parameters: ["length": length, "symbols": symbols, "random": isRandom ? 1 : 0])
    }
    var family: TaskFamily { .retrieval }
    var statedFloor: Double { 1 / Double(symbols) }
    var baselines: [ShortcutBaseline] { [] }
    var generates: Bool { false }

    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] { [trainingSequence(stream, index: index)] }

    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var random = CounterRandom(domain: identity.text + stream.name, index: UInt64(index))
        let symbol = Vocabulary.firstSymbol + Int32(random.below(symbols))
        var answer = isRandom ? Vocabulary.firstSymbol + Int32(random.below(symbols)) : symbol
        if index >= turnsAt { answer = Vocabulary.firstSymbol + Int32(symbols + random.below(symbols)) }
        var tokens = [Vocabulary.start, symbol]
        let filler = random.below(length - 5)
        tokens += [Int32](repeating: Vocabulary.separator, count: filler)
        tokens += [Vocabulary.query, answer]
        let position = tokens.count - 1
        tokens += [Int32](repeating: Vocabulary.padding, count: length - tokens.count)
        let item = ItemRecord(
            id: ItemID(cluster: index, sequence: 0, question: 0), facts: 1, length: position + 1, distance: filler + 2,
            load: 1, position: 0, contentBits: UInt64(index))
        return TaskSequence(
            tokens: tokens, questions: [Question(answer: position..<position + 1, item: item)])
    }

    func check(_ sequence: TaskSequence) -> [String] { [] }
    func describe(_ sequence: TaskSequence) -> String { "\(sequence.tokens)" }
}
