import AssayCore

/// An episode in a world: reads the agent's calls, counts them, and makes tools fail and second tasks break in.
struct Episode<State: World>: AgentEnvironment {
    /// The true state.
    private(set) var world: State
    private let start: State
    private let cluster: Int
    /// What the model reads before its first action.
    private(set) var prompt: [Int32]
    /// Actions before the episode is ended as failed.
    private(set) var stepBudget: Int
    /// Actions that the optimal planner needs from where the model starts.
    private(set) var optimalSteps: Int
    /// Actions so far, invalid ones included, forced ones not.
    private(set) var steps = 0
    /// Invalid actions so far.
    private(set) var invalidActions = 0
    /// Right actions that were played before the model acts.
    private(set) var forcedCalls = 0
    private var forcedErrors = 0

    private let plan: EpisodePlan
    private var clock = 0
    private var accepted = 0
    private var failuresMet = 0
    /// The second task that is waiting, and whether its result was looked up.
    private var side: (task: SideTask, isFetched: Bool)?
    private var sidesBegun = 0

    /// An episode at its start.
    init(_ world: State, plan: EpisodePlan, options: EpisodeOptions, cluster: Int) {
        self.world = world
        start = world
        self.plan = plan
        self.cluster = cluster
        prompt = world.prompt
        (optimalSteps, stepBudget) = (0, Int.max)
        optimalSteps = stepsToGoal
        stepBudget = options.budget ?? optimalSteps + options.slack
    }

    /// The covariates of the episode, whatever happened in it. The sequence number 0 is the demonstration's, whose items
    /// are single actions.
    var item: ItemRecord {
        let known = start.covariates()
        return ItemRecord(
            id: ItemID(cluster: cluster, sequence: 1, question: 0), hops: known.hops, facts: start.facts,
            length: known.length, distance: known.distance, load: start.load, position: known.position,
            contentBits: ContentBits.mix(start.drawnBits))
    }
    var longestAction: Int { plan.sideTasks.isEmpty ? world.longestCall : max(4, world.longestCall) }
    var isSolved: Bool { world.isSolved && side == nil }
    var isOver: Bool { world.isOver || steps >= stepBudget }
    /// Whether a second task is waiting.
    var isInterrupted: Bool { side != nil }

    /// What an expert needs from here, failures included.
    private var stepsToGoal: Int {
        let waiting = side.map { $0.isFetched ? 1 : SideTask.steps } ?? 0
        var left = world.remainingSteps + waiting + SideTask.steps * (plan.sideTasks.count - sidesBegun)
        var time = clock
        while left > 0 {
            if !plan.failures.contains(time) { left -= 1 }
            time += 1
        }
        return time - clock
    }

    var legalActions: [[Int32]] {
        guard !isOver else { return [] }
        return side.map { [call(for: $0)] } ?? world.legalActions
    }

    var expertAction: [Int32] {
        guard !isOver else { return [] }
        return side.map(call) ?? world.expertAction
    }

    var memorylessActions: [[Int32]] {
        guard !isOver else { return [] }
        guard let side else { return world.memorylessActions }
        guard side.isFetched else { return [call(for: side)] }
        // The request was not in the last observation.
        return (0..<SideTask.symbols.count).map {
            ToolSignature.call(Vocabulary.reply, SideTask.symbols[$0], side.task.result)
        }
    }

    private func call(for side: (task: SideTask, isFetched: Bool)) -> [Int32] {
        side.isFetched
            ? ToolSignature.call(Vocabulary.reply, side.task.request, side.task.result)
            : ToolSignature.call(Vocabulary.fetch, side.task.request)
    }

    /// Hash of the true state, of the second task and of the outcome.
    var stateHash: UInt64 {
        let outcome: UInt64 = (isOver ? 2 : 0) | (isSolved ? 1 : 0)
        let served = UInt64(sidesBegun) << 2 | (side.map { $0.isFetched ? 2 : 1 } ?? 0)
        return ContentBits.mix(ContentBits.mix(world.bits ^ ContentBits.mix(served)) &+ outcome)
    }

