import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation

/// A small model with weights large enough that its choices vary.
func testModel(layers: [String] = ["full", "sliding-window"], seed: UInt64 = 3) throws -> (LanguageModel, FloatBlock) {
    let model = try LanguageModel(
        Architecture(
            name: "tiny", width: 32, heads: 2, keyValueHeads: 1, layers: layers.map { LayerConfiguration(mixer: $0) },
            vocabularyCount: Vocabulary.count, initialDeviation: 0.3))
    return (model, model.initialWeights(seed: seed))
}

/// The most likely next token after a prefix, by the reference form.
func referenceChoice(_ model: LanguageModel, _ weights: FloatBlock, _ prefix: [Int32]) -> Int32 {
    let vocabulary = model.architecture.vocabularyCount
    let last = model.reference(tokens: prefix, weights: weights).suffix(vocabulary)
    let best = last.indices.max { last[$0] < last[$1] } ?? last.startIndex
    return Int32(best - last.startIndex)
}

/// The negative log likelihood of each token after the first, by the reference form.
func referenceNLL(_ model: LanguageModel, _ weights: FloatBlock, _ tokens: [Int32]) -> [Double] {
    let vocabulary = model.architecture.vocabularyCount
    let logits = model.reference(tokens: tokens, weights: weights)
    return (1..<tokens.count).map { position in
        let row = logits[(position - 1) * vocabulary..<position * vocabulary]
        let top = row.max() ?? 0
        let sum = row.reduce(0) { $0 + exp($1 - top) }
        return top + log(sum) - row[row.startIndex + Int(tokens[position])]
    }
}

/// A world of doors: the prompt names a symbol and how often to say it; anything else is an error.
struct DoorTask: AgentTaskGenerator {
    var length = 40
    var budget = 8
    /// Actions that are needed.
    var doors = 3

    var identity: TaskIdentity { TaskIdentity(generator: "doors", version: 1, parameters: ["doors": doors]) }
    var family: TaskFamily { .agent }
    var statedFloor: Double { 0 }
    var demonstrationFloor: Double { 0 }
    var baselines: [ShortcutBaseline] { [] }
    var generates: Bool { true }
    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] { [] }
    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        TaskSequence(tokens: [Int32](repeating: Vocabulary.padding, count: length), questions: [])
    }
    func check(_ sequence: TaskSequence) -> [String] { [] }
    func describe(_ sequence: TaskSequence) -> String { "" }
    func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment { world(stream, index) }

    func world(_ stream: ItemStream, _ index: Int) -> DoorWorld {
        var random = CounterRandom(domain: "doors" + stream.name, index: UInt64(index))
        // Prompts of different lengths, so that episodes are out of step.
        let key = Vocabulary.firstSymbol + Int32(random.below(20))
        return DoorWorld(
            prompt: [Vocabulary.start, key] + [Int32](repeating: Vocabulary.separator, count: index % 3), key: key,
            doors: doors, stepBudget: budget, index: index)
    }
}

/// One episode of ``DoorTask``: say the key, then the end token, as often as there are doors.
struct DoorWorld: AgentEnvironment {
    let prompt: [Int32]
    let key: Int32
    let doors: Int
    let stepBudget: Int
    let index: Int
    var longestAction: Int { 2 }
    var optimalSteps: Int { doors }
    private(set) var steps = 0
    private(set) var invalidActions = 0
    private(set) var opened = 0
    var isSolved: Bool { opened == doors }
    var isOver: Bool { isSolved || steps >= stepBudget }
    var legalActions: [[Int32]] { [expertAction] }
    var expertAction: [Int32] { [key, Vocabulary.end] }
    var stateHash: UInt64 { UInt64(opened) }
    var item: ItemRecord {
        ItemRecord(
            id: ItemID(cluster: index, sequence: 1, question: 0), hops: doors, facts: 1, length: 10, distance: 1,
            load: 1, position: 0, contentBits: UInt64(index))
    }

    mutating func act(_ action: [Int32]) -> Observation {
        steps += 1
        let isRight = action == expertAction
        if isRight { opened += 1 } else { invalidActions += 1 }
        let said: [Int32] = isRight ? [Vocabulary.separator] : [Vocabulary.query, Vocabulary.separator]
        return Observation(tokens: said, isInvalid: !isRight, isFinal: isOver)
    }

    init(prompt: [Int32], key: Int32, doors: Int, stepBudget: Int, index: Int) {
        (self.prompt, self.key, self.doors, self.stepBudget, self.index) = (prompt, key, doors, stepBudget, index)
    }
}
