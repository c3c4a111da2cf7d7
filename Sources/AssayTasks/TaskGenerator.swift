import AssayCore

/// A generator of items with parameters: everything that identifies what it makes.
public struct TaskIdentity: Sendable, Hashable, Codable {
    /// The generator, such as `associative-recall`.
    public var generator: String
    /// Raised whenever the same parameters would give other items.
    public var version: Int
    /// Parameter values by name.
    public var parameters: [String: Int]

    /// An identity.
    public init(generator: String, version: Int, parameters: [String: Int]) {
        self.generator = generator
        self.version = version
        self.parameters = parameters
    }

    /// One line that spells the identity out, the name of its random key.
    public var text: String {
        "\(generator)/v\(version)?"
            + parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            .joined(separator: "&")
    }

    /// The hash of the identity.
    public var hash: ContentHash { ContentHash(of: text) }
}

/// A cheat that needs no understanding: its measured score is the floor of the task.
public struct ShortcutBaseline: Sendable {
    /// Such as `guess-value`, `last-value`, `local-window`, `list-all`, `do-nothing`.
    public let name: String
    /// The scores in [0, 1] of the shortcut on the questions of a sequence, in order, with a random source for guesses.
    public let scores: @Sendable (TaskSequence, inout CounterRandom) -> [Double]

    /// A shortcut that looks at each question by itself.
    public init(
        name: String, score: @escaping @Sendable (TaskSequence, Question, inout CounterRandom) -> Double
    ) {
        self.init(name: name, reading: { _ in () }, score: { score($1, $2, &$3) })
    }

    /// A shortcut that reads a sequence once, and then looks at its questions.
    public init<Reading>(
        name: String, reading: @escaping @Sendable (TaskSequence) -> Reading,
        score: @escaping @Sendable (Reading, TaskSequence, Question, inout CounterRandom) -> Double
    ) {
        self.name = name
        scores = { sequence, random in
            let read = reading(sequence)
            var scores: [Double] = []
            scores.reserveCapacity(sequence.questions.count)
            for question in sequence.questions { scores.append(score(read, sequence, question, &random)) }
            return scores
        }
    }
}

/// A task: makes clusters of items from counters, and knows how they could be cheated.
public protocol TaskGenerator: Sendable {
    /// Everything that identifies the items.
    var identity: TaskIdentity { get }
    /// The family.
    var family: TaskFamily { get }
    /// Tokens of every sequence, padding included.
    var length: Int { get }
    /// The floor that no shortcut may beat, stated from the parameters.
    var statedFloor: Double { get }
    /// The shortcuts that are run to measure the floor.
    var baselines: [ShortcutBaseline] { get }
    /// Whether the answers are generated freely, through the recurrent form, besides being scored in place.
    var generates: Bool { get }

    /// All sequences of a cluster for evaluation: the main one, then the single-hop twins where there are some.
    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence]
    /// One training sequence. Draws from the training stream only.
    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence
    /// Solves a sequence by another route than the generator's and tells what is wrong with it; empty when sound.
    func check(_ sequence: TaskSequence) -> [String]
    /// Whether a generated answer, without its end token, is right; asked where ``Grading/checked`` is the grading.
    func accepts(_ answer: [Int32], to question: Question, in sequence: TaskSequence) -> Bool
    /// A sequence as a person reads it.
    func describe(_ sequence: TaskSequence) -> String
}

extension TaskGenerator {
    /// Only the gold answer is right, unless the task knows others.
    public func accepts(_ answer: [Int32], to question: Question, in sequence: TaskSequence) -> Bool {
        answer == sequence.gold(question).prefix { $0 != Vocabulary.end }
    }
}

/// A task in closed loop: episodes in a world, besides expert demonstrations as sequences.
public protocol AgentTaskGenerator: TaskGenerator {
    /// The episode number `index` of a stream.
    func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment
    /// The floor of the share of the expert's actions that are predicted, on demonstrations; ``statedFloor`` is that of
    /// the success of episodes.
    var demonstrationFloor: Double { get }
    /// The agents whose success is the measured floor of episodes.
    var floorAgents: [FloorAgent] { get }
}

extension AgentTaskGenerator {
    /// Those that can play any task.
    public var floorAgents: [FloorAgent] { FloorAgent.all }
    /// The floor of episodes, unless the task states another.
    public var demonstrationFloor: Double { statedFloor }
}

/// What the world says to an action.
public struct Observation: Sendable, Hashable {
    /// What the model reads next.
    public var tokens: [Int32]
    /// The action could not be parsed or was not legal in the true state.
    public var isInvalid: Bool
    /// The episode is over.
    public var isFinal: Bool

    /// An observation.
    public init(tokens: [Int32], isInvalid: Bool, isFinal: Bool) {
        self.tokens = tokens
        self.isInvalid = isInvalid
        self.isFinal = isFinal
    }
}

/// One episode: deterministic, with value semantics, so that a copy is a fork.
public protocol AgentEnvironment: Sendable {
    /// What the model reads before its first action: the goal and what is known.
    var prompt: [Int32] { get }
    /// Longest action in tokens, its end token included.
    var longestAction: Int { get }
    /// Actions before the episode is ended as failed.
    var stepBudget: Int { get }
    /// Actions that the optimal planner needs from the start.
    var optimalSteps: Int { get }
    /// Actions so far, invalid ones included.
    var steps: Int { get }
    /// Invalid actions so far.
    var invalidActions: Int { get }
    /// Whether the goal is reached.
    var isSolved: Bool { get }
    /// Whether the episode is over.
    var isOver: Bool { get }
    /// The actions that are legal now, each with its end token.
    var legalActions: [[Int32]] { get }
    /// What the optimal planner does now.
    var expertAction: [Int32] { get }
    /// What an expert could do that knows the rules, but has read nothing save the last observation.
    var memorylessActions: [[Int32]] { get }
    /// What else is counted in the episode, for the details of its response.
    var details: [String: Double] { get }
    /// Hash of the true state, for outcome checks.
    var stateHash: UInt64 { get }
    /// The covariates of the episode.
    var item: ItemRecord { get }
    /// Acts: the tokens that the model emitted, with or without the end token.
    mutating func act(_ action: [Int32]) -> Observation
}

extension AgentEnvironment {
    /// Anything legal.
    public var memorylessActions: [[Int32]] { legalActions }
    /// Nothing.
    public var details: [String: Double] { [:] }
}
