import AssayCore
import Testing

@testable import AssayTasks

/// What holds for every world of tools.
@Suite struct WorldTests {
    /// Each world small, at its defaults, with a horizon of 64 actions, and with everything that can happen.
    static let cases: [TaskCase] = [
        TaskCase("key-value-service"), TaskCase("file-tree"), TaskCase("warehouse"), TaskCase("ticket-desk"),
        TaskCase("grid-maze"),
        TaskCase("key-value-service", ["stages": 28, "writes": 8, "decoys": 1, "length": 1024]),
        TaskCase("file-tree", ["edits": 16, "length": 1024]),
        TaskCase("warehouse", ["orders": 9, "length": 1024]),
        TaskCase("ticket-desk", ["tickets": 20, "length": 1024]),
        TaskCase("grid-maze", ["horizon": 64, "passages": 20, "size": 16, "length": 1024]),
    ]
    static let eventful = ["failures": 30, "interruptions": 2, "length": 2048]

    static func make(_ testCase: TaskCase, _ more: [String: Int] = [:]) throws -> any AgentTaskGenerator {
        let task = try TaskCase(testCase.name, testCase.parameters.merging(more) { $1 }).make()
        return try #require(task as? any AgentTaskGenerator)
    }

    @Test(
        "the expert solves every episode in the optimal number of steps, whatever happens in it", arguments: cases,
        [[:], eventful, eventful.merging(["history": 40, "mistakes": 30]) { $1 }])
    func expert(_ testCase: TaskCase, _ more: [String: Int]) throws {
        let task = try Self.make(testCase, more)
        for index in 0..<60 {
            var world = task.environment(.evaluation(seed: 1), index: index)
            let optimum = world.optimalSteps
            var failures = 0
            while !world.isOver {
                let action = world.expertAction
                #expect(world.legalActions.contains(action) && action.count <= world.longestAction)
                let observation = world.act(action)
                #expect(!observation.isInvalid)
                if observation.tokens.first == Vocabulary.error { failures += 1 }
            }
            #expect(world.isSolved && world.steps == optimum && world.invalidActions == 0, "\(index)")
            #expect(world.details["failures"] ?? 0 == Double(failures))
            #expect(world.expertAction.isEmpty && world.legalActions.isEmpty)
        }
    }

    @Test("a horizon of 64 actions and more can be asked for", arguments: cases[5...])
    func horizon(_ testCase: TaskCase) throws {
        #expect(try Self.make(testCase).environment(.evaluation(seed: 1), index: 0).optimalSteps >= 64)
    }

    @Test("agents that understand nothing stay below the stated floor", arguments: cases)
    func floors(_ testCase: TaskCase) throws {
        let task = try Self.make(testCase)
        let floors = task.measuredAgentFloor(
            .evaluation(seed: 11), episodes: task.length > 512 ? 60 : 1_000)
        #expect(floors.count == 5 && floors[0].baseline == "do-nothing" && floors[0].score == 0)
        #expect(floors[4].baseline == "memoryless-expert")
        #expect(floors.allSatisfy { !$0.beatsStatedFloor && $0.score < 0.5 }, "\(floors)")
    }

    @Test(
        "no plan is shorter: the planner's steps are those of a search of all states",
        arguments: [
            TaskCase("key-value-service", ["stages": 3, "decoys": 1]), TaskCase("file-tree", ["edits": 2, "files": 2]),
            TaskCase("warehouse", ["orders": 1, "capacity": 2, "rooms": 5, "spare": 0]),
            TaskCase("warehouse", ["orders": 2, "capacity": 1, "rooms": 4, "spare": 1]),
            TaskCase("ticket-desk", ["tickets": 3, "rules": 3]), TaskCase("grid-maze"),
            TaskCase("grid-maze", ["horizon": 9, "passages": 3, "size": 6]),
        ])
    func optimality(_ testCase: TaskCase) throws {
        // More slack than that, and an agent that understands nothing would come through.
        let task = try Self.make(testCase, ["slack": testCase.name == "file-tree" ? 10 : 14])
        // The states of a tree of files are too many for more.
        for index in 0..<(testCase.name == "file-tree" ? 1 : 4) {
            var start = task.environment(.evaluation(seed: 2), index: index)
            var random = CounterRandom(key: 7, index: UInt64(index))
            for wander in 0..<(testCase.name == "file-tree" ? 2 : 4) {
                #expect(Self.shortest(start) == Self.play(start), "\(index) after \(wander) steps")
                // From where a random legal action leads the planner must be right too, unless it ruins everything.
                let left = start.legalActions.filter { action in
                    var next = start
                    _ = next.act(action)
                    return !next.isOver && Self.play(next) != nil
                }
                if left.isEmpty { break }
                _ = start.act(random.pick(left))
            }
        }
    }

