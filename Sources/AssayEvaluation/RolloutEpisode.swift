import AssayCore
import AssayTasks

/// An episode on its way: what is still to be read, what was said, and how it goes.
public struct RolloutEpisode {
    /// The world.
    public private(set) var environment: any AgentEnvironment
    /// All tokens: the prompt, actions and observations.
    public private(set) var tokens: [Int32]
    /// Where in them the tokens of the policy stand.
    public private(set) var said: [Int] = []
    /// It ended because there was no room for another action.
    public private(set) var isTruncated = false
    private(set) var isOver = false
    /// Tokens to be read before the policy is asked again.
    private var queue: [Int32]
    private var cursor = 0
    private var read = 0
    private var action: [Int32] = []
    private var isConfident = true
    private var actions = 0
    /// Actions that were the expert's, and the number of the first that was not.
    private var right = 0
    private var firstWrong: Int?
    /// Actions that were cut because no end token came.
    private var cut = 0
    private var degeneration: Degeneration
    private var hasFailed = false

    init(_ environment: any AgentEnvironment, capacity: Int) {
        self.environment = environment
        queue = environment.prompt
        tokens = queue
        degeneration = Degeneration(budget: environment.stepBudget)
        // An episode without a prompt has nothing to ask the policy with.
        isOver = queue.isEmpty || environment.isOver
        isTruncated = queue.count > capacity - environment.longestAction
        isOver = isOver || isTruncated
    }

    /// What is to be read before the policy is asked again.
    var unread: ArraySlice<Int32> { queue[cursor...] }

    /// Takes that the policy has read some tokens, and its prediction after them if nothing is left to be read.
    mutating func take(_ count: Int, _ prediction: Prediction?, capacity: Int) {
        read += count
        cursor += count
        guard cursor == queue.count else { return }
        guard let prediction else {
            hasFailed = true
            isOver = true
            return
        }
        action.append(prediction.token)
        said.append(tokens.count)
        tokens.append(prediction.token)
        isConfident = isConfident && prediction.isConfident
        queue = [prediction.token]
        cursor = 0
        guard prediction.token == Vocabulary.end || action.count >= environment.longestAction else { return }
        let observation = act()
        queue += observation
        tokens += observation
        isOver = isOver || environment.isOver || actions >= environment.stepBudget
        if !isOver, read + queue.count > capacity - environment.longestAction {
            isTruncated = true
            isOver = true
        }
    }

    /// Ends the episode because there is no room for another action.
    mutating func truncate() {
        isTruncated = true
        isOver = true
    }

    /// Ends the episode because the policy failed.
    mutating func fail() {
        hasFailed = true
        isOver = true
    }

    /// Acts and returns what the world says.
    private mutating func act() -> [Int32] {
        actions += 1
        if action == environment.expertAction {
            right += 1
        } else if firstWrong == nil {
            firstWrong = actions
        }
        if action.last != Vocabulary.end { cut += 1 }
        let before = environment.stateHash
        let observation = environment.act(action)
        degeneration.add(isIdle: environment.stateHash == before && isConfident)
        action.removeAll(keepingCapacity: true)
        isConfident = true
        isOver = observation.isFinal
        return observation.tokens
    }

    /// The response, for the item that the episode is played for.
    func response(to item: ItemID) -> ResponseRecord {
        if hasFailed { return .failed(item, "the logits are not finite") }
        let isSolved = environment.isSolved
        var detail = environment.details
        detail["steps"] = Double(environment.steps)
        detail["optimal"] = Double(environment.optimalSteps)
        detail["actions"] = Double(actions)
        detail["invalid"] = Double(environment.invalidActions)
        detail["right"] = Double(right)
        detail["truncated"] = isTruncated ? 1 : 0
        // The budget or the context ran out.
        let isCut = isTruncated || environment.steps >= environment.stepBudget
        detail["unterminated"] = isCut && !isSolved ? 1 : 0
        detail["degenerate"] = degeneration.isDegenerate ? 1 : 0
        if cut > 0 { detail["cutActions"] = Double(cut) }
        if let firstWrong { detail["firstWrong"] = Double(firstWrong) }
        // Whether it came through after an error of its own; only known where there was one.
        if environment.invalidActions > 0 { detail["recovered"] = isSolved ? 1 : 0 }
        return ResponseRecord(
            item: item, status: .graded, score: isSolved ? 1 : 0,
            output: isSolved ? "" : TokenText.text(said.map { tokens[$0] }),
            detail: detail)
    }
}
