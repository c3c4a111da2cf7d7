import AssayCore
import AssayReinforcement
import Foundation

/// A study of reinforcement learning as its file states it: arms that are trained supervised and then by their rewards, with
/// several seeds and several precisions of the states of rollouts.
public struct ReinforcementConfiguration: Sendable {
    /// The name: the one in the file, else that of the file.
    public var name: String
    /// What it is for.
    public var description: String?
    /// The task of both trainings.
    public var task: TaskEntry
    /// The arms in the order of the file.
    public var arms: [Arm]
    /// The seeds, each once.
    public var seeds: [Marked<UInt64>]
    /// How the states of rollouts are kept, each once; the first is what the others are held against.
    public var rollouts: [Marked<StatePrecision>]
    /// Held-out episodes that are played before and after.
    public var episodes: Int

    /// An arm: an architecture, how it is trained supervised, and how by its rewards.
    public struct Arm: Sendable {
        /// The name.
        public var name: String
        /// The architecture, by name or path.
        public var architecture: Marked<String>
        /// The recipe of the supervised training, by name or path.
        public var recipe: Marked<String>
        /// The checkpoint of that recipe from which reinforcement learning starts; nil for the last.
        public var start: Marked<ReinforcementStart>?
        /// How it goes on.
        public var policy: Marked<ReinforcementRecipe>
    }

    private static let keys = ["name", "description", "task", "arms", "seeds", "rollouts", "episodes", "policy"]

    /// Reads a file by itself, without the files that it names.
    /// - Throws: ``AssayError`` for the first thing that is wrong, with file, line and remedy.
    public static func read(_ url: URL) throws -> ReinforcementConfiguration {
        let top = try ConfigurationDocument.read(url, kind: "study").mapping("study", keys: keys)
        let task = try top.required("task").task()
        let policy = try top.required("policy")
        let recipe = try ReinforcementRecipe(policy, over: nil)
        let arms = try top.required("arms")
        let study = ReinforcementConfiguration(
            name: try top.optional("name")?.name() ?? ConfigurationLibrary.name(of: url),
            description: try top.optional("description")?.text(), task: task,
            arms: try arms.entries().map { try Arm($0, over: Marked(recipe, at: policy.mark)) },
            seeds: try top.required("seeds").seeds(),
            rollouts: try top.optional("rollouts")?.precisions() ?? [Marked(.float32, at: top.mark)],
            episodes: try top.optional("episodes")?.integer(in: 2...100_000) ?? 400)
        guard !study.arms.isEmpty else { throw arms.failure("is empty", remedy: "Name at least one arm") }
        return study
    }
}

extension ReinforcementConfiguration.Arm {
    init(_ entry: ConfigurationEntry, over policy: Marked<ReinforcementRecipe>) throws {
        name = try entry.name()
        let map = try entry.value.mapping(
            "arm", keys: ["architecture", "recipe", "start-step", "start-success", "policy"])
        let (architecture, recipe) = (try map.required("architecture"), try map.required("recipe"))
        self.architecture = Marked(try architecture.text(), at: architecture.mark)
        self.recipe = Marked(try recipe.text(), at: recipe.mark)
        start = try map.markedInteger("start-step", 0...10_000_000).map { Marked(.step($0.value), at: $0.mark) }
        if let success = map.optional("start-success") {
            guard start == nil else {
                throw success.failure("stands beside 'start-step'", remedy: "Keep one of the two")
            }
            start = Marked(.success(try success.number(in: 0...1, above: 0)), at: success.mark)
        }
        self.policy =
            try map.optional("policy").map { Marked(try ReinforcementRecipe($0, over: policy.value), at: $0.mark) }
            ?? policy
    }
}

extension ReinforcementRecipe {
    private static let keys = [
        "steps", "algorithm", "prompts-per-step", "rollouts-per-prompt", "rollouts-per-micro-batch",
        "updates-per-step", "learning-rate", "warm-up-steps", "weight-decay", "beta1", "beta2", "epsilon",
        "gradient-clip", "temperature", "clip-low", "clip-high", "divergence-weight", "importance-cap",
        "certainty-guard", "collapse",
    ]

