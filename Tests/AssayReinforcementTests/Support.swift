import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation

@testable import AssayReinforcement

/// A folder that ends with its owner.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-rl-\(UUID().uuidString)")
    deinit { try? FileManager.default.removeItem(at: url) }
}

/// A bandit with contexts: the context is one of four symbols; right is every token whose number leaves the next rest by
/// four, so that a model whose head is its embedding, which says the context again, is wrong before it has learned anything.
/// Where the world goes on, it is asked again and has to be right each time.
struct BanditTask: AgentTaskGenerator {
    var rounds = 1
    var budget: Int?

    var identity: TaskIdentity { TaskIdentity(generator: "bandit", version: 1, parameters: ["rounds": rounds]) }
    var family: TaskFamily { .agent }
    var length: Int { 4 * rounds + 4 }
    var statedFloor: Double { 0.25 }
    var baselines: [ShortcutBaseline] { [] }
    var generates: Bool { true }
    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] { [] }
    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence { TaskSequence(tokens: [], questions: []) }
    func check(_ sequence: TaskSequence) -> [String] { [] }
    func describe(_ sequence: TaskSequence) -> String { "" }
    func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment {
        var random = CounterRandom(domain: "bandit" + stream.name, index: UInt64(index))
        // Prompts of different lengths, so that rollouts are out of step.
        let filler = [Int32](repeating: Vocabulary.separator, count: index % 3)
        let context = Int32(random.below(4))
        return BanditWorld(
            prompt: filler + [Vocabulary.firstSymbol + context], context: context, rounds: rounds,
            stepBudget: budget ?? rounds, index: index)
    }
}

/// One episode of ``BanditTask``.
struct BanditWorld: AgentEnvironment {
    let prompt: [Int32]
    let context: Int32
    let rounds: Int
    let stepBudget: Int
    let index: Int
    private(set) var steps = 0
    private(set) var right = 0
    var longestAction: Int { 1 }
    var optimalSteps: Int { rounds }
    var invalidActions: Int { steps - right }
    var isSolved: Bool { right == rounds }
    var isOver: Bool { steps >= stepBudget }
    var legalActions: [[Int32]] { [expertAction] }
    var expertAction: [Int32] { [Vocabulary.firstSymbol + (context + 1) % 4] }
    var stateHash: UInt64 { UInt64(right) }
    var item: ItemRecord {
        ItemRecord(
            id: ItemID(cluster: index, sequence: 1, question: 0), facts: 1, length: 4, distance: 1, load: 1,
            position: 0,
            contentBits: UInt64(index))
    }

    init(prompt: [Int32], context: Int32, rounds: Int, stepBudget: Int, index: Int) {
        (self.prompt, self.context, self.rounds, self.stepBudget, self.index) =
            (prompt, context, rounds, stepBudget, index)
    }

    mutating func act(_ action: [Int32]) -> Observation {
        steps += 1
        if let token = action.first, token % 4 == (context + 1) % 4 { right += 1 }
        return Observation(tokens: [Vocabulary.separator], isInvalid: false, isFinal: isOver)
    }
}

/// A small model, and weights that are nowhere special.
func tinyModel(_ mixer: String = "full", width: Int = 32, layers: Int = 1) throws -> LanguageModel {
    try LanguageModel(
        Architecture(
            name: "tiny", width: width, heads: 2,
            layers: [LayerConfiguration](repeating: LayerConfiguration(mixer: mixer), count: layers),
            vocabularyCount: Vocabulary.count))
}

func noisyWeights(_ model: LanguageModel, scale: Float = 0.4) -> FloatBlock {
    let weights = model.initialWeights(seed: 7)
    var random = CounterRandom(domain: "noise", index: 0)
    for specification in model.layout.specifications {
        for i in 0..<specification.count {
            weights.pointer[specification.offset + i] += Float(random.unit() - 0.5) * scale
        }
    }
    return weights
}

func makePlan(
    _ recipe: ReinforcementRecipe, start: ContentHash = ContentHash(of: "start"),
    _ precision: StatePrecision = .float32,
    task: any TaskGenerator = BanditTask(), seed: UInt64 = 1
) throws -> ReinforcementPlan {
    try ReinforcementPlan(arm: "a", start: start, recipe: recipe, precision: precision, seed: seed, task: task)
}

/// The figures of a log that are the same in every run, as bits.
func trace(_ log: [ReinforcementStep]) -> [[UInt64]] {
    log.map { step in
        ReinforcementStep.fields.filter(\.isDeterministic).map { step[keyPath: $0.path].bitPattern }
    }
}
