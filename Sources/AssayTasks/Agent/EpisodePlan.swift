import AssayCore

/// A second task that breaks in:
///
///     : ... interrupt a >   fetch a </s>   : b >   reply a b </s>   : resume >
struct SideTask: Sendable, Hashable {
    /// It breaks in after so many actions of the first task.
    let after: Int
    /// What is asked for.
    let request: Int32
    /// What the look-up gives.
    let result: Int32

    /// Actions that it takes.
    static let steps = 2
    /// Tokens that it adds to an episode.
    static let room = 2 + 3 + 3 + 4 + 3
    /// What is asked for and answered.
    static let symbols = SymbolRange(offset: 176, count: 16)
    /// Its tools.
    static let tools = [
        ToolSignature(Vocabulary.fetch, ToolArgument("request", symbols)),
        ToolSignature(Vocabulary.reply, ToolArgument("request", symbols), ToolArgument("result", symbols)),
    ]
}

/// What an agent task lets happen in its episodes.
struct EpisodeOptions: Sendable {
    /// Actions before an episode ends as failed; nil for ``slack`` more than the optimum.
    var budget: Int?
    /// Actions that may be wasted.
    var slack = 0
    /// Tool failures, per cent of the steps of the optimal plan.
    var failures = 0
    /// Second tasks that break in.
    var interruptions = 0
    /// Wrong actions injected into training, a share of the steps.
    var errors = 0.0
    /// The part of the plan that is played before the model acts, per cent.
    var history = 0
    /// Wrong actions in that part, per cent of its right ones.
    var mistakes = 0

    /// The parameters that all worlds share.
    static let parameters = [
        TaskParameter("slack", 8, 0...256, "actions beyond the optimum before the episode ends as failed"),
        TaskParameter("failures", 0, 0...50, "transient failures of tools, per cent of the steps of the optimal plan"),
        TaskParameter("interruptions", 0, 0...4, "second tasks that break in"),
        TaskParameter("errors", 15, 0...90, "wrong actions injected into training, per cent of the steps"),
        TaskParameter("history", 0, 0...90, "part of the plan that is played before the model acts, per cent"),
        TaskParameter("mistakes", 0, 0...100, "wrong actions in that part, per cent of its right ones"),
    ]

    /// Options of parameter values.
    init(_ p: ParameterValues) {
        slack = p["slack"]
        failures = p["failures"]
        interruptions = p["interruptions"]
        errors = Double(p["errors"]) / 100
        history = p["history"]
        mistakes = p["mistakes"]
    }

    /// A fixed budget and nothing that breaks in.
    init(budget: Int, errors: Double) {
        self.budget = budget
        self.errors = errors
    }

    /// Steps of an expert that meets no failure.
    func steps(plan: Int) -> Int { plan + SideTask.steps * interruptions }

    /// Failures that an expert meets in a plan of so many steps.
    func failures(plan: Int) -> Int { steps(plan: plan) * failures / 100 }

    /// Tokens that are needed besides those of a plan of so many steps: failed calls, second tasks, a forced history with
    /// its wrong actions, and one wrong action in training.
    func room(plan: Int, longestCall: Int, error: Int) -> Int {
        let failures = failures(plan: plan)
        let wrong = mistakes(in: forced(steps: steps(plan: plan) + failures))
        return failures * (longestCall + 3) + interruptions * SideTask.room + max(wrong, 1) * error
    }

    /// Right actions that are played before the model acts, of so many.
    func forced(steps: Int) -> Int { steps * history / 100 }

    /// Wrong actions among them.
    func mistakes(in forced: Int) -> Int { (forced * mistakes + 50) / 100 }

    /// Draws what happens in an episode whose plan has so many steps. Draws nothing if nothing happens.
    func plan(steps plan: Int, _ random: inout CounterRandom) -> EpisodePlan {
        var result = EpisodePlan()
        let breaks = min(interruptions, plan - 1)
        if breaks > 0 {
            let after = random.distinct(breaks, below: plan - 1).sorted()
            let symbols = SideTask.symbols.distinct(2 * breaks, &random)
            result.sideTasks = after.enumerated().map { number, place in
                SideTask(after: place + 1, request: symbols[2 * number], result: symbols[2 * number + 1])
            }
        }
        let failing = failures(plan: plan)
        if failing > 0 {
            // Not at the last step, so that the optimum does not depend on what comes after it.
            result.failures = Set(random.distinct(failing, below: steps(plan: plan) + failing - 1))
        }
        return result
    }
}

/// What happens in an episode, drawn beforehand.
struct EpisodePlan: Sendable, Hashable {
    /// Steps at which every tool fails.
    var failures: Set<Int> = []
    /// Second tasks in the order in which they break in.
    var sideTasks: [SideTask] = []
}