    /// Reads the settings of a map; what is not there is as in another recipe, or has its default.
    init(_ value: ConfigurationValue, over base: ReinforcementRecipe?) throws {
        let map = try value.mapping("policy", keys: ReinforcementRecipe.keys)
        let steps = try map.optional("steps")?.integer(in: 1...1_000_000)
        let count = try steps ?? base?.steps ?? map.absent("steps")
        self = base ?? ReinforcementRecipe(steps: count, warmUpSteps: min(5, count))
        self.steps = count
        func whole(
            _ key: String, _ path: WritableKeyPath<ReinforcementRecipe, Int>, _ range: ClosedRange<Int>
        ) throws {
            if let given = try map.optional(key)?.integer(in: range) { self[keyPath: path] = given }
        }
        func number(
            _ key: String, _ path: WritableKeyPath<ReinforcementRecipe, Double>, _ range: ClosedRange<Double>,
            above: Double? = nil
        ) throws {
            if let given = try map.optional(key)?.number(in: range, above: above) { self[keyPath: path] = given }
        }
        if let word = try map.optional("algorithm")?.word(PolicyAlgorithm.self) { algorithm = word }
        try whole("prompts-per-step", \.promptsPerStep, 1...65_536)
        try whole("rollouts-per-prompt", \.rolloutsPerPrompt, 1...4_096)
        try whole("rollouts-per-micro-batch", \.rolloutsPerMicroBatch, 1...65_536)
        try whole("updates-per-step", \.updatesPerStep, 1...64)
        try whole("warm-up-steps", \.warmUpSteps, 0...1_000_000)
        try number("learning-rate", \.learningRate, 0...10, above: 0)
        try number("weight-decay", \.optimizer.weightDecay, 0...10)
        try number("beta1", \.optimizer.beta1, 0...0.999999)
        try number("beta2", \.optimizer.beta2, 0...0.999999)
        try number("epsilon", \.optimizer.epsilon, 0...0.1, above: 0)
        try number("gradient-clip", \.optimizer.gradientClip, 0...1e9)
        try number("temperature", \.temperature, 0.01...100)
        try number("clip-low", \.clipLow, 0...1)
        try number("clip-high", \.clipHigh, 0...100)
        try number("divergence-weight", \.divergenceWeight, 0...1000)
        if let cap = try map.optional("importance-cap")?.number(in: 0...1e6) { importanceCap = cap > 0 ? cap : nil }
        try readRules(map)
        do { try validate() } catch let error as AssayError { throw error.located(at: value.mark) }
    }

    private mutating func readRules(_ map: ConfigurationReader) throws {
        if let guarded = try map.optional("certainty-guard")?.mapping("guard", keys: ["probability", "share"]) {
            let standard = CertaintyGuard()
            let share = try guarded.optional("share")?.number(in: 0...1) ?? standard.share
            let probability = try guarded.optional("probability")?.number(in: 0.5...0.999999)
            certaintyGuard =
                share > 0 ? CertaintyGuard(probability: probability ?? standard.probability, share: share) : nil
        }
        if let rule = try map.optional("collapse")?.mapping(
            "collapse rule", keys: ["entropy-share", "patience", "window"])
        {
            collapse.entropyShare = try rule.optional("entropy-share")?.number(in: 0...1) ?? collapse.entropyShare
            collapse.patience = try rule.optional("patience")?.integer(in: 1...1_000_000) ?? collapse.patience
            collapse.window = try rule.optional("window")?.integer(in: 2...10_000) ?? collapse.window
        }
    }
}

extension ConfigurationValue {
    /// A task that stands alone, under its key.
    fileprivate func task() throws -> TaskEntry {
        let entry = try TaskEntry(ConfigurationEntry(key: path, mark: mark, value: self))
        if let wrong = entry.clusters?.mark ?? entry.conditions?.first?.mark {
            throw AssayError.badInput(
                "'clusters' and 'conditions' mean nothing here", at: wrong.description,
                remedy: "Say 'episodes' and 'rollouts' beside the task")
        }
        return entry
    }

    /// Precisions of states, each once.
    fileprivate func precisions() throws -> [Marked<StatePrecision>] {
        var precisions: [Marked<StatePrecision>] = []
        for value in try list() {
            let precision: StatePrecision
            do {
                // As in the textual form of a condition, whose path this is.
                let text = try value.text()
                precision = try text == "float32" ? .float32 : Condition("recurrent:\(text)").precision
            } catch let error as AssayError { throw error.located(at: value.mark) }
            guard !precisions.contains(where: { $0.value == precision }) else {
                throw value.failure("names '\(precision.name)' again", remedy: "Name each precision once")
            }
            precisions.append(Marked(precision, at: value.mark))
        }
        guard !precisions.isEmpty else { throw failure("is empty", remedy: "Name at least one precision") }
        return precisions
    }
}
