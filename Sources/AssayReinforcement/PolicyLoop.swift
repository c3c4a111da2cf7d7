import AssayModels
import AssayTensor
import Foundation

/// The loop itself: rollouts by the recurrent form, updates by the parallel form, one step after another.
public final class PolicyLoop {
    /// What is trained.
    public let plan: ReinforcementPlan
    /// Updates the policy.
    public let updater: PolicyUpdater
    /// Plays its episodes.
    public let collector: RolloutCollector

    private let clock = ContinuousClock()

    /// A loop at step 0.
    /// - Parameters:
    ///   - weights: those of the start; copied.
    public init(plan: ReinforcementPlan, model: LanguageModel, weights start: FloatBlock, pool: WorkerPool) {
        self.plan = plan
        let weights = FloatBlock(count: start.count)
        weights.copy(from: start)
        updater = PolicyUpdater(model: model, weights: weights, reference: start, recipe: plan.recipe, pool: pool)
        collector = RolloutCollector(
            model: model, source: plan.source, recipe: plan.recipe, precision: plan.precision, seed: plan.seed,
            pool: pool
        )
    }

    /// What a step did, or why there was none.
    public enum Outcome: Sendable {
        /// The step was done.
        case done(ReinforcementStep)
        /// Numbers were not finite.
        case failed(CollapseReason)
    }

    /// Does a step (from 1).
    /// - Parameter last: the step before it; nil for the first.
    public func step(_ number: Int, after last: ReinforcementStep?) -> Outcome {
        let start = clock.now
        let trajectories = collector.collect(step: number, weights: updater.optimizer.weights)
        guard !trajectories.contains(where: \.hasFailed) else { return .failed(.nonFiniteRollout) }
        var record = ReinforcementStep(trajectories, recipe: plan.recipe, tokens: last?.tokens ?? 0)
        record.step = Double(number)
        record.learningRate = plan.recipe.rate(step: number)
        let advantages = Advantages.of(trajectories.map(\.reward), plan.recipe)
        if let reason = update(trajectories, advantages, number, &record) { return .failed(reason) }
        record.seconds = (last?.seconds ?? 0) + (clock.now - start) / .seconds(1)
        return .done(record)
    }

    /// Does the updates of a step. Returns why they could not be done.
    private func update(
        _ trajectories: [Trajectory], _ advantages: [Double], _ step: Int, _ record: inout ReinforcementStep
    ) -> CollapseReason? {
        let (recipe, optimizer) = (plan.recipe, updater.optimizer)
        var batch = RolloutBatch(trajectories, advantages: advantages, recipe: recipe)
        for index in 1...recipe.updatesPerStep {
            let number = (step - 1) * recipe.updatesPerStep + index
            let outcome = updater.computeGradient(&batch, update: number)
            guard outcome.loss.isFinite else { return .nonFiniteLoss }
            guard outcome.gradientNorm.isFinite else { return .nonFiniteGradient }
            if index == 1 {
                record.mismatch = PolicyMismatch(
                    train: outcome.logProbabilities, rollout: trajectories.map(\.logProbabilities))
                record.divergence = PolicyMismatch(train: batch.reference, rollout: batch.old).k3
            }
            optimizer.apply(step: number, learningRate: record.learningRate, gradientNorm: outcome.gradientNorm)
            guard optimizer.weightsAreFinite else { return .nonFiniteWeights }
            record.loss += outcome.loss / Double(recipe.updatesPerStep)
            record.gradientNorm = max(record.gradientNorm, outcome.gradientNorm)
            let sampled = trajectories.reduce(0) { $0 + $1.actions.count }
            record.clipped = Double(outcome.clipped) / Double(max(sampled, 1))
        }
        return nil
    }
}

extension ReinforcementStep {
    /// What the rollouts of a step came to.
    /// - Parameter tokens: tokens of all rollouts before.
    init(_ trajectories: [Trajectory], recipe: ReinforcementRecipe, tokens before: Double) {
        self.init()
        func mean(_ value: (Trajectory) -> Double) -> Double {
            trajectories.reduce(0) { $0 + value($1) } / Double(max(trajectories.count, 1))
        }
        let sampled = trajectories.reduce(0) { $0 + $1.actions.count }
        reward = mean(\.reward)
        deadGroups = Advantages.deadShare(trajectories.map(\.reward), recipe)
        if sampled > 0 { entropy = trajectories.reduce(0) { $0 + $1.entropy } / Double(sampled) }
        sampledTokens = mean { Double($0.actions.count) }
        tokens = before + Double(trajectories.reduce(0) { $0 + $1.tokens.count })
        guarded = mean { $0.isGuarded ? 1 : 0 }
        truncated = mean { $0.isTruncated ? 1 : 0 }
    }
}
