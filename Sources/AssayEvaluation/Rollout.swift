import AssayCore
import AssayModels
import AssayTasks

/// Who acts in an episode: it reads tokens and says what comes next. The model, or a script in tests.
public protocol RolloutPolicy: AnyObject {
    /// Tokens that an episode may have.
    var capacity: Int { get }
    /// Forgets what a slot has read.
    func reset(slot: Int)
    /// Reads one token in each of some slots and sets the next tokens; nil where the policy fails or gives up.
    /// - Parameter asked: where the next token is asked for; elsewhere the world goes on speaking.
    func step(slots: [Int], tokens: [Int32], asked: [Bool], predictions: inout [Int32?])
}

/// A model as a policy: the recurrent form, greedy.
public final class DecoderPolicy: RolloutPolicy {
    private let decoder: any SequenceDecoder
    private let vocabulary: Int

    /// A model's decoder as a policy.
    public convenience init(_ decoder: RecurrentDecoder) {
        self.init(decoder: decoder, vocabulary: decoder.model.architecture.vocabularyCount)
    }

    init(decoder: any SequenceDecoder, vocabulary: Int) {
        self.decoder = decoder
        self.vocabulary = vocabulary
    }

    /// Tokens that an episode may have.
    public var capacity: Int { decoder.capacity }

    /// Forgets what a slot has read.
    public func reset(slot: Int) { decoder.reset(slot: slot) }

    /// Sets the most likely next tokens.
    public func step(slots: [Int], tokens: [Int32], asked: [Bool], predictions: inout [Int32?]) {
        let logits = decoder.step(slots: slots, tokens: tokens)
        for row in slots.indices where asked[row] {
            predictions[row] = Logits(logits, row: row, width: vocabulary).argmax
        }
    }
}

/// Episodes in closed loop: all advance together, each reading its own observations.
///
/// An action ends at the end token or when it is as long as any action can be. The world's answer is read right after it.
public struct Rollout {
    /// An episode on its way, or at its end.
    public struct Episode {
        /// The world.
        public private(set) var environment: any AgentEnvironment
        /// All tokens: the prompt, actions and observations.
        public private(set) var tokens: [Int32]
        /// Where in them the tokens of the policy stand.
        public private(set) var said: [Int] = []
        /// The policy failed or gave up.
        public private(set) var hasFailed = false
        /// It ended because there was no room for another action.
        public private(set) var isTruncated = false
        /// Tokens to be read before the policy is asked again.
        var queue: [Int32]
        var cursor = 0
        private var read = 0
        private var action: [Int32] = []
        private var actions = 0
        private(set) var isOver = false

        fileprivate init(_ environment: any AgentEnvironment, capacity: Int) {
            self.environment = environment
            queue = environment.prompt
            tokens = queue
            // An episode without a prompt has nothing to ask the policy with.
            isOver = queue.isEmpty || environment.isOver
            isTruncated = queue.count + environment.longestAction > capacity
            isOver = isOver || isTruncated
        }

        /// Whether the policy is asked after the token that is read next.
        var asks: Bool { cursor + 1 == queue.count }

        /// Takes the policy's prediction after the token that was read last.
        fileprivate mutating func take(_ prediction: Int32?, capacity: Int) {
            read += 1
            cursor += 1
            guard cursor == queue.count else { return }
            guard let token = prediction else {
                hasFailed = true
                isOver = true
                return
            }
            action.append(token)
            said.append(tokens.count)
            tokens.append(token)
            queue = [token]
            cursor = 0
            guard token == Vocabulary.end || action.count >= environment.longestAction else { return }
            let observation = environment.act(action)
            actions += 1
            action.removeAll(keepingCapacity: true)
            queue += observation.tokens
            tokens += observation.tokens
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
                output: environment.isSolved ? "" : TokenText.text(said.map { tokens[$0] }), detail: detail)
        }
    }

    /// Runs episodes to their ends, at most `slots` of them at once.
    static func run(_ environments: [any AgentEnvironment], policy: any RolloutPolicy, slots: Int) -> [ScoredItem] {
        stride(from: 0, to: environments.count, by: slots).flatMap { start in
            play(environments[start..<min(start + slots, environments.count)], policy: policy)
                .map { ScoredItem(item: $0.environment.item, response: $0.response) }
        }
    }

    /// Plays episodes to their ends, all at once: each in the slot of its number.
    public static func play(
        _ environments: ArraySlice<any AgentEnvironment>, policy: any RolloutPolicy
    ) -> [Episode] {
        var episodes = environments.map { Episode($0, capacity: policy.capacity) }
        for slot in episodes.indices { policy.reset(slot: slot) }
        var active: [Int] = []
        var tokens: [Int32] = []
        var asked: [Bool] = []
        var predictions = [Int32?](repeating: nil, count: episodes.count)
        while true {
            active.removeAll(keepingCapacity: true)
            tokens.removeAll(keepingCapacity: true)
            asked.removeAll(keepingCapacity: true)
            for (index, episode) in episodes.enumerated() where !episode.isOver {
                active.append(index)
                tokens.append(episode.queue[episode.cursor])
                asked.append(episode.asks)
            }
            guard !active.isEmpty else { break }
            policy.step(slots: active, tokens: tokens, asked: asked, predictions: &predictions)
            for (row, index) in active.enumerated() {
                episodes[index].take(predictions[row], capacity: policy.capacity)
            }
        }
        return episodes
    }
}
