import AssayCore
import Testing

@testable import AssayTasks

/// Items written by hand, whose answers a reader can verify.
@Suite struct HopKnownCaseTests {
    /// Tokens by their names.
    private func tokens(_ text: String) throws -> [Int32] {
        let named = Dictionary(
            uniqueKeysWithValues: (0..<Int32(Vocabulary.count)).map { (Vocabulary.name(of: $0), $0) })
        return try text.split(separator: " ").map { try #require(named[String($0)], "\($0)") }
    }

    /// What the checker of a task makes of each question: `answer/hops`, or `none`.
    private func solved(_ task: some HopTask, _ text: String) throws -> [String] {
        let reading = HopReading(try tokens(text), task.grammar)
        #expect(reading.problems.isEmpty, "\(reading.problems)")
        let solver = task.solver(reading)
        #expect(solver.faults.isEmpty, "\(solver.faults)")
        return reading.asked.map { asked in
            solver.solve(asked).map { "\(Vocabulary.text($0.gold))/\($0.hops)" } ?? "none"
        }
    }

    private func faults(_ task: some HopTask, _ text: String) throws -> [String] {
        task.solver(HopReading(try tokens(text), task.grammar)).faults
    }

    @Test("pointers: a to b, b to c, c holds a value")
    func pointers() throws {
        let task = try PointerTable()
        let table = "<s> pointers let s1 s2 s128 let s3 s64 let s2 s3 s129 let s5 s65"
        #expect(
            try solved(task, table + " ? = s1 s64 ? = s3 s64 ? = s2 s64 ? x1 s1 s2 ? x1 s3 s64 ? = s5 s65 ? = s9 s64")
                == ["s64/3", "s64/1", "s64/2", "s2/1", "s64/1", "s65/1", "none"])
        #expect(try faults(task, "<s> pointers let s1 s2 let s2 s1 let s3 s64") == ["an entry leads to no value"])
        #expect(
            try faults(task, "<s> pointers let s1 s64 let s1 s65") == [
                "a key has two entries", "an entry leads to no value",
            ])
    }

    @Test("kinship: relations of a path are multiplied, in order")
    func kinship() throws {
        // kin-1 is a reflection, kin-2 a turn: in the group of 6 their order matters, in that of 4 it does not.
        let path = "<s> kinship s1 s65 s2 s128 s2 s66 s3 s10 s65 s11 s3 s66 s4"
        #expect(
            try solved(Kinship(["system": 1]), path + " ? s1 s3 s69 ? s2 s3 s66 ? s10 s11 s65 ? s2 s4 s68 ? s1 s10 s64")
                == ["s69/2", "s66/1", "s65/1", "s68/2", "none"])
        #expect(try solved(Kinship(["system": 1]), "<s> kinship s1 s66 s2 s2 s65 s3 ? s1 s3 s67") == ["s67/2"])
        #expect(try solved(Kinship(["system": 0]), path + " ? s1 s3 s67") == ["s67/2"])
        #expect(try solved(Kinship(["system": 0]), "<s> kinship s1 s66 s2 s2 s65 s3 ? s1 s3 s67") == ["s67/2"])
    }

    @Test("kinship: relations are the dihedral groups of 4, 6 and 8", arguments: 0...2)
    func kinshipGroups(_ system: Int) throws {
        let task = try Kinship(["system": system])
        let order = 2 * (system + 2)
        #expect(task.relations.count == order)
        func power(_ element: Int, _ exponent: Int) -> Int {
            (0..<exponent).reduce(0) { product, _ in task.product(product, element) }
        }
        let (turn, reflection) = (2, 1)
        #expect(power(turn, system + 2) == 0 && power(turn, 1) != 0 && power(reflection, 2) == 0)
        // The relation that defines them: reflected, turned and reflected is turned back.
        let turnedBack = task.product(task.product(reflection, turn), reflection)
        #expect(task.product(turnedBack, turn) == 0)
        for a in 0..<order {
            #expect(Set((0..<order).map { task.product(a, $0) }).count == order)
            for b in 0..<order {
                for c in 0..<order {
                    #expect(task.product(task.product(a, b), c) == task.product(a, task.product(b, c)))
                }
            }
        }
    }

    @Test("operation ladder: a = 3, b = a + 5, c = b * 2, d = c - 6, modulo 7")
    func ladder() throws {
        let definitions = "<s> ladder let s3 s2 * s66 s130 let s1 s67 let s4 s3 - s70 let s2 s1 + s69"
        #expect(
            try solved(
                OperationLadder(),
                definitions + " ? s1 s67 ? s2 s65 ? s3 s66 ? s4 s67 ? s3 if s2 s64 s64 ? s4 if s2 s65 s66")
                == ["s67/1", "s65/2", "s66/3", "s67/4", "s64/1", "none"])
    }

    @Test("arithmetic trees: 3 + 2 * 5 = 6 and (4 - 6) * (1 + 2) = 1, modulo 7")
    func trees() throws {
        let field = PrimeField(modulus: 7)
        func value(_ text: String) throws -> [Int] {
            TreeReading.evaluate(try tokens(text)[...], field).map { [$0.value, $0.depth] } ?? []
        }
        #expect(try value("+ s67 * s66 s69") == [6, 2])
        #expect(try value("* - s68 s70 + s65 s66") == [1, 2])
        #expect(try value("s65") == [1, 0])
        for wrong in ["+ s67", "s65 s66", "+ s67 s66 s65", ""] { #expect(try value(wrong).isEmpty) }
    }

    @Test("deduction: rules fire when all premises hold")
    func deduction() throws {
        let facts =
            "<s> deduction is s1 s1 -> s2 s128 s2 & s9 -> s3 is s9 s8 & s2 -> s4 s7 -> s5 s5 -> s6 s8 -> s6 s1 & s8 -> s3"
        #expect(
            try solved(
                Deduction(["symbols": 32]),
                facts + " ? s1 yes ? s2 yes ? s3 yes ? s4 no ? s5 no ? s6 no ? s7 no"
                    + " ? s3 if s2 yes ? s3 if s1 no ? s4 if s2 no ? s6 if s5 yes")
                == [
                    "yes/1", "yes/2", "yes/3", "no/2", "no/2", "no/3", "no/1", "yes/1", "no/1", "no/1", "yes/1",
                ])
    }

    @Test("story: things are where their holders are")
    func story() throws {
        // p0 takes o0 and sends it to p1; p0 and p1 each go to two places after that.
        let facts =
            "<s> story takes s0 s32 s128 sends s0 s32 s1 goes s0 s64 goes s1 s65 goes s1 s66 s130 goes s0 s67"
        #expect(
            try solved(
                Story(),
                facts
                    + " ? who s32 s1 ? where s0 s67 ? was s0 s64 ? where s1 s66 ? where s32 s66 ? was s32 s65 ? where s33 s64"
            )
                == ["s1/1", "s67/1", "s64/1", "s66/1", "s66/2", "s65/3", "none"])
        #expect(
            try faults(Story(), "<s> story goes s0 s64 goes s0 s64 takes s0 s32 takes s0 s32 sends s1 s32 s0")
                == [
                    "something changes hands in the last two rounds", "something changes hands in the last two rounds",
                    "something changes hands in the last two rounds", "someone goes where they are",
                    "something is taken twice", "someone sends what they do not have",
                ])
    }

    @Test("boxes: contents move without being named")
    func boxes() throws {
        let facts =
            "<s> boxes puts s64 s0 puts s65 s1 moves s0 s2 s128 moves s1 s0 removes s2 puts s66 s1 moves s0 s3 moves s1 s0"
        #expect(
            try solved(Boxes(), facts + " ? s3 s65 ? s0 s66 ? s1 s64 ? s2 s64")
                == ["s65/3", "s66/2", "none", "none"])
        #expect(try faults(Boxes(), "<s> boxes puts s64 s0 puts s65 s0") == ["something is put into a filled box"])
        #expect(try faults(Boxes(), "<s> boxes removes s0") == ["nothing is in a box to take it out of"])
    }

    @Test("topological order: every order in which no edge points backwards is right, and no other")
    func orders() throws {
        // 1 -> 3, 2 -> 3, 3 -> 5, 4 -> 5; 5 -> 6 leads away.
        let graph = try tokens(
            "<s> topological s1 -> s3 s5 -> s6 s128 s2 -> s3 s4 -> s5 s3 -> s5 ? ancestors s5 s1 s2 s3 s4 </s>")
        let task = try TopologicalOrder(["ancestors": 4, "hops": 3])
        let reading = HopReading(graph, task.grammar)
        let judge = OrderJudge(reading)
        let ask = reading.asked[0].ask
        func accepts(_ text: String) throws -> Bool { judge.accepts(try tokens(text), to: ask) }
        for right in ["s1 s2 s3 s4", "s2 s1 s3 s4", "s4 s1 s2 s3", "s1 s4 s2 s3", "s2 s4 s1 s3"] {
            #expect(try accepts(right))
        }
        for wrong in [
            "", "s1 s3 s2 s4", "s3 s1 s2 s4", "s1 s2 s3", "s1 s2 s4", "s1 s2 s3 s4 s5", "s1 s2 s3 s4 s6",
            "s1 s1 s2 s3 s4",
            "s1 s2 s3 s4 s4", "s1 s2 s3 s7",
        ] { #expect(try !accepts(wrong), "\(wrong)") }
        #expect(judge.depth(of: ask[1]) == 2 && !judge.hasCycle)
        #expect(judge.accepts(try tokens("s4 s3"), to: [Vocabulary.firstHop, ask[1]]))
        #expect(!judge.accepts(try tokens("s4"), to: [Vocabulary.firstHop, ask[1]]))
        #expect(OrderJudge(HopReading(try tokens("<s> topological s1 -> s2 s2 -> s1"), task.grammar)).hasCycle)
        let item = ItemRecord(
            id: ItemID(cluster: 0, sequence: 0, question: 0), facts: 5, length: 0, distance: 0, load: 5, position: 0,
            contentBits: 0)
        let sequence = TaskSequence(
            tokens: graph, questions: [Question(answer: reading.asked[0].answer, grading: .checked, item: item)])
        #expect(task.accepts(try tokens("s4 s2 s1 s3"), to: sequence.questions[0], in: sequence))
        #expect(!task.accepts(try tokens("s2 s3 s1 s4"), to: sequence.questions[0], in: sequence))
    }

    @Test("counters: steps since the last reset, of the counter that is named")
    func counters() throws {
        let bank = CounterBank(counters: 3, modulus: 4, period: 16)
        // Letters 2 c step counter c, 2 c + 1 reset it.
        var state = bank.start
        let values = [0, 0, 2, 0, 3, 2, 0, 0, 4, 1, 0].map { letter in
            state = bank.step(state, letter)
            return bank.value(state)
        }
        #expect(values == [1, 2, 1, 3, 0, 1, 0, 1, 1, 0, 1])
    }

    @Test("hop induction: from b5 to a4 (after b3) to b1 (after a0)")
    func induction() throws {
        let task = try HopInduction(["hops": 2, "alphabet": 3, "questions": 1])
        func sequence(_ gold: Int32) throws -> TaskSequence {
            let written = try tokens("<s> hop-induction s66 s0 s1 s2 s1 s0 s1 </s>")
            let item = ItemRecord(
                id: ItemID(cluster: 0, sequence: 0, question: 0), hops: 2, facts: 6, length: 10, distance: 4, load: 3,
                position: 0.2, contentBits: 0)
            return TaskSequence(
                tokens: written + [Int32](repeating: 0, count: task.length - written.count),
                questions: [Question(answer: 9..<10, hiddenGold: gold, item: item)]
            ).resealed()
        }
        #expect(try task.check(sequence(SymbolRange.keys[1])).isEmpty)
        #expect(try task.check(sequence(SymbolRange.keys[0])).count == 1)
        #expect(try task.describe(sequence(SymbolRange.keys[1])).contains("b5 -> a4 -> b1"))
    }
}
