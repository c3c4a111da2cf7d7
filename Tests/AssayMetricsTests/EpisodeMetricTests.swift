import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct EpisodeMetricTests {
    private func world(named name: String = "world", path: KernelPath = .recurrent, _ asked: [Asked]) -> CellData {
        .made(name, generator: "grid-maze", family: .agent, path: path, asked)
    }

    /// An episode with so many trials, of which some succeed.
    private func trials(_ cluster: Int, _ successes: Int, of count: Int) -> [Asked] {
        (0..<count).map {
            Asked(cluster: cluster, sequence: 1 + $0, score: $0 < successes ? 1 : 0, detail: ["steps": 1])
        }
    }

    @Test func passHatByHand() throws {
        #expect(abs((TrialCount(first: 0, trials: 8, successes: 6).allSucceed(4) ?? 0) - 0.2142857) < 1e-7)
        let counts = TrialCount(first: 0, trials: 5, successes: 2)
        #expect(counts.allSucceed(1) == 0.4 && abs((counts.allSucceed(2) ?? 0) - 0.1) < 1e-15)
        #expect(counts.allSucceed(3) == 0 && counts.allSucceed(6) == nil)
        // 1 - C(3, 2) / C(5, 2).
        #expect(abs((counts.anySucceeds(2) ?? 0) - 0.7) < 1e-15 && counts.anySucceeds(4) == 1)
        let values = try measure([
            world(path: .sampled, trials(0, 6, of: 8) + trials(1, 8, of: 8) + trials(2, 0, of: 8))
        ])
        #expect(abs((values.value("pass-hat-4")?.value ?? 0) - (15.0 / 70 + 1) / 3) < 1e-12)
        #expect(abs((values.value("success")?.value ?? 0) - 14.0 / 24) < 1e-12)
        #expect(abs((values.value("pass-at-4")?.value ?? 0) - 2.0 / 3) < 1e-12)
        #expect(abs((values.value("reliability")?.value ?? 0) - (15.0 / 70 + 1) / 1.75) < 1e-12)
        #expect(values.value("pass-hat-8")?.value == 1.0 / 3)
        #expect(try measure([world(trials(0, 1, of: 1))]).value("pass-hat-2") == nil)
    }

    @Test func passHatRestsOnEpisodesNotOnTrials() throws {
        // Twelve episodes that always or never succeed: 96 trials say no more than 12.
        let few = try #require(
            try measure([world(path: .sampled, (0..<12).flatMap { trials($0, $0 % 2 * 8, of: 8) })]).value("pass-hat-4")
        )
        let one = try #require(
            try measure([world(path: .sampled, (0..<12).flatMap { trials($0, $0 % 2 * 4, of: 4) })]).value("pass-hat-4")
        )
        #expect(few.value == 0.5 && few.n == 12 && few.clusters == 12)
        #expect(few.low == one.low && few.high == one.high)
        let (low, high) = (few.low ?? 1, few.high ?? 0)
        #expect(low < 0.27 && high > 0.73)
        let success = try #require(
            try measure([world(path: .sampled, (0..<12).flatMap { trials($0, $0 % 2 * 8, of: 8) })]).value("success"))
        #expect(success.n == 96 && (success.low ?? 1) < 0.3)
    }

    @Test func passHatIsAboveThePowerWhereEpisodesDiffer() throws {
        // Published for tau-bench (replication 20): pass^4 lies above p^4, because items differ in difficulty.
        var random = CounterRandom(key: 20, index: 4)
        let asked = (0..<400).flatMap { cluster -> [Asked] in
            let chance = cluster % 2 == 0 ? 0.9 : 0.3
            return (0..<8).map {
                Asked(cluster: cluster, sequence: 1 + $0, score: random.chance(chance) ? 1 : 0)
            }
        }
        let values = try measure([world(path: .sampled, asked)])
        let four = try #require(values.value("pass-hat-4")?.value)
        #expect(abs(four - (pow(0.9, 4) + pow(0.3, 4)) / 2) < 0.04 && four > pow(0.6, 4) + 0.1)
    }

    @Test func anEpisodeWithALostTrialIsLost() throws {
        var asked = trials(0, 2, of: 4) + trials(1, 4, of: 4) + trials(2, 4, of: 4)
        asked[1].status = .error
        asked[1].score = nil
        let value = try #require(try measure([world(path: .sampled, asked)]).value("pass-hat-2"))
        #expect(value.value == 1 && value.lost == 1 && value.n == 2)
    }

    @Test func stepsOfTheExpertAndEpisodesAreToldApart() throws {
        var asked: [Asked] = []
        for cluster in 0..<4 {
            asked += (0..<5).map {
                Asked(cluster: cluster, question: $0, hops: $0 + 1, score: $0 < 4 ? 1 : 0, nll: 0.5)
            }
            asked.append(
                Asked(
                    cluster: cluster, sequence: 1, score: 0,
                    detail: [
                        "steps": 8, "optimal": 5, "actions": 8, "invalid": 2, "right": 2, "firstWrong": 3,
                        "unterminated": cluster < 1 ? 1 : 0, "degenerate": 0,
                    ]))
        }
        let values = try measure([world(asked)])
        #expect(values.value("step-accuracy")?.value == 0.8 && values.value("success")?.n == 4)
        #expect(values.value("nll")?.value == 0.5 && values.value("nll")?.lost == 0)
        #expect(abs((values.value("forced-free-gap")?.value ?? 0) - (0.8 - 0.25)) < 1e-12)
        // Two right actions of three that count, four times, and half an action of each kind.
        #expect(abs((values.value("horizon-length")?.value ?? 0) - log(0.5) / log(8.5 / 13)) < 1e-12)
        #expect(values.value("non-termination")?.value == 0.25 && values.value("degeneration")?.value == 0)
        #expect(values.value("recovery")?.value == 0)
        #expect(values.value("accuracy") == nil && values.value("policy-violations") == nil)
    }

    @Test func horizonOfTheDesignAndItsDecay() throws {
        // s = 0.99 makes H_50 = 69, s = 0.98 makes 34.
        for (share, horizon) in [(0.99, 69.0), (0.98, 34.3)] {
            let asked = (0..<100).map { cluster in
                Asked(
                    cluster: cluster, sequence: 1, score: 0,
                    detail: [
                        "actions": 100, "right": 99, "firstWrong": 1 / (1 - share), "steps": 100, "optimal": 100,
                    ])
            }
            let value = try #require(try measure([world(asked)]).value("horizon-length")?.value)
            #expect(abs(value - horizon) < 0.8, "\(value)")
        }
        // A logit that falls by 0.1 a step, in 100,000ths.
        let steps = [1.0, 2, 5, 20]
        let totals = steps.flatMap { step -> [Double] in [1e5 / (1 + exp(-3 + 0.1 * step)), 1e5] }
        #expect(abs(StepSlope.logit(totals, steps: steps) + 0.1) < 1e-5)
        #expect(StepSlope.logit([1, 2], steps: [1]).isNaN)
        #expect(abs(StepSlope.share([90, 100, 0, 0, 70, 100], levels: [0, 0.1, 0.4]) + 0.5) < 1e-12)
    }

    @Test func selfConditioningIsTheSlopeOverTheRatesOfForcedMistakes() throws {
        func task(_ name: String, mistakes: Double, right: Int) -> CellData {
            world(
                named: name,
                (0..<10).flatMap { cluster in
                    [
                        Asked(cluster: cluster, hops: 9, score: cluster < right ? 1 : 0),
                        Asked(
                            cluster: cluster, sequence: 1, score: cluster < right ? 1 : 0,
                            detail: ["mistakes": mistakes, "right": 1, "actions": 2, "steps": 2, "optimal": 1]),
                    ]
                })
        }
        let cells = [
            task("clean", mistakes: 0, right: 9), task("some", mistakes: 0.2, right: 7),
            task("many", mistakes: 0.4, right: 5),
        ]
        let slope = try #require(try measure(cells).value("self-conditioning"))
        #expect(abs((slope.value ?? 0) + 1) < 1e-12 && slope.clusters == 30 && slope.task == "grid-maze")
        #expect(slope.low != nil && slope.high != nil)
        #expect(try measure([cells[0]]).value("self-conditioning") == nil)
        #expect(try measure(cells).value("recovery", task: "many")?.value == 0.5)
        #expect(try measure(cells).value("recovery", task: "clean")?.n == 0)
    }

    @Test func violationsAreCountedWhereARuleCouldBeBroken() throws {
        let counts: [(ruled: Double, violations: Double)] = [(0, 0), (3, 0), (2, 2), (1, 1)]
        let asked = counts.enumerated().map { cluster, count in
            Asked(
                cluster: cluster, sequence: 1, score: 0,
                detail: ["ruled": count.ruled, "violations": count.violations])
        }
        let value = try #require(try measure([world(asked)]).value("policy-violations"))
        #expect(abs((value.value ?? 0) - 2.0 / 3) < 1e-12 && value.n == 3 && value.note == "coverage 75 %")
    }

    @Test func nonTerminationCountsAnswersToo() throws {
        let asked = (0..<8).map {
            Asked(
                cluster: $0, score: 0, detail: ["unterminated": $0 < 2 ? 1 : 0, "degenerate": $0 < 1 ? 1 : 0])
        }
        let values = try measure([.made("recall", path: .recurrent, asked)])
        #expect(values.value("non-termination")?.value == 0.25 && values.value("degeneration")?.value == 0.125)
    }
}
