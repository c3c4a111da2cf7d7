import AssayCore
import AssayModels
import AssayTasks
import Testing

@testable import AssayEvaluation

/// A policy that knows the world: it keeps a copy of each episode and plays a plan on it.
private final class ScriptedPolicy: RolloutPolicy {
    let capacity: Int
    let rows = 100
    let rowsPerSlot: Int
    private(set) var stepsTaken = 0
    private let worlds: [any AgentEnvironment]
    private let plan: (any AgentEnvironment) -> [Int32?]
    private let isCertain: Bool
    private var lanes: [Lane] = []

    private struct Lane {
        var world: any AgentEnvironment
        var unread: Int
        var action: [Int32] = []
        var pending: [Int32?] = []
    }

    /// - Parameter plan: the tokens of the next action in a world; nil fails.
    init(
        _ worlds: [any AgentEnvironment], capacity: Int = 1_000, rowsPerSlot: Int = 1, isCertain: Bool = false,
        plan: @escaping (any AgentEnvironment) -> [Int32?]
    ) {
        self.rowsPerSlot = rowsPerSlot
        self.isCertain = isCertain
        self.worlds = worlds
        self.capacity = capacity
        self.plan = plan
        lanes = worlds.map { Lane(world: $0, unread: $0.prompt.count) }
    }

    func reset(slot: Int, for episode: ItemID, place: Int) {
        let world = worlds.first { $0.item.id.cluster == episode.cluster } ?? worlds[slot]
        lanes[slot] = Lane(world: world, unread: world.prompt.count)
    }

    func step(slots: [Int], tokens: [Int32], wanted: [Bool], predictions: inout [Prediction?]) {
        stepsTaken += 1
        for (row, slot) in slots.enumerated() {
            lanes[slot].unread -= 1
            if lanes[slot].unread == 0, lanes[slot].pending.isEmpty {
                lanes[slot].pending = plan(lanes[slot].world)
            }
            guard lanes[slot].unread == 0, let token = lanes[slot].pending.first else {
                #expect(!wanted[row])
                continue
            }
            lanes[slot].pending.removeFirst()
            #expect(wanted[row])
            predictions[row] = token.map { Prediction(token: $0, isConfident: isCertain) }
            lanes[slot].action.append(token ?? 0)
            lanes[slot].unread = 1
            let isWhole = token == Vocabulary.end || lanes[slot].action.count == lanes[slot].world.longestAction
            if isWhole {
                lanes[slot].unread += lanes[slot].world.act(lanes[slot].action).tokens.count
                lanes[slot].action = []
                lanes[slot].pending = []
            }
        }
    }
}

@Suite struct RolloutTests {
    private let worlds = (0..<7).map { DoorTask().environment(.evaluation(seed: 1), index: $0) }

    private func run(
        _ worlds: [any AgentEnvironment], policy: any RolloutPolicy, slots: Int
    ) -> [ScoredItem] {
        Rollout.run(worlds.map { Rollout.Start(environment: $0) }, policy: policy, slots: slots)
    }

