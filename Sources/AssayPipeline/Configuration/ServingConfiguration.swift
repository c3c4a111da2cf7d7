import AssayCore
import AssayModels
import AssayServing

/// What a batch file asks to be measured of serving: a section that is there is measured, with defaults for what it does
/// not say.
public struct ServingConfiguration: Sendable, Hashable {
    /// Bytes of caches and states.
    public var cache: ServingPlan.Cache?
    /// A prefix cache under a trace.
    public var trace: ServingPlan.Trace?
    /// Speculative decoding; its tasks are ``tasks``.
    public var speculation: ServingPlan.Speculation?
    /// Crossover lengths.
    public var crossover: ServingPlan.Crossover?
    /// Where the drafting arm is named.
    public var draft: Marked<String>?
    /// The tasks that speculation goes on from; nil for all of the suite.
    public var tasks: [Marked<String>]?

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("serving section", keys: ["cache", "trace", "speculation", "crossover"])
        cache = try map.optional("cache").map(ServingPlan.Cache.init)
        trace = try map.optional("trace").map(ServingPlan.Trace.init)
        crossover = try map.optional("crossover").map(ServingPlan.Crossover.init)
        if let section = map.optional("speculation") {
            let keys = ["draft", "lengths", "modes", "tasks", "prompts", "tokens", "passes"]
            let reader = try section.mapping("speculation section", keys: keys)
            let arm = try reader.required("draft")
            let draft = try arm.markedName()
            var plan = ServingPlan.Speculation(draft: draft.value, tasks: [])
            try reader.set(&plan.lengths, "lengths") { try $0.ascending(in: 1...64) }
            try reader.set(&plan.modes, "modes") { try $0.words() }
            try reader.set(&plan.prompts, "prompts") { try $0.integer(in: 1...10_000) }
            try reader.set(&plan.tokens, "tokens") { try $0.integer(in: 1...65_536) }
            try reader.set(&plan.passes, "passes") { try $0.integer(in: 1...1_000) }
            tasks = try reader.optional("tasks")?.list().map { try $0.markedName() }
            speculation = plan
            self.draft = draft
        }
        guard cache != nil || trace != nil || speculation != nil || crossover != nil else {
            throw value.failure("is empty", remedy: "Name 'cache', 'trace', 'speculation' or 'crossover'")
        }
    }

    /// Holds the names that it uses against those that there are.
    func check(arms: [String]) throws {
        guard let draft, !arms.contains(draft.value) else { return }
        throw AssayError.badInput(
            "the draft '\(draft.value)' is not among the arms", at: draft.mark.description,
            remedy: Suggestion.remedy(for: draft.value, among: arms))
    }

    /// The plan over the tasks of a suite.
    func plan(tasks known: [String]) throws -> ServingPlan {
        for task in tasks ?? [] where !known.contains(task.value) {
            throw AssayError.badInput(
                "speculation names '\(task.value)', which is no task of the suite", at: task.mark.description,
                remedy: Suggestion.remedy(for: task.value, among: known))
        }
        var plan = ServingPlan()
        (plan.cache, plan.trace, plan.crossover) = (cache, trace, crossover)
        plan.speculation = speculation
        plan.speculation?.tasks = tasks?.map(\.value) ?? known
        return plan
    }
}

extension ServingPlan.Cache {
    init(_ value: ConfigurationValue) throws {
        self.init()
        let map = try value.mapping("cache section", keys: ["formats", "lengths", "held-length"])
        try map.set(&formats, "formats") {
            try $0.list().map { value in try value.parsed(ServingFormats.init(named:)) }
        }
        try map.set(&lengths, "lengths") { try $0.ascending(in: 1...(1 << 24)) }
        try map.set(&heldLength, "held-length") { try $0.integer(in: 1...65_536) }
    }
}

extension ServingPlan.Trace {
    private static let own = ["kind", "block", "capacities-mib", "policies", "formats"]

    private static let integers: [(String, WritableKeyPath<TraceParameters, Int> & Sendable)] = [
        ("sessions", \.sessions), ("system-prompts", \.systemPrompts), ("system-length", \.systemLength),
        ("message-length", \.messageLength), ("answer-length", \.answerLength), ("tool-length", \.toolLength),
        ("subagents", \.subagents), ("context-limit", \.contextLimit),
    ]

