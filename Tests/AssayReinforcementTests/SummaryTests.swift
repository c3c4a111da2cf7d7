import Foundation
import Testing

@testable import AssayReinforcement

@Suite struct SummaryTests {
    private func log(rewards: [Double], entropy: [Double]? = nil, norms: [Double]? = nil) -> [ReinforcementStep] {
        rewards.indices.map { i in
            var step = ReinforcementStep()
            step.step = Double(i + 1)
            step.reward = rewards[i]
            step.entropy = entropy?[i] ?? 1
            step.gradientNorm = norms?[i] ?? 1
            step.tokens = Double(i + 1) * 100
            return step
        }
    }

    /// Slopes from NumPy: `polyfit(steps, entropy, 1)` and the sum of `polyfit(exp(entropy), reward, 1)`.
    @Test func `slope of the entropy and ceiling of the reward are those of least squares`() {
        let summary = ReinforcementSummary(
            log(rewards: [0.2, 0.3, 0.35, 0.5, 0.55, 0.6], entropy: [2, 1.5, 1.1, 0.9, 0.3, 0.25]), window: 2)
        #expect(abs(summary.entropySlope - -0.35857143) < 1e-8)
        #expect(abs(summary.rewardCeiling - 0.5648174345778213) < 1e-12)
        // 20 % of the mean of the first two, 1.75, is 0.35.
        #expect(abs(summary.lowEntropyShare - 2.0 / 6) < 1e-12)
        #expect(abs(summary.startReward - 0.25) < 1e-12)
        #expect(abs(summary.endReward - 0.575) < 1e-12)
    }

    @Test func `a spike is a step far above the steps before it`() {
        var norms = (0..<210).map { 1 + 0.1 * Double($0 % 3) }
        norms[50] = 1.71
        norms[150] = 1.6
        norms[5] = 90
        // Median 1.1, median deviation 0.1: the bound is 1.7. Step 6 is too early to be judged.
        let spikes = GradientSpikes(norms)
        #expect(abs(spikes.per1000 - 1000.0 / 200) < 1e-9)
        #expect(abs(spikes.largest - 90 / 1.1) < 1e-9)
    }

    @Test func `the area is the mean reward up to a point, within a step too`() {
        let log = log(rewards: [0, 1, 1])
        #expect(abs(ReinforcementSummary.area(log, along: \.step, to: 3) - 0.75) < 1e-12)
        #expect(abs(ReinforcementSummary.area(log, along: \.tokens, to: 150) - 0.25) < 1e-12)
        #expect(abs(ReinforcementSummary.area(log, along: \.tokens, to: 250) - (0.5 * 100 + 50) / 150) < 1e-12)
        #expect(ReinforcementSummary.area(log, along: \.tokens, to: 301).isNaN)
    }

    @Test func `collapse has its reason, and a policy that is sure of what is right is none`() {
        let rule = CollapseRule(entropyShare: 0.2, patience: 10, window: 10)
        let high = (0..<10).map { 0.5 + 0.02 * Double($0 % 2) }
        func entropy(_ end: Double) -> [Double] { high.map { _ in 2.0 } + high.map { _ in end } }
        #expect(rule.reason(log(rewards: high + high, entropy: entropy(0.3)), isOver: false) == .entropy)
        #expect(rule.reason(log(rewards: high + high, entropy: entropy(0.5)), isOver: true) == nil)
        #expect(rule.reason(log(rewards: high + high.map { $0 + 0.3 }, entropy: entropy(0.1)), isOver: true) == nil)
        let fallen = log(rewards: high + high.map { $0 - 0.1 })
        #expect(rule.reason(fallen, isOver: true) == .reward)
        #expect(rule.reason(fallen, isOver: false) == nil)
        // Within the noise of the steps.
        let noisy = (0..<10).map { 0.5 + 0.3 * Double($0 % 2) }
        #expect(rule.reason(log(rewards: noisy + noisy.map { $0 - 0.05 }), isOver: true) == nil)
    }

    @Test func `a step goes through its figures and back`() {
        let values = ReinforcementStep.fields.indices.map { Double($0) + 0.5 }
        #expect(ReinforcementStep(values: values).values == values)
        #expect(Set(ReinforcementStep.fields.map(\.name)).count == values.count)
    }
}