    /// Steps in which the expert solves it; nil when it does not.
    private static func play(_ world: any AgentEnvironment) -> Int? {
        var world = world
        let start = world.steps
        while !world.isOver { _ = world.act(world.expertAction) }
        return world.isSolved ? world.steps - start : nil
    }

    /// The length of the shortest way to the goal, by breadth-first search over the hashes of states.
    private static func shortest(_ start: any AgentEnvironment) -> Int? {
        var seen: Set<UInt64> = [start.stateHash]
        var front = [start]
        var depth = 0
        while !front.isEmpty {
            depth += 1
            var next: [any AgentEnvironment] = []
            for world in front {
                for action in world.legalActions {
                    var other = world
                    _ = other.act(action)
                    if other.isSolved { return depth }
                    if !other.isOver, seen.insert(other.stateHash).inserted { next.append(other) }
                }
            }
            front = next
        }
        return nil
    }

    @Test(
        "episode and demonstration of a number are the same world, with the same events", arguments: cases,
        [[:], eventful, eventful.merging(["history": 50, "mistakes": 40]) { $1 }])
    func demonstration(_ testCase: TaskCase, _ more: [String: Int]) throws {
        let task = try Self.make(testCase, more)
        for index in 0..<20 {
            let sequence = task.cluster(.evaluation(seed: 10), index: index)[0]
            #expect(task.check(sequence).isEmpty, "\(task.check(sequence))\n\(task.describe(sequence))")
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
            if more.isEmpty { #expect(world.item.length == sequence.usedLength) }
        }
    }

    @Test("training injects errors, never as targets, and recovers from them", arguments: cases[..<5])
    func injectedErrors(_ testCase: TaskCase) throws {
        func wrongActions(_ errors: Int) throws -> (wrong: Int, right: Int) {
            let task = try Self.make(testCase, ["errors": errors, "length": 1024, "slack": 24])
            var (wrong, right) = (0, 0)
            for index in 0..<200 {
                let sequence = task.trainingSequence(.training(seed: 1), index: index)
                #expect(task.check(sequence).isEmpty, "\(task.check(sequence))\n\(task.describe(sequence))")
                wrong += sequence.tokens.filter { $0 == Vocabulary.end }.count - sequence.questions.count
                right += sequence.questions.count
                let targets = sequence.questions.flatMap { sequence.tokens[$0.answer] }
                #expect(targets.allSatisfy { $0 != Vocabulary.error && $0 != Vocabulary.act })
            }
            return (wrong, right)
        }
        #expect(try wrongActions(0).wrong == 0)
        let some = try wrongActions(20)
        #expect(abs(Double(some.wrong) / Double(some.right) - 0.2) < 0.05, "\(some)")
    }

    @Test("forced histories with and without mistakes belong to the same episodes", arguments: cases[..<5])
    func forcedHistory(_ testCase: TaskCase) throws {
        let clean = try Self.make(testCase, ["history": 50, "length": 1024])
        let stained = try Self.make(testCase, ["history": 50, "mistakes": 50, "length": 1024])
        for index in 0..<30 {
            let a = clean.environment(.evaluation(seed: 3), index: index)
            let b = stained.environment(.evaluation(seed: 3), index: index)
            #expect(a.item == b.item && a.steps == 0 && b.steps == 0 && b.invalidActions == 0)
            #expect(b.prompt.count > a.prompt.count)
            #expect(a.details["mistakes"] == 0)
            #expect(abs((b.details["mistakes"] ?? 0) - 0.5) < 0.2)
            let whole = try Self.make(testCase, ["length": 1024]).environment(.evaluation(seed: 3), index: index)
            #expect(
                a.prompt.starts(with: whole.prompt) && a.optimalSteps == whole.optimalSteps - whole.optimalSteps / 2)
        }
    }

    @Test("faults, second tasks and forced errors lower what an imperfect agent reaches", arguments: cases[..<5])
    func faultsMatter(_ testCase: TaskCase) throws {
        /// Plays the expert, but a failed call it gives up for another, it does not serve second tasks, and it follows
        /// the last wrong action of its history with another.
        func success(_ more: [String: Int]) throws -> Double {
            let task = try Self.make(testCase, more.merging(["length": 1024, "slack": 4]) { $1 })
            var solved = 0
            for index in 0..<100 {
                var world = task.environment(.evaluation(seed: 4), index: index)
                var confused = world.prompt.filter { $0 == Vocabulary.error }.count * 5
                while !world.isOver {
                    var action = world.expertAction
                    if action[0] == Vocabulary.fetch || confused > 0 { action = [Vocabulary.end] }
                    confused = max(0, confused - 1)
                    if world.act(action).tokens.contains(Vocabulary.unavailable) { confused += 2 }
                }
                if world.isSolved { solved += 1 }
            }
            return Double(solved) / 100
        }
        let plain = try success([:])
        #expect(plain == 1)
        #expect(try success(["failures": 30]) < plain)
        #expect(try success(["interruptions": 1]) == 0)
        #expect(try success(["history": 50, "mistakes": 100]) < plain)
        #expect(try success(["history": 50]) == plain)
    }

