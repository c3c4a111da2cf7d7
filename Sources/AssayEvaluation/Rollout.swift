import AssayCore
import AssayModels
import AssayTasks

/// Who acts in an episode: it reads tokens and says what comes next. The model, or a script in tests.
protocol RolloutPolicy: AnyObject {
    /// Tokens that an episode may have.
    var capacity: Int { get }
    /// Forgets what a slot has read.
    func reset(slot: Int)
    /// Reads one token in each of some slots and sets the most likely next tokens; nil where the policy fails.
    func step(slots: [Int], tokens: [Int32], predictions: inout [Int32?])
}

/// A model as a policy: the recurrent form, greedy.
final class DecoderPolicy: RolloutPolicy {
    private let decoder: any SequenceDecoder
    private let vocabulary: Int

    init(decoder: any SequenceDecoder, vocabulary: Int) {
        self.decoder = decoder
        self.vocabulary = vocabulary
    }

    var capacity: Int { decoder.capacity }

    func reset(slot: Int) { decoder.reset(slot: slot) }

    func step(slots: [Int], tokens: [Int32], predictions: inout [Int32?]) {
        let logits = decoder.step(slots: slots, tokens: tokens)
        for row in slots.indices { predictions[row] = Logits(logits, row: row, width: vocabulary).argmax }
    }
}

/// Episodes in closed loop: all advance together, each reading its own observations.
///
/// An action ends at the end token or when it is as long as any action can be. The world's answer is read right after it.
struct Rollout {
    private struct Episode {
        var environment: any AgentEnvironment
        /// Tokens to be read before the policy is asked again.
        var queue: [Int32]
        var cursor = 0
        var read = 0
        var action: [Int32] = []
        var said: [Int32] = []
        var actions = 0
        var isTruncated = false
        var hasFailed = false
        var isOver = false

        init(_ environment: any AgentEnvironment, capacity: Int) {
            self.environment = environment
            queue = environment.prompt
            // An episode without a prompt has nothing to ask the policy with.
            isOver = queue.isEmpty || environment.isOver
            isTruncated = queue.count + environment.longestAction > capacity
            isOver = isOver || isTruncated
        }

        /// Takes the policy's prediction after the token that was read last.
        mutating func take(_ prediction: Int32?, capacity: Int) {
            read += 1
            cursor += 1
            guard cursor == queue.count else { return }
            guard let token = prediction else {
                hasFailed = true
                isOver = true
                return
            }
            action.append(token)
            said.append(token)
            queue = [token]
            cursor = 0
            guard token == Vocabulary.end || action.count >= environment.longestAction else { return }
            let observation = environment.act(action)
            actions += 1
            action.removeAll(keepingCapacity: true)
            queue += observation.tokens
            isOver = observation.isFinal || environment.isOver || actions >= environment.stepBudget
            if !isOver, read + queue.count + environment.longestAction > capacity {
                isTruncated = true
                isOver = true
            }
        }

        var response: ResponseRecord {
            let item = environment.item.id
            if hasFailed { return .failed(item, "the logits are not finite") }
            var detail = [
                "steps": Double(environment.steps), "optimal": Double(environment.optimalSteps),
                "actions": Double(actions), "invalid": Double(environment.invalidActions),
                "truncated": isTruncated ? 1 : 0,
            ]
            // Whether it came through after an error of its own; only known where there was one.
            if environment.invalidActions > 0 { detail["recovered"] = environment.isSolved ? 1 : 0 }
            return ResponseRecord(
                item: item, status: .graded, score: environment.isSolved ? 1 : 0,
                output: environment.isSolved ? "" : TokenText.text(said), detail: detail)
        }
    }

    /// Runs episodes to their ends, at most `slots` of them at once.
    static func run(_ environments: [any AgentEnvironment], policy: any RolloutPolicy, slots: Int) -> [ScoredItem] {
        stride(from: 0, to: environments.count, by: slots).flatMap { start in
            run(environments[start..<min(start + slots, environments.count)], policy: policy)
        }
    }

    private static func run(
        _ environments: ArraySlice<any AgentEnvironment>, policy: any RolloutPolicy
    ) -> [ScoredItem] {
        var episodes = environments.map { Episode($0, capacity: policy.capacity) }
        for slot in episodes.indices { policy.reset(slot: slot) }
        var active: [Int] = []
        var tokens: [Int32] = []
        var predictions = [Int32?](repeating: nil, count: episodes.count)
        while true {
            active.removeAll(keepingCapacity: true)
            tokens.removeAll(keepingCapacity: true)
            for (index, episode) in episodes.enumerated() where !episode.isOver {
                active.append(index)
                tokens.append(episode.queue[episode.cursor])
            }
            guard !active.isEmpty else { break }
            policy.step(slots: active, tokens: tokens, predictions: &predictions)
            for (row, index) in active.enumerated() {
                episodes[index].take(predictions[row], capacity: policy.capacity)
            }
        }
        return episodes.map { ScoredItem(item: $0.environment.item, response: $0.response) }
    }
}
