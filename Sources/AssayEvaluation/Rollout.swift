import AssayCore
import AssayTasks

/// Episodes in closed loop: all advance together, each reading its own observations, and where one ends the next begins.
///
/// An action ends at the end token or when it is as long as any action can be. The world's answer is read right after it.
public struct Rollout {
    /// An episode that is to be played, perhaps as one of several trials.
    struct Start: Sendable {
        let environment: any AgentEnvironment
        /// The number of the trial; trials of an episode share its cluster.
        var trial = 0

        /// The item of the trial.
        var item: ItemRecord {
            var item = environment.item
            item.id = ItemID(
                cluster: item.id.cluster, sequence: item.id.sequence + trial, question: item.id.question)
            return item
        }
    }

    private let policy: any RolloutPolicy
    private let starts: [Start]
    private var waiting: Int
    /// The episode in each slot, by its place among all.
    private var lanes: [(place: Int, episode: RolloutEpisode)?]
    private var results: [RolloutEpisode?]

    /// Runs episodes to their ends, at most `slots` of them at once.
    static func run(_ starts: [Start], policy: any RolloutPolicy, slots: Int) -> [ScoredItem] {
        zip(starts, episodes(starts, policy: policy, slots: slots)).map { start, episode in
            let item = start.item
            return ScoredItem(item: item, response: episode.response(to: item.id))
        }
    }

    /// Plays episodes to their ends, at most `slots` of them at once.
    /// - Returns: the episodes in the order of the environments.
    public static func play(
        _ environments: [any AgentEnvironment], policy: any RolloutPolicy, slots: Int
    ) -> [RolloutEpisode] {
        episodes(environments.map { Start(environment: $0) }, policy: policy, slots: slots)
    }

    private static func episodes(_ starts: [Start], policy: any RolloutPolicy, slots: Int) -> [RolloutEpisode] {
        var rollout = Rollout(starts, policy: policy, slots: slots)
        while rollout.step() {}
        return rollout.results.compactMap { $0 }
    }

    private init(_ starts: [Start], policy: any RolloutPolicy, slots: Int) {
        self.policy = policy
        self.starts = starts
        waiting = 0
        results = starts.map { _ in nil }
        lanes = [(place: Int, episode: RolloutEpisode)?](repeating: nil, count: min(slots, starts.count))
    }

    /// Fills free slots, lets the policy read what is to be read and takes what it says; false when all is done.
    private mutating func step() -> Bool {
        for slot in lanes.indices where lanes[slot] == nil { begin(in: slot) }
        var slots: [Int] = []
        var tokens: [Int32] = []
        var wanted: [Bool] = []
        var ends: [(slot: Int, row: Int)] = []
        for (slot, lane) in lanes.enumerated() {
            guard let unread = lane?.episode.unread, slots.count < policy.rows else { continue }
            let taken = unread.prefix(min(policy.rowsPerSlot, policy.rows - slots.count))
            slots += repeatElement(slot, count: taken.count)
            tokens += taken
            wanted += repeatElement(false, count: taken.count)
            wanted[wanted.count - 1] = taken.count == unread.count
            ends.append((slot, slots.count - 1))
        }
        guard !slots.isEmpty else { return false }
        var predictions = [Prediction?](repeating: nil, count: slots.count)
        policy.step(slots: slots, tokens: tokens, wanted: wanted, predictions: &predictions)
        var row = 0
        for (slot, last) in ends {
            lanes[slot]?.episode.take(last + 1 - row, predictions[last], capacity: policy.capacity)
            row = last + 1
            finish(slot)
        }
        return true
    }

    /// Starts the next episode that is not over before it began.
    private mutating func begin(in slot: Int) {
        while lanes[slot] == nil, waiting < starts.count {
            lanes[slot] = (waiting, RolloutEpisode(starts[waiting].environment, capacity: policy.capacity))
            policy.reset(slot: slot, for: starts[waiting].item.id, place: waiting)
            waiting += 1
            finish(slot)
        }
    }

    private mutating func finish(_ slot: Int) {
        guard let lane = lanes[slot], lane.episode.isOver else { return }
        results[lane.place] = lane.episode
        lanes[slot] = nil
    }
}