    @Test("a second task must be served before the first goes on, and its errors are told", arguments: cases[..<5])
    func interruption(_ testCase: TaskCase) throws {
        let task = try Self.make(testCase, ["interruptions": 1, "length": 1024, "slack": 20])
        for index in 0..<30 {
            var world = task.environment(.evaluation(seed: 5), index: index)
            var mains: [[Int32]] = []
            while world.expertAction[0] != Vocabulary.fetch {
                mains.append(world.expertAction)
                _ = world.act(world.expertAction)
            }
            let (hash, fetch) = (world.stateHash, world.expertAction)
            let other = fetch[1] == SideTask.symbols[0] ? SideTask.symbols[1] : SideTask.symbols[0]
            let refused: [([Int32], Int32)] = [
                (mains[0], Vocabulary.busy), ([Vocabulary.fetch, other], Vocabulary.notKnown),
                ([Vocabulary.reply, fetch[1], other], Vocabulary.notKnown), ([Vocabulary.fetch], Vocabulary.malformed),
                ([], Vocabulary.noSuchTool),
            ]
            for (action, reason) in refused {
                #expect(world.act(action).tokens == [Vocabulary.error, reason, Vocabulary.act])
                #expect(world.stateHash == hash)
            }
            _ = world.act(fetch)
            let answer = world.act(world.expertAction)
            #expect(answer.tokens == [Vocabulary.observation, Vocabulary.resume, Vocabulary.act])
            #expect(world.act(fetch).isInvalid)
            while !world.isOver { _ = world.act(world.expertAction) }
            #expect(world.isSolved && world.details["interruptions"] == 1)
        }
    }

    @Test("random words as actions never crash, never solve an episode and leave a copy alone", arguments: cases[..<5])
    func fuzz(_ testCase: TaskCase) throws {
        let task = try Self.make(testCase, Self.eventful)
        var random = CounterRandom(key: 5, index: 5)
        for index in 0..<40 {
            var world = task.environment(.evaluation(seed: 8), index: index)
            let copy = world
            let hash = copy.stateHash
            let tools = Set(world.legalActions.map { $0[0] } + [Vocabulary.fetch, Vocabulary.reply, Vocabulary.put])
                .subtracting([Vocabulary.submit]).sorted()
            while !world.isOver {
                var action = (0..<random.below(6)).map { _ -> Int32 in
                    switch random.below(3) {
                    case 0: Int32(truncatingIfNeeded: random.next())
                    case 1: Int32(random.below(Vocabulary.count))
                    default: Int32(random.below(Vocabulary.symbolCount)) + Vocabulary.firstSymbol
                    }
                }
                if random.next() & 1 == 0 { action.insert(random.pick(tools), at: 0) }
                let observation = world.act(action)
                #expect(observation.tokens.allSatisfy { $0 > 0 && $0 < Int32(Vocabulary.count) })
            }
            #expect(!world.isSolved && world.act([Vocabulary.submit]).tokens.isEmpty)
            #expect(copy.stateHash == hash && copy.steps == 0)
        }
    }

    @Test("the desk counts broken rules, and only where one could be broken")
    func violations() throws {
        let task = try Self.make(TaskCase("ticket-desk", ["tickets": 6, "slack": 40]))
        for index in 0..<50 {
            var world = task.environment(.evaluation(seed: 6), index: index)
            #expect(world.details["ruled"] == 0 && world.details["violations"] == 0)
            // Grants everything, never asking for a confirmation.
            while !world.isOver {
                let legal = world.legalActions
                let grant = legal.first { $0[0] == Vocabulary.grant }
                let asks = legal.filter { $0[0] == Vocabulary.ask }
                _ = world.act(grant ?? (asks.isEmpty ? legal[0] : asks[world.steps % 2]))
            }
            #expect(!world.isSolved && world.details["ruled"] == 4 && world.details["violations"] == 4)
            var expert = task.environment(.evaluation(seed: 6), index: index)
            while !expert.isOver { _ = expert.act(expert.expertAction) }
            #expect(expert.details["ruled"] == 4 && expert.details["violations"] == 0)
        }
    }

    @Test("the bound on a chain is the exact chance where every step has its probability")
    func bounds() {
        // Two steps of probability 1/2 in three actions: 1 - 1/8 - 3/8.
        #expect(abs(FloorBound.chain([0.5, 0.5], budget: 3) - 0.5) < 1e-12)
        #expect(FloorBound.chain([1, 1, 1], budget: 2) == 0 && FloorBound.chain([1, 1], budget: 2) == 1)
        // From 0 to 2: forward surely, then forward or back.
        #expect(FloorBound.walk(to: 2, budget: 2) == 0.5 && FloorBound.walk(to: 2, budget: 4) == 0.75)
        #expect(FloorBound.walk(to: 3, budget: 2) == 0)
    }
}
