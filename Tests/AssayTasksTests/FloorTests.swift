import AssayCore
import Testing

@testable import AssayTasks

@Suite struct FloorTests {
    @Test("the floor is reached by its shortcut, not merely an upper bound", arguments: TaskCase.defaults)
    func statedFloorIsTight(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        // Single-hop twins have more candidates to guess among; an order of several nodes cannot be guessed at all.
        let mains = (0..<1_500).map { task.cluster(.evaluation(seed: 22), index: $0)[0] }
        if mains[0].questions[0].grading == .checked { return }
        let measured =
            task is any AgentTaskGenerator
            ? task.measuredFloor(.evaluation(seed: 22), clusters: 1_500) : task.measuredFloor(items: mains)
        let best = measured.map { $0.score / $0.stated }.max() ?? 0
        #expect(best > 0.75, "\(measured)")
    }

    @Test("floors of given sequences are those of the clusters that they come from")
    func givenSequences() throws {
        let task = try TaskRegistry.make("needle")
        let sequences = (0..<400).flatMap { task.cluster(.evaluation(seed: 23), index: $0) }
        #expect(task.measuredFloor(items: sequences) == task.measuredFloor(.evaluation(seed: 23), clusters: 400))
    }

    @Test("floors by hand")
    func floorsByHand() throws {
        let needle = try TaskRegistry.make("needle", parameters: ["distractors": 7])
        #expect(abs(needle.statedFloor - 1 / 8) < 1e-12)
        let recall = try TaskRegistry.make("associative-recall", parameters: ["pairs": 4, "queries": 2])
        #expect(abs(recall.statedFloor - (1 / 4 + 1 / 3) / 2) < 1e-12)
        let sets = try TaskRegistry.make("multi-value-recall", parameters: ["keys": 3, "values": 2, "queries": 1])
        #expect(abs(sets.statedFloor - 2 / 4) < 1e-12)
        let two = try TaskRegistry.make("variable-tracking", parameters: ["chains": 2, "hops": 1])
        #expect(abs(two.statedFloor - 4 / 5) < 1e-12)
        // Depth 2, one dead end, 3 actions: the call (certain), then one of three calls, then one of three calls and one
        // submission. Following blindly takes the right one of two handles, and then the only credential.
        let tools = try ToolWorld(["depth": 2, "records": 3, "budget": 3])
        #expect(abs(tools.randomLegalSuccess - 1.0 / 3 / 4) < 1e-12)
        #expect(tools.statedFloor == 0.5)
        let usual = try ToolWorld()
        #expect(abs(usual.followingSuccess - 1.0 / 8 / 3) < 1e-12)
    }

    @Test("the stated success of the random-legal and of the following agent is the measured one")
    func randomLegal() throws {
        for parameters in [
            ["depth": 2, "records": 3, "budget": 3], ["depth": 2, "records": 4, "budget": 12],
            ["depth": 3, "records": 6, "budget": 20],
        ] {
            let task = try ToolWorld(parameters)
            let measured = task.measuredAgentFloor(
                .evaluation(seed: 5), episodes: 6_000, agents: [.randomLegal, .newestLegal, .doNothing])
            let random = abs(measured[0].score - task.randomLegalSuccess)
            #expect(random < 3.5 * measured[0].standardError, "\(measured[0])")
            let following = abs(measured[1].score - task.followingSuccess)
            #expect(following <= 3.5 * measured[1].standardError, "\(measured[1])")
            #expect(measured[2].score == 0)
        }
    }

    @Test("a shortcut that knows the answer is caught")
    func cheatIsCaught() {
        var tally = FloorTally(name: "cheat", stated: 0.5)
        for cluster in 0..<500 {
            tally.add(cluster % 5 == 0 ? 0 : 1)
        }
        #expect(tally.measurement.beatsStatedFloor)
        #expect(abs(tally.measurement.score - 0.8) < 1e-12)
        #expect(abs(tally.measurement.standardError - (0.16 / 499).squareRoot()) < 1e-9)
    }

    @Test("F1 of sets: order, repetition and what comes after the end token do not count")
    func setScores() {
        let end = Vocabulary.end
        #expect(SetScore(generated: [7, 8, end], gold: [8, 7, end]).f1 == 1)
        #expect(SetScore(generated: [7, 7, 8], gold: [8, 7, end]).isExact)
        #expect(SetScore(generated: [7, end, 8], gold: [8, 7, end]).f1 == 2.0 / 3)
        #expect(SetScore(generated: [end, 7, 8], gold: [8, 7, end]).f1 == 0)
        let all = SetScore(generated: [1, 7, 8, 9], gold: [7, end])
        #expect(all.recall == 1 && all.precision == 0.25 && all.f1 == 0.4 && !all.isExact)
        #expect(SetScore(generated: [], gold: [7, end]).precision == 0)
    }
}
