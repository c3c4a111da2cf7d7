import AssayCore

/// What the tasks in worlds share: identity, length, what happens in episodes, and where the random numbers come from.
struct WorldFrame: Sendable {
    let identity: TaskIdentity
    let length: Int
    let options: EpisodeOptions
    let source: ItemSource

    /// A frame of options that are the world's own.
    init(_ identity: TaskIdentity, length: Int, options: EpisodeOptions) {
        (self.identity, self.length, self.options) = (identity, length, options)
        source = WorldFrame.source(of: identity)
    }

    /// Checks that the optimal play fits, with all that happens in it and an error.
    /// - Parameters:
    ///   - plan: actions of the optimal plan.
    ///   - optimal: tokens of the optimal play, the prompt included.
    ///   - longestCall: tokens of the longest call.
    ///   - error: tokens that a wrong action, its observation and the way back may take.
    init(
        _ generator: String, _ p: ParameterValues, plan: Int, optimal: Int, longestCall: Int, error: Int
    ) throws {
        let options = EpisodeOptions(p)
        let room = options.room(plan: plan, longestCall: longestCall, error: error)
        try p.require(
            "length", atLeast: optimal + room,
            because: "the optimal play takes \(optimal) tokens, what happens in it and an error \(room)")
        self.init(
            TaskIdentity(generator: generator, version: 1, parameters: p.all), length: p["length"], options: options)
    }

    /// The source of worlds, the same whatever part of the history is forced with whatever mistakes: so that episodes
    /// with and without them are the same otherwise.
    private static func source(of identity: TaskIdentity) -> ItemSource {
        var matched = identity
        for name in ["history", "mistakes"] { matched.parameters[name] = nil }
        return ItemSource(matched)
    }
}

extension TaskParameter {
    /// Tokens of every demonstration.
    static func demonstrationLength(_ value: Int) -> TaskParameter {
        TaskParameter("length", value, 16...8192, "tokens of every demonstration; padding fills what is not needed")
    }
}

extension ParameterValues {
    /// The highest floor of a task: above it nothing is left to be measured.
    static let highestFloor = 0.99

    /// Refuses values with which the task is solved without understanding.
    /// - Parameter remedy: what to change.
    func require(headroomOver floor: Double, _ name: String, remedy: String) throws {
        guard floor > Self.highestFloor else { return }
        throw AssayError.badInput(
            "task '\(generator)': parameter '\(name)' is \(self[name]), with which \(floor) of the task is solved without "
                + "understanding; at most \(Self.highestFloor) may be", remedy: remedy)
    }
}
