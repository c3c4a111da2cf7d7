import AssayCore

/// A task in a world: draws worlds, and has everything else from them: episodes, demonstrations and their check.
///
/// Sequences are expert demonstrations; the questions are the expert's actions. In training, wrong actions are injected
/// with their observations, and the expert goes on from there; wrong actions are never targets.
protocol WorldTask: AgentTaskGenerator {
    associatedtype State: World
    associatedtype Reader: WorldReader

    /// The token that marks its sequences.
    static var token: Int32 { get }
    /// Tokens that a wrong action, its observation and the way back may take.
    static var errorRoom: Int { get }
    /// Steps that they may take.
    static var errorSteps: Int { get }
    /// What it shares with the others.
    var frame: WorldFrame { get }

    /// Draws a world: of full difficulty, or in training of any.
    func draw(isTraining: Bool, _ random: inout CounterRandom) -> State
    /// Starts to read a transcript with the tokens of the prompt between the task's mark and the first request to act.
    func reader(of prompt: [Int32]) -> Reader?
    /// A token by its role in this world.
    func name(of token: Int32) -> String
}

extension WorldTask {
    /// Everything that identifies the items.
    public var identity: TaskIdentity { frame.identity }
    /// Tokens of every demonstration.
    public var length: Int { frame.length }
    /// What happens in episodes.
    var options: EpisodeOptions { frame.options }
    /// Agents.
    public var family: TaskFamily { .agent }
    /// Actions are generated freely.
    public var generates: Bool { true }

    /// The expert's demonstration of the episode of the same number, without errors, but for those of a forced history.
    public func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var (episode, random) = episode(stream, .cluster, index)
        return [demonstrate(&episode, cluster: index, errors: 0, &random)]
    }

    /// A demonstration with injected errors; of full difficulty half of the time, else easier.
    public func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        var (episode, random) = episode(stream, .training, index)
        return demonstrate(&episode, cluster: index, errors: options.errors, &random)
    }

    /// The episode number `index` of a stream.
    public func environment(_ stream: ItemStream, index: Int) -> any AgentEnvironment {
        episode(stream, .cluster, index).episode
    }

    private func episode(
        _ stream: ItemStream, _ use: ItemSource.Use, _ index: Int
    ) -> (episode: Episode<State>, random: CounterRandom) {
        var (world, random) = frame.source.draw(stream, use, index) { random in
            let world = draw(isTraining: use == .training, &random)
            return (world, world.drawnBits)
        }
        let plan = options.plan(steps: world.remainingSteps, &random)
        var episode = Episode(world, plan: plan, options: options, cluster: index)
        if use == .cluster { episode.force(options, &random) }
        return (episode, random)
    }

    /// Plays the expert, with wrong actions in between where there is room for them.
    private func demonstrate(
        _ episode: inout Episode<State>, cluster: Int, errors: Double, _ random: inout CounterRandom
    ) -> TaskSequence {
        var builder = SequenceBuilder(episode.prompt, length: length)
        var spare = errors > 0 ? spareErrors(episode) : 0
        var call = episode.forcedCalls
        while !episode.isOver {
            if spare > 0, !episode.isInterrupted, random.chance(errors) {
                spare -= 1
                let wrong = episode.world.wrongAction(&random)
                builder.append(wrong)
                builder.append(episode.act(wrong).tokens)
            }
            let action = episode.expertAction
            let fact = WorldText.fact(of: action, in: builder.tokens)
            call += 1
            builder.answer(
                action,
                .init(
                    hops: call, facts: episode.world.facts, distance: builder.position - fact,
                    load: episode.world.load, position: Double(fact) / Double(builder.position)))
            let observation = episode.act(action)
            if !episode.isOver { builder.append(observation.tokens) }
        }
        return builder.finish(cluster: cluster)
    }

    /// Wrong actions for which a demonstration has the tokens and the steps.
    private func spareErrors(_ episode: Episode<State>) -> Int {
        let world = episode.world
        let happening = options.room(plan: world.remainingSteps, longestCall: world.longestCall, error: 0)
        let tokens = length - world.optimalLength - happening
        return min(tokens / Self.errorRoom, (episode.stepBudget - episode.optimalSteps) / Self.errorSteps)
    }
}