    @Test func `the expert opens every door in the optimal number of steps`() {
        let policy = ScriptedPolicy(worlds) { $0.expertAction.map { $0 } }
        let results = run(worlds, policy: policy, slots: 7)
        #expect(results.map(\.item) == worlds.map(\.item))
        for result in results {
            #expect(result.response.status == .graded)
            #expect(result.response.score == 1)
            #expect(
                result.response.detail == [
                    "steps": 3, "optimal": 3, "actions": 3, "invalid": 0, "truncated": 0, "right": 3,
                    "unterminated": 0, "degenerate": 0,
                ])
            #expect(result.response.output.isEmpty)
        }
        // Prompt of at most 4, then 3 tokens an action but for the last, whose end is not answered: all at once.
        #expect(policy.stepsTaken == 4 + 3 * 3 - 2)
    }

    @Test func `the expert solves the real tool world too`() throws {
        let task = try ToolWorld()
        let worlds = (0..<40).map { task.environment(.evaluation(seed: 5), index: $0) }
        let policy = ScriptedPolicy(Array(worlds)) { $0.expertAction.map { $0 } }
        let results = run(worlds, policy: policy, slots: 40)
        #expect(results.allSatisfy { $0.response.score == 1 })
        #expect(results.allSatisfy { $0.response.detail["steps"] == $0.response.detail["optimal"] })
    }

    @Test func `an action without an end token ends at the longest action, and errors are counted`() {
        let policy = ScriptedPolicy(worlds) { _ in [5, 6] }
        for result in run(worlds, policy: policy, slots: 7) {
            #expect(result.response.score == 0)
            #expect(result.response.detail["invalid"] == 8)
            #expect(result.response.detail["actions"] == 8)
            #expect(result.response.detail["recovered"] == 0)
            #expect(result.response.output.hasPrefix("# recall # recall"))
        }
    }

    @Test func `one error is recovered from`() {
        let policy = ScriptedPolicy(worlds) { $0.steps == 1 ? [Vocabulary.end] : $0.expertAction.map { $0 } }
        for result in run(worlds, policy: policy, slots: 7) {
            #expect(result.response.score == 1)
            #expect(
                result.response.detail
                    == [
                        "steps": 4, "optimal": 3, "actions": 4, "invalid": 1, "truncated": 0, "recovered": 1,
                        "right": 3, "firstWrong": 2, "unterminated": 0, "degenerate": 0,
                    ])
        }
    }

    @Test func `a policy that fails in one episode costs that episode alone`() {
        let policy = ScriptedPolicy(worlds) { world in
            world.item.id.cluster == 2 && world.steps == 1 ? [nil] : world.expertAction.map { $0 }
        }
        let results = run(worlds, policy: policy, slots: 7)
        for (index, result) in results.enumerated() {
            #expect(result.response.status == (index == 2 ? .error : .graded))
            #expect(result.response.score == (index == 2 ? nil : 1))
        }
    }

    @Test func `an episode that outgrows the context is truncated and failed`() {
        let policy = ScriptedPolicy(worlds, capacity: 10) { $0.expertAction.map { $0 } }
        for result in run(worlds, policy: policy, slots: 7) {
            let isShort = result.item.id.cluster % 3 == 0
            // Prompt, then (action, end, answer) twice and another action: 2 + 6 + 2 = 10 fits, more does not.
            #expect(result.response.score == (isShort ? 1 : 0))
            #expect(result.response.detail["truncated"] == (isShort ? 0 : 1))
        }
        let tiny = ScriptedPolicy(worlds, capacity: 3) { $0.expertAction.map { $0 } }
        #expect(run(worlds, policy: tiny, slots: 7).allSatisfy { $0.response.detail["truncated"] == 1 })
    }

    @Test func `few slots that are filled again and tokens read at once change nothing`() {
        let plan: (any AgentEnvironment) -> [Int32?] = { world in
            world.steps == 1 ? [Vocabulary.end] : world.expertAction.map { $0 }
        }
        let one = run(worlds, policy: ScriptedPolicy(worlds, plan: plan), slots: 7)
        for (slots, rows) in [(1, 1), (2, 1), (3, 8), (7, 8)] {
            let policy = ScriptedPolicy(worlds, rowsPerSlot: rows, plan: plan)
            #expect(run(worlds, policy: policy, slots: slots) == one)
            if slots == 7 { #expect(policy.stepsTaken == 4 * 2 - 1) }
        }
    }

    @Test func `trials of an episode share its cluster and have identities of their own`() {
        let starts = worlds.flatMap { world in (0..<3).map { Rollout.Start(environment: world, trial: $0) } }
        let policy = ScriptedPolicy(worlds) { $0.expertAction.map { $0 } }
        let results = Rollout.run(starts, policy: policy, slots: 7)
        #expect(results.map(\.item.id.cluster) == (0..<7).flatMap { [$0, $0, $0] })
        #expect(results.map(\.item.id.sequence) == (0..<7).flatMap { _ in [1, 2, 3] })
        #expect(results.allSatisfy { $0.response.score == 1 && $0.response.item == $0.item.id })
    }

    @Test func `endless and degenerate episodes are told apart from failed ones`() {
        func details(isCertain: Bool, _ plan: @escaping (any AgentEnvironment) -> [Int32?]) -> [String: Double] {
            let policy = ScriptedPolicy(worlds, isCertain: isCertain, plan: plan)
            return run(worlds, policy: policy, slots: 7)[0].response.detail
        }
        let doubtful = details(isCertain: false) { _ in [5, 6] }
        #expect(doubtful["unterminated"] == 1 && doubtful["degenerate"] == 0 && doubtful["cutActions"] == 8)
        let certain = details(isCertain: true) { _ in [5, Vocabulary.end] }
        #expect(certain["unterminated"] == 1 && certain["degenerate"] == 1 && certain["cutActions"] == nil)
        // Certain and right is what a trained model is; two idle actions are no run.
        let sound = details(isCertain: true) { world in
            world.steps < 2 ? [Vocabulary.end] : world.expertAction.map { $0 }
        }
        #expect(sound["unterminated"] == 0 && sound["degenerate"] == 0)
    }

    @Test func `a model's episodes together are those that it plays alone`() throws {
        let (model, weights) = try testModel()
        let task = DoorTask()
        let together = try CellEvaluator(model: model, weights: weights, workers: 1).evaluate(
            task: task, stream: .evaluation(seed: 1), clusters: 7, condition: Condition(path: .recurrent))
        for index in 0..<7 {
            var world = task.world(.evaluation(seed: 1), index)
            var tokens = world.prompt
            var said: [Int32] = []
            while !world.isOver {
                var action: [Int32] = []
                repeat {
                    action.append(referenceChoice(model, weights, tokens + action))
                } while action.last != Vocabulary.end && action.count < world.longestAction
                said += action
                tokens += action + world.act(action).tokens
            }
            #expect(together.responses[index].output == (world.isSolved ? "" : Vocabulary.text(said)))
            #expect(together.responses[index].detail["invalid"] == Double(world.invalidActions))
        }
    }
}
