import AssayCore
import AssayTasks

/// A task for timing only: tokens at random, and every one of them but the first is asked for, so that the head and the
/// loss run over all positions as the peer's do.
struct RandomTokens: TaskGenerator {
    let length: Int
    let vocabulary: Int

    var identity: TaskIdentity {
        TaskIdentity(
            generator: "random-tokens", version: 1, parameters: ["length": length, "vocabulary": vocabulary])
    }
    var family: TaskFamily { .retrieval }
    var statedFloor: Double { 1 }
    var baselines: [ShortcutBaseline] { [] }
    var generates: Bool { false }

    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var random = CounterRandom(key: 1, index: UInt64(index))
        let tokens = (0..<length).map { _ in Int32(random.below(vocabulary)) }
        let record = ItemRecord(
            id: ItemID(cluster: index, sequence: 0, question: 0), facts: 0, length: length, distance: 0, load: 0,
            position: 0, contentBits: 0)
        return TaskSequence(tokens: tokens, questions: [Question(answer: 1..<length, item: record)])
    }

    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] { [trainingSequence(stream, index: index)] }
    func check(_ sequence: TaskSequence) -> [String] { [] }
    func describe(_ sequence: TaskSequence) -> String { "" }
}
