import Testing

@testable import AssayReinforcement

@Suite struct AdvantageTests {
    @Test func `group-normalised advantages are those of the definition`() {
        // Mean 0.25, deviation of the sample 0.5.
        let advantages = Advantages.normalised([1, 0, 0, 0])
        for (value, expected) in zip(advantages, [1.5, -0.5, -0.5, -0.5]) { #expect(abs(value - expected) < 1e-5) }
        #expect(Advantages.normalised([1, 1, 1]) == [0, 0, 0])
        #expect(Advantages.normalised([1]) == [0])
    }

    @Test func `the baseline of a rollout is the mean of the others`() {
        #expect(Advantages.leaveOneOut([1, 0, 0.5]) == [0.75, -0.75, 0])
        #expect(Advantages.leaveOneOut([1, 1]) == [0, 0])
    }

    @Test func `groups are the rollouts of a prompt, or the whole step where a prompt has one`() {
        let rewards = [1.0, 0, 1, 1, 0, 0]
        let pairs = ReinforcementRecipe(steps: 1, algorithm: .reinforce, promptsPerStep: 3, rolloutsPerPrompt: 2)
        #expect(Advantages.of(rewards, pairs) == [1, -1, 0, 0, 0, 0])
        #expect(abs(Advantages.deadShare(rewards, pairs) - 2.0 / 3) < 1e-12)
        let single = ReinforcementRecipe(steps: 1, algorithm: .reinforce, promptsPerStep: 6, rolloutsPerPrompt: 1)
        let expected = rewards.map { $0 - (3 - $0) / 5 }
        for (a, b) in zip(Advantages.of(rewards, single), expected) { #expect(abs(a - b) < 1e-12) }
        #expect(Advantages.deadShare(rewards, single) == 0)
    }
}
