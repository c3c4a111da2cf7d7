import AssayCore
import Testing

@testable import AssayTasks

@Suite struct ToolWorldTests {
    private static let worlds: [[String: Int]] = [
        [:], ["depth": 2, "records": 3, "budget": 3], ["depth": 8, "records": 16, "length": 160, "budget": 20],
    ]

    @Test("the expert solves every episode in the optimal number of steps", arguments: worlds)
    func expert(_ parameters: [String: Int]) throws {
        let task = try ToolWorld(parameters)
        for index in 0..<500 {
            var world = task.environment(.evaluation(seed: 1), index: index)
            while !world.isOver {
                let action = world.expertAction
                #expect(world.legalActions.contains(action))
                #expect(action.count <= world.longestAction)
                #expect(!world.act(action).isInvalid)
            }
            #expect(world.isSolved && world.steps == world.optimalSteps && world.invalidActions == 0)
            #expect(world.expertAction.isEmpty && world.legalActions.isEmpty)
        }
    }

    @Test("nothing that a later action needs is in the prompt")
    func promptHidesTheWay() throws {
        let task = try ToolWorld()
        for index in 0..<200 {
            var world = task.environment(.evaluation(seed: 2), index: index)
            let prompt = Set(world.prompt)
            _ = world.act(world.expertAction)
            while !world.isOver {
                #expect(prompt.isDisjoint(with: world.expertAction.dropFirst().dropLast()))
                _ = world.act(world.expertAction)
            }
        }
    }