    private static let numbers: [(String, WritableKeyPath<TraceParameters, Double> & Sendable)] = [
        ("arrival-gap", \.arrivalGap), ("turns", \.turns), ("length-spread", \.lengthSpread),
        ("tool-share", \.toolShare), ("tool-time", \.toolTime), ("think-time", \.thinkTime),
        ("time-spread", \.timeSpread), ("absence-share", \.absenceShare), ("absence-time", \.absenceTime),
        ("regenerate-share", \.regenerateShare), ("edit-share", \.editShare), ("branch-share", \.branchShare),
        ("subagent-share", \.subagentShare), ("inherit-share", \.inheritShare), ("decode-time", \.decodeTime),
    ]

    init(_ value: ConfigurationValue) throws {
        self.init()
        let keys = Self.own + Self.integers.map(\.0) + Self.numbers.map(\.0) + ["seed"]
        let map = try value.mapping("trace section", keys: keys)
        if let kind = map.optional("kind") {
            let presets = ["chat": TraceParameters.chat, "agent": TraceParameters.agent]
            guard let preset = presets[try kind.text()] else {
                throw kind.failure(
                    "cannot be '\(try kind.text())'",
                    remedy: Suggestion.remedy(for: try kind.text(), among: presets.keys.sorted()))
            }
            parameters = preset
        }
        for (key, path) in Self.integers {
            try map.set(&parameters[keyPath: path], key) { try $0.integer(in: 0...(1 << 30)) }
        }
        for (key, path) in Self.numbers { try map.set(&parameters[keyPath: path], key) { try $0.number(in: 0...1e9) } }
        try map.set(&parameters.seed, "seed") { try $0.seed() }
        try map.set(&block, "block") { try $0.integer(in: 1...65_536) }
        try map.set(&policies, "policies") {
            try $0.list().map { value in try value.parsed(SnapshotPolicy.init(named:)) }
        }
        try map.set(&capacities, "capacities-mib") {
            try $0.list().map { value in Int(try value.number(in: 0...1e9) * Double(1 << 20)) }
        }
        if let formats = map.optional("formats") { self.formats = try formats.parsed(ServingFormats.init(named:)) }
        do { try parameters.validate() } catch let error as AssayError { throw error.located(at: value.mark) }
    }
}

extension ServingPlan.Crossover {
    init(_ value: ConfigurationValue) throws {
        self.init()
        let map = try value.mapping(
            "crossover section",
            keys: ["lengths", "repeats", "memory-mib", "largest-batch", "steps", "phases", "loads"])
        try map.set(&settings.lengths, "lengths") { try $0.ascending(in: 1...(1 << 20)) }
        try map.set(&settings.repeats, "repeats") { try $0.integer(in: 1...1_000) }
        try map.set(&settings.memory, "memory-mib") { Int(try $0.number(in: 0...1e6, above: 0) * Double(1 << 20)) }
        try map.set(&settings.largestBatch, "largest-batch") { try $0.integer(in: 1...1_024) }
        try map.set(&settings.steps, "steps") { try $0.integer(in: 1...1_024) }
        try map.set(&phases, "phases") { try $0.words() }
        try map.set(&loads, "loads") { try $0.words() }
    }
}

extension ConfigurationReader {
    /// Takes over the value of a key that is there.
    fileprivate func set<Value>(
        _ target: inout Value, _ key: String, _ read: (ConfigurationValue) throws -> Value
    ) throws {
        if let value = optional(key) { target = try read(value) }
    }
}

extension ConfigurationValue {
    /// Whole numbers in ascending order, each once.
    fileprivate func ascending(in range: ClosedRange<Int>) throws -> [Int] {
        let numbers = Set(try list().map { try $0.integer(in: range) }).sorted()
        guard !numbers.isEmpty else { throw failure("is empty", remedy: "Write at least one number") }
        return numbers
    }

    /// Some words, each once.
    fileprivate func words<Word: RawRepresentable & CaseIterable & Equatable>() throws -> [Word]
    where Word.RawValue == String {
        var words: [Word] = []
        for value in try list() {
            let word: Word = try value.word()
            if !words.contains(word) { words.append(word) }
        }
        guard !words.isEmpty else { throw failure("is empty", remedy: "Write at least one word") }
        return words
    }

    /// A text that something else reads, whose errors get this place.
    fileprivate func parsed<Value>(_ read: (String) throws -> Value) throws -> Value {
        do { return try read(try text()) } catch let error as AssayError { throw error.located(at: mark) }
    }
}
