import AssayCore
import AssayEvaluation
import AssayModels
import AssayTasks
import AssayTensor

/// Plays episodes through the recurrent form: many advance together in the slots of a decoder.
///
/// Episodes are played in units of fixed size, and every rollout has random numbers of its own, so that neither the
/// number of workers nor the company changes what is played.
public final class RolloutCollector {
    private let model: LanguageModel
    private let source: EpisodeSource
    private let recipe: ReinforcementRecipe
    private let precision: StatePrecision
    private let seed: UInt64
    private let pool: WorkerPool
    private let key: UInt64

    /// Episodes that a decoder advances together.
    static let unit = 32

    /// A collector. Prompts and random numbers depend on the seed alone, so that runs of one seed that differ in anything
    /// else are given the same.
    public init(
        model: LanguageModel, source: EpisodeSource, recipe: ReinforcementRecipe, precision: StatePrecision,
        seed: UInt64, pool: WorkerPool
    ) {
        self.model = model
        self.source = source
        self.recipe = recipe
        self.precision = precision
        self.seed = seed
        self.pool = pool
        key = ContentHash(of: "rollout/\(seed)").leadingBits
    }

    /// Plays the rollouts of a step (from 1): for each of its prompts as many as the recipe says.
    public func collect(step: Int, weights: FloatBlock) -> [Trajectory] {
        let count = recipe.rolloutsPerStep
        let units = stride(from: 0, to: count, by: RolloutCollector.unit).map {
            $0..<min($0 + RolloutCollector.unit, count)
        }
        return map(units, weights: weights) { unit, decoder in
            let environments = unit.map { rollout in
                let prompt = (step - 1) * recipe.promptsPerStep + rollout / recipe.rolloutsPerPrompt
                return source.environment(.training(seed: seed), index: prompt)
            }
            let policy = SamplingPolicy(decoder, temperature: recipe.temperature, certainty: recipe.certaintyGuard)
            policy.begin(
                zip(unit, environments).map { rollout, environment in
                    SamplingPolicy.Memory(
                        random: CounterRandom(key: key, index: UInt64((step - 1) * count + rollout)),
                        certainLimit: recipe.certaintyGuard?.limit(environment) ?? 0)
                })
            let episodes = Rollout.play(environments, policy: policy, slots: environments.count)
            return zip(unit, zip(episodes, policy.memories)).map { rollout, played in
                Trajectory(played.0, played.1, group: rollout / recipe.rolloutsPerPrompt)
            }
        }
    }

    /// The reward of each of some episodes of a stream, played greedily.
    public func greedyRewards(_ stream: ItemStream, _ episodes: Range<Int>, weights: FloatBlock) -> [Double] {
        let units = stride(from: episodes.lowerBound, to: episodes.upperBound, by: RolloutCollector.unit).map {
            $0..<min($0 + RolloutCollector.unit, episodes.upperBound)
        }
        return map(units, weights: weights) { unit, decoder in
            let environments = unit.map { source.environment(stream, index: $0) }
            return Rollout.play(environments, policy: DecoderPolicy(greedy: decoder), slots: environments.count)
                .map { $0.environment.isSolved ? 1 : 0 }
        }
    }

    /// Runs units by the workers, each with a decoder of its own over the weights, and joins the results in order.
    private func map<Result>(
        _ units: [Range<Int>], weights: FloatBlock, _ play: (Range<Int>, RecurrentDecoder) -> [Result]
    ) -> [Result] {
        let slots = units.map(\.count).max() ?? 1
        let results = pool.map(units.count) {
            RecurrentDecoder(
                model: model, weights: weights, slots: slots, capacity: source.capacity, precision: precision)
        } _: { unit, decoder in
            play(units[unit], decoder)
        }
        return results.flatMap { $0 }
    }
}

extension Trajectory {
    init(_ episode: RolloutEpisode, _ memory: SamplingPolicy.Memory, group: Int) {
        let end = episode.said.last.map { $0 + 1 } ?? 0
        self.init(
            group: group, tokens: Array(episode.tokens[..<end]), actions: episode.said,
            logProbabilities: memory.logProbabilities, entropy: memory.entropy,
            reward: episode.environment.isSolved && !memory.isGuarded ? 1 : 0, isGuarded: memory.isGuarded,
            isTruncated: episode.isTruncated, hasFailed: memory.hasFailed)
    }
}