    @Test("the credential of the submission was shown calls ago, any of them equally often")
    func memory() throws {
        let task = try ToolWorld()
        var counts: [Int: Int] = [:]
        for index in 0..<3_000 {
            let sequence = task.cluster(.evaluation(seed: 3), index: index)[0]
            let last = try #require(sequence.questions.last)
            let episode = task.environment(.evaluation(seed: 3), index: index).item
            #expect(last.item.distance == episode.distance)
            counts[episode.distance, default: 0] += 1
        }
        #expect(counts.count == 3, "\(counts)")
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 110 }, "\(counts)")
        #expect((counts.keys.min() ?? 0) >= 10)
    }

    @Test("every illegal action is answered with its reason, costs a step, and can be recovered from")
    func recovery() throws {
        let task = try ToolWorld(["budget": 40])
        for index in 0..<200 {
            var world = task.environment(.evaluation(seed: 4), index: index)
            let tool = world.expertAction[0]
            let handle = world.expertAction[1]
            let wrongTool = tool == Vocabulary.firstTool ? tool + 1 : Vocabulary.firstTool
            let unknown = handle == task.symbols.handles[Int(tool - Vocabulary.firstTool)][0] ? handle + 1 : handle - 1
            let cases: [([Int32], Int32)] = [
                ([], Vocabulary.noSuchTool),
                ([Vocabulary.end], Vocabulary.noSuchTool),
                ([handle, Vocabulary.end], Vocabulary.noSuchTool),
                ([-7, handle], Vocabulary.noSuchTool),
                ([tool, Vocabulary.end], Vocabulary.malformed),
                ([tool, tool, Vocabulary.end], Vocabulary.malformed),
                ([tool, handle, handle, Vocabulary.end], Vocabulary.malformed),
                ([tool, handle, handle, handle, handle, handle, handle, handle], Vocabulary.malformed),
                ([tool, Vocabulary.end, handle], Vocabulary.malformed),
                ([tool, 100_000], Vocabulary.malformed),
                ([Vocabulary.submit, handle, Vocabulary.end], Vocabulary.malformed),
                ([wrongTool, handle, Vocabulary.end], Vocabulary.wrongKind),
                ([Vocabulary.submit, handle, handle, Vocabulary.end], Vocabulary.wrongKind),
                ([tool, unknown, Vocabulary.end], Vocabulary.notKnown),
                (
                    [Vocabulary.submit, task.symbols.values[0], task.symbols.credentials[0], Vocabulary.end],
                    Vocabulary.notKnown
                ),
            ]
            for (number, (action, reason)) in cases.enumerated() {
                let before = world.stateHash
                let observation = world.act(action)
                #expect(observation.tokens == [Vocabulary.error, reason, Vocabulary.act], "\(action)")
                #expect(observation.isInvalid && !observation.isFinal)
                #expect(world.stateHash == before && world.invalidActions == number + 1)
            }
            while !world.isOver { _ = world.act(world.expertAction) }
            #expect(world.isSolved && world.steps == cases.count + world.optimalSteps)
        }
    }

    @Test("a dead end looks like the end of the chain, and the expert finds back from it")
    func deadEnds() throws {
        let task = try ToolWorld()
        for index in 0..<200 {
            var world = task.environment(.evaluation(seed: 5), index: index)
            _ = world.act(world.expertAction)
            let right = world.expertAction
            let other = try #require(world.legalActions.last { $0 != right && $0[1] != world.prompt[4] })
            let observation = world.act(other)
            #expect(!observation.isInvalid && observation.tokens.count == 4)
            #expect(world.expertAction == right)
            while !world.isOver { _ = world.act(world.expertAction) }
            #expect(world.isSolved && world.steps == world.optimalSteps + 1)
        }
    }

    @Test("a wrong submission ends the episode as failed")
    func wrongSubmission() throws {
        let task = try ToolWorld()
        var failures = 0
        for index in 0..<100 {
            var world = task.environment(.evaluation(seed: 6), index: index)
            for _ in 0..<4 { _ = world.act(world.expertAction) }
            let right = world.expertAction
            guard let wrong = world.legalActions.first(where: { $0[0] == Vocabulary.submit && $0 != right }) else {
                continue
            }
            let observation = world.act(wrong)
            #expect(observation.isFinal && !observation.isInvalid)
            #expect(observation.tokens == [Vocabulary.observation, Vocabulary.failed, Vocabulary.act])
            #expect(world.isOver && !world.isSolved)
            failures += 1
        }
        #expect(failures == 100)
    }

    @Test("the budget ends the episode, and nothing changes after its end")
    func budget() throws {
        let task = try ToolWorld(["budget": 7])
        var world = task.environment(.evaluation(seed: 7), index: 0)
        for step in 1...7 {
            #expect(!world.isOver)
            #expect(world.act([Vocabulary.end]).isFinal == (step == 7))
        }
        #expect(world.isOver && !world.isSolved && world.steps == 7)
        let (hash, steps) = (world.stateHash, world.steps)
        let after = world.act([Vocabulary.submit])
        #expect(after.isFinal && after.tokens.isEmpty)
        #expect(world.stateHash == hash && world.steps == steps && world.invalidActions == 7)
    }

    @Test("a submission on the last step of the budget counts")
    func lastStep() throws {
        let task = try ToolWorld(["budget": 5])
        var world = task.environment(.evaluation(seed: 7), index: 1)
        for _ in 0..<5 { _ = world.act(world.expertAction) }
        #expect(world.isSolved && world.isOver)
    }

    @Test("random bytes as actions never crash and never solve an episode")
    func fuzz() throws {
        let task = try ToolWorld(["budget": 50])
        var random = CounterRandom(key: 5, index: 5)
        for index in 0..<400 {
            var world = task.environment(.evaluation(seed: 8), index: index)
            while !world.isOver {
                let action = (0..<random.below(9)).map { _ -> Int32 in
                    switch random.below(4) {
                    case 0: Int32(truncatingIfNeeded: random.next())
                    case 1: Int32(random.below(Vocabulary.count))
                    case 2: Vocabulary.firstTool + Int32(random.below(4))
                    default: Int32(random.below(Vocabulary.symbolCount)) + Vocabulary.firstSymbol
                    }
                }
                let observation = world.act(action)
                #expect(observation.tokens.allSatisfy { $0 > 0 && $0 < Int32(Vocabulary.count) })
            }
            #expect(!world.isSolved && world.steps == 50)
        }
    }

    @Test("a copy of an episode is a fork")
    func fork() throws {
        let task = try ToolWorld()
        var world = task.environment(.evaluation(seed: 9), index: 0)
        _ = world.act(world.expertAction)
        let before = world.stateHash
        var copy = world
        while !copy.isOver { _ = copy.act(copy.expertAction) }
        #expect(copy.isSolved && !world.isSolved && world.stateHash == before && world.steps == 1)
        _ = world.act([])
        #expect(world.invalidActions == 1 && copy.invalidActions == 0)
    }

    @Test("episode and demonstration of a number are the same world")
    func demonstrationMatchesEpisode() throws {
        let task = try ToolWorld()
        for index in 0..<200 {
            let sequence = task.cluster(.evaluation(seed: 10), index: index)[0]
            var world = task.environment(.evaluation(seed: 10), index: index)
            var played = world.prompt
            for question in sequence.questions {
                #expect(Array(sequence.tokens[question.answer]) == world.expertAction)
                #expect(question.answer.lowerBound == played.count)
                played += world.expertAction
                let observation = world.act(world.expertAction)
                if !world.isOver { played += observation.tokens }
            }
            #expect(world.isSolved && played == Array(sequence.tokens.prefix(sequence.usedLength)))
            #expect(world.item.length == sequence.usedLength)
        }
    }

    @Test("training injects errors at its rate, never as targets, and evaluation none")
    func injectedErrors() throws {
        func wrongActions(_ errors: Int) throws -> (wrong: Int, right: Int) {
            let task = try ToolWorld(["errors": errors, "length": 160, "budget": 20])
            var (wrong, right) = (0, 0)
            for index in 0..<2_000 {
                let sequence = task.trainingSequence(.training(seed: 1), index: index)
                let ends = sequence.tokens.filter { $0 == Vocabulary.end }.count
                wrong += ends - sequence.questions.count
                right += sequence.questions.count
                let targets = sequence.questions.flatMap { sequence.tokens[$0.answer] }
                #expect(targets.allSatisfy { $0 != Vocabulary.error && $0 != Vocabulary.act })
            }
            return (wrong, right)
        }
        let none = try wrongActions(0)
        #expect(none.wrong == 0)
        let some = try wrongActions(15)
        #expect(abs(Double(some.wrong) / Double(some.right) - 0.15) < 0.02, "\(some)")
        let task = try ToolWorld(["errors": 90])
        let clean = (0..<100).map { task.cluster(.evaluation(seed: 1), index: $0)[0] }
        #expect(clean.allSatisfy { !$0.tokens.contains(Vocabulary.error) })
    }

    @Test("injected errors are of every kind")
    func kindsOfErrors() throws {
        let task = try ToolWorld(["errors": 50, "length": 128])
        var reasons: Set<Int32> = []
        var deadEnds = 0
        for index in 0..<300 {
            let sequence = task.trainingSequence(.training(seed: 2), index: index)
            for (at, token) in sequence.tokens.enumerated() where token == Vocabulary.error {
                reasons.insert(sequence.tokens[at + 1])
            }
            let values = sequence.tokens.enumerated().filter {
                $0.element == Vocabulary.observation
                    && SymbolRange(offset: 160, count: 32).contains(sequence.tokens[$0.offset + 1])
            }
            deadEnds += values.count - 1
        }
        #expect(
            reasons == [
                Vocabulary.noSuchTool, Vocabulary.wrongKind, Vocabulary.malformed, Vocabulary.notKnown,
            ])
        #expect(deadEnds > 30)
    }

    @Test("do-nothing, repeating and random-legal agents stay on the floor")
    func floorAgents() throws {
        let floors = try ToolWorld().measuredAgentFloor(.evaluation(seed: 11), episodes: 3_000)
        #expect(floors.map(\.baseline) == ["do-nothing", "random-legal", "first-legal", "newest-legal"])
        #expect(floors[0].score == 0 && floors[1].score < 0.03 && floors[2].score == 0)
        #expect(floors[3].score > 0.02)
        #expect(floors.allSatisfy { !$0.beatsStatedFloor })
    }

    @Test("an episode reads like a conversation")
    func description() throws {
        let task = try ToolWorld(["errors": 90])
        let text = task.describe(task.trainingSequence(.training(seed: 1), index: 2))
        #expect(text.contains("world:") && text.contains("agent:") && text.contains("wrong:"))
        #expect(text.contains("submit value"))
    }
}