    var details: [String: Double] {
        var details = world.counts
        if !plan.failures.isEmpty { details["failures"] = Double(failuresMet) }
        if !plan.sideTasks.isEmpty { details["interruptions"] = Double(sidesBegun - (side == nil ? 0 : 1)) }
        if forcedCalls > 0 { details["mistakes"] = Double(forcedErrors) / Double(forcedCalls) }
        return details
    }

    /// Acts. Illegal actions cost a step and answer with `error` and the reason.
    mutating func act(_ action: [Int32]) -> Observation {
        guard !isOver else { return Observation(tokens: [], isInvalid: true, isFinal: true) }
        steps += 1
        let isFailing = plan.failures.contains(clock)
        clock += 1
        let words = action.last == Vocabulary.end ? action.dropLast() : action[...]
        switch side == nil ? answer(words, isFailing) : serve(words, isFailing) {
        case .observed(let tokens):
            return Observation(tokens: tokens, isInvalid: false, isFinal: isOver)
        case .refused(let reason):
            let isInvalid = reason != Vocabulary.unavailable
            if isInvalid { invalidActions += 1 } else { failuresMet += 1 }
            return Observation(
                tokens: [Vocabulary.error, reason, Vocabulary.act], isInvalid: isInvalid, isFinal: isOver)
        }
    }

    private mutating func answer(_ words: ArraySlice<Int32>, _ isFailing: Bool) -> WorldAnswer {
        if let fault = ToolSignature.fault(words, of: world.tools) { return .refused(fault) }
        guard !isFailing else {
            // What is illegal is so whether the tool works or not.
            var other = world
            if case .refused(let reason) = other.apply(words) { return .refused(reason) }
            return .refused(Vocabulary.unavailable)
        }
        let answer = world.apply(words)
        guard case .observed(var tokens) = answer else { return answer }
        accepted += 1
        if !world.isOver, sidesBegun < plan.sideTasks.count, accepted >= plan.sideTasks[sidesBegun].after {
            let task = plan.sideTasks[sidesBegun]
            side = (task, false)
            sidesBegun += 1
            tokens.removeLast()
            tokens += [Vocabulary.interrupt, task.request, Vocabulary.act]
        }
        return .observed(tokens)
    }

    private mutating func serve(_ words: ArraySlice<Int32>, _ isFailing: Bool) -> WorldAnswer {
        guard let (task, isFetched) = side else { return .refused(Vocabulary.noSuchTool) }
        if world.tools.contains(where: { $0.token == words.first }) { return .refused(Vocabulary.busy) }
        if let fault = ToolSignature.fault(words, of: SideTask.tools) { return .refused(fault) }
        let isFetch = words.first == Vocabulary.fetch
        guard words.dropFirst().first == task.request, isFetch || isFetched && words.last == task.result else {
            return .refused(Vocabulary.notKnown)
        }
        guard !isFailing else { return .refused(Vocabulary.unavailable) }
        side = isFetch ? (task, true) : nil
        return .shows([isFetch ? task.result : Vocabulary.resume])
    }

    /// Plays a part of the plan, wrong actions included, before the model acts: it becomes the end of the prompt, and
    /// costs nothing of the budget.
    mutating func force(_ options: EpisodeOptions, _ random: inout CounterRandom) {
        let right = options.forced(steps: optimalSteps)
        guard right > 0 else { return }
        let budget = stepBudget - optimalSteps
        stepBudget = .max
        var before = [Int](repeating: 0, count: right)
        let wrong = options.mistakes(in: right)
        for place in random.distinct(wrong, below: right) { before[place] += 1 }
        (forcedCalls, forcedErrors) = (0, 0)
        // A wrong action may meet a failure that the plan had counted; the last action is the model's in any case.
        while forcedCalls < right, stepsToGoal > 1 {
            for _ in 0..<before[forcedCalls] {
                let action = isInterrupted ? [Vocabulary.end] : world.wrongAction(&random)
                prompt += action + act(action).tokens
                forcedErrors += 1
            }
            guard stepsToGoal > 1 else { break }
            let action = expertAction
            prompt += action + act(action).tokens
            forcedCalls += 1
        }
        (steps, invalidActions, failuresMet) = (0, 0, 0)
        optimalSteps = stepsToGoal
        stepBudget = optimalSteps + budget
    }
}
