import AssayCore
import Testing

@testable import AssayTasks

/// What the distributions of the retrieval tasks must be.
@Suite struct RetrievalDistributionTests {
    private func questions(_ task: any TaskGenerator, _ clusters: Int) -> [Question] {
        (0..<clusters).flatMap { task.cluster(.evaluation(seed: 1), index: $0)[0].questions }
    }

    /// Shares of questions within so many tokens of their key, and the median, measured on numpy's draws.
    @Test(
        "MQAR asks at the distances of zoology's definition",
        arguments: [
            (64, 4, [16: 0.58, 32: 0.81], 14), (128, 8, [64: 0.82], 26), (256, 16, [64: 0.60, 128: 0.82], 50),
            (512, 64, [128: 0.37], 156), (256, 64, [128: 0.56], 124),
        ])
    func mqarDistances(_ length: Int, _ pairs: Int, _ shares: [Int: Double], _ median: Int) throws {
        let task = try MQAR(["length": length + 2, "pairs": pairs, "symbols": 64])
        let distances = questions(task, 6_000 / pairs).map(\.item.distance).sorted()
        for (within, share) in shares {
            let measured = Double(distances.filter { $0 <= within }.count) / Double(distances.count)
            #expect(abs(measured - share) < 0.025, "\(measured) within \(within), not \(share)")
        }
        #expect(abs(distances[distances.count / 2] - median) <= max(2, median / 12))
    }

    @Test("weighted draws follow the weights, and never give a number twice")
    func weightedDraw() {
        let law = WeightedDraw([5, 1, 0, 3, 1])
        var (counts, second) = ([0, 0, 0, 0, 0], [0, 0, 0, 0, 0])
        for index in 0..<20_000 {
            var random = CounterRandom(key: 7, index: UInt64(index))
            var left = law
            let drawn = (0..<4).map { _ in left.next(&random) }
            #expect(Set(drawn) == [0, 1, 3, 4])
            counts[drawn[0]] += 1
            if drawn[0] == 0 { second[drawn[1]] += 1 }
        }
        for (count, weight) in zip(counts, [5, 1, 0, 3, 1]) {
            #expect(abs(Double(count) - Double(weight) * 2_000) < 4 * (Double(weight) * 2_000 + 1).squareRoot())
        }
        // After the first number, the others in the ratio 1 : 3 : 1.
        #expect(abs(Double(second[3]) / Double(counts[0]) - 0.6) < 0.02)
        var random = CounterRandom(key: 8, index: 0)
        var left = law.prefix(2)
        #expect(Set([left.next(&random), left.next(&random)]) == [0, 1])
    }

    @Test("distance recall asks from the distance to twice the distance, at the same load and length")
    func distanceRecall() throws {
        for distance in [16, 32, 48] {
            let task = try DistanceRecall(["distance": distance])
            let asked = questions(task, 2_000)
            #expect(asked.allSatisfy { (distance..<2 * distance).contains($0.item.distance) })
            #expect(Set(asked.map { [$0.item.load, $0.item.length] }) == [[16, 128]])
            let mean = Double(asked.reduce(0) { $0 + $1.item.distance }) / 2_000
            #expect(abs(mean - 1.5 * Double(distance) + 0.5) < 0.03 * Double(distance))
        }
    }

    @Test("every first part stands with every second part, so that one part leaves as many values")
    func compositionalGrid() throws {
        let task = try CompositionalRecall()
        let form = RetrievalReading.Form(keys: [.keys, .words])
        let facts = RetrievalReading(task.cluster(.evaluation(seed: 1), index: 0)[0].tokens, form: form).facts
        #expect(facts.count == 16)
        for part in 0..<2 {
            #expect(Dictionary(grouping: facts, by: \.key[part]).values.map(\.count) == [4, 4, 4, 4])
        }
        let small = try CompositionalRecall(["first-parts": 2, "second-parts": 2, "queries": 1])
        #expect(abs(small.statedFloor - 1 / 2) < 1e-12)
        // The second question: the first answer was of the same part in one of three cases.
        let two = try CompositionalRecall(["first-parts": 2, "second-parts": 2, "queries": 2])
        #expect(abs(two.statedFloor - (1 / 2 + (1 / 3 + 2 / 3 * 0.5)) / 2) < 1e-12)
    }

    @Test("the share of noise is the one asked for, and every key is told")
    func noiseShare() throws {
        for noise in [0, 40, 80] {
            let task = try NoisyRecall(["noise": noise, "length": 256])
            for index in 0..<50 {
                let sequence = task.cluster(.evaluation(seed: 1), index: index)[0]
                let reading = RetrievalReading(sequence.tokens, form: .pairs)
                let share = Double(reading.noise - 8) / Double(reading.contextEnd - 10)
                #expect(abs(share - Double(noise) / 100) < 0.01)
                #expect(Set(reading.facts.map(\.key)).count == 8)
            }
        }
    }

    @Test("text has words by Zipf's law with phrases that come back, and names in their places")
    func text() {
        var random = CounterRandom(key: 3, index: 0)
        var hay = Haystack(.text(keys: .keys, values: .values))
        let text = (0..<80_000).map { _ in hay.next(&random) }
        #expect(text.indices.allSatisfy { ($0 % 16 == 15) == SymbolRange.values.contains(text[$0]) })
        #expect(text.indices.allSatisfy { ($0 % 16 == 7) == SymbolRange.keys.contains(text[$0]) })
        let words = text.filter(SymbolRange.words.contains).map { SymbolRange.words.index(of: $0) }
        let follows = zip(words, words.dropFirst()).filter { $1 == Haystack.successor(of: $0) }.count
        // Half of the time by preference, and by chance.
        #expect(abs(Double(follows) / Double(words.count) - 0.51) < 0.02)
        #expect(Set((0..<48).map(Haystack.successor)).count == 48)
    }

    @Test("needles in text lie at every depth, and a lone needle hides among the values of the text")
    func needleDepth() throws {
        let task = try NeedleHaystack(["keys": 1, "length": 256])
        let positions = questions(task, 4_000).map(\.item.position)
        let bins = Dictionary(grouping: positions) { min(7, Int($0 * 8)) }.mapValues(\.count)
        #expect((0..<8).allSatisfy { abs(bins[$0, default: 0] - 500) < 100 }, "\(bins)")
        let tokens = task.cluster(.evaluation(seed: 1), index: 0)[0].tokens
        #expect(tokens.dropLast().filter(SymbolRange.values.contains).count == 16)
        // 16 of 240 places lie before the first value of the text; where they do not, that value may be the same.
        #expect(abs(task.statedFloor - (1.0 / 15 + 14.0 / 15 / 32)) < 1e-12)
    }

    @Test("question and needle share no token; the twin asks for the same needles by key; the table is fixed")
    func synonyms() throws {
        let task = try AssociativeNeedle()
        for index in 0..<300 {
            let pair = task.cluster(.evaluation(seed: UInt64(index)), index: index)
            let (main, twin) = (pair[0], pair[1])
            #expect(!main.tokens.contains(Vocabulary.same))
            for (question, literal) in zip(main.questions, twin.questions) {
                let answer = question.answer.lowerBound
                let key = main.tokens[answer - question.item.distance - 1]
                #expect(main.tokens[answer - 1] == task.synonym(of: key))
                #expect(!main.tokens[..<(answer - 1)].contains(main.tokens[answer - 1]))
                #expect(twin.tokens[answer - 1] == key && twin.tokens[answer] == main.tokens[answer])
                #expect(literal.item.parent == question.item.id && question.item.hops == 2)
            }
        }
        let training = (0..<100).map { task.trainingSequence(.training(seed: 1), index: $0) }
        #expect(training.filter { $0.tokens.contains(Vocabulary.same) }.count > 70)
    }

    @Test("counts of frequent words are the whole parts of n k^-2 / zeta(2)")
    func zetaCounts() {
        // 1,000 x 6 / pi^2 = 607.93
        #expect(
            WordAggregation.zetaCounts(tokens: 1000, alpha: 2, vocabulary: 10) == [151, 67, 37, 24, 16, 12, 9, 7, 6])
        // zeta(1.5) = 2.6124
        #expect(WordAggregation.zetaCounts(tokens: 100, alpha: 1.5, vocabulary: 4) == [13, 7, 4])
    }

    @Test("each list has an order of its own")
    func orders() throws {
        let task = try TaskRegistry.make("frequent-words")
        // Words by the order of their first appearance: equal for equal permutations.
        let orders = (0..<100).map { index in
            let list = task.cluster(.evaluation(seed: 1), index: index)[0].tokens.filter { (64..<192).contains($0) }
            return list.map { word in Set(list[..<(list.firstIndex(of: word) ?? 0)]).count }
        }
        #expect(Set(orders).count == 100)
    }

    @Test("orders of pushes and pops by hand, and the best fixed guess among them")
    func programs() throws {
        // With three pushes and one pop: ppp o leaves the second-last push on top, pp o p and p o pp the last.
        #expect(
            Set(Stacks.programs(pushes: 3, pops: 1)) == [
                [true, true, true, false], [true, true, false, true], [true, false, true, true],
            ])
        let task = try Stacks(["stacks": 2, "pushes": 3, "pops": 1, "queries": 1])
        #expect(abs(task.statedFloor - 2 / 3) < 1e-12)
        // The ballot numbers: (p - o + 1) / (p + 1) of all orders.
        #expect(Stacks.programs(pushes: 6, pops: 4).count == 90)
    }

    @Test("both halves of induction are asked for at the same places")
    func halves() throws {
        let task = try Induction()
        for index in 0..<100 {
            let asked = task.cluster(.evaluation(seed: 1), index: index)[0].questions
            let (first, second) = (asked.filter { $0.item.hops == 0 }, asked.filter { $0.item.hops == 1 })
            #expect(first.count == 8 && first.map { $0.answer.lowerBound + 32 } == second.map(\.answer.lowerBound))
        }
    }
}

/// What pairs of tasks must have in common.
@Suite struct LongFormTests {
    private func asked(_ name: String, _ parameters: [String: Int], _ index: Int) throws -> [(
        gold: [Int32], key: Int32
    )] {
        let sequence = try TaskRegistry.make(name, parameters: parameters).cluster(.evaluation(seed: 4), index: index)[
            0]
        return sequence.questions.map { question in
            let key = sequence.tokens[..<question.answer.lowerBound].last(where: SymbolRange.keys.contains) ?? -1
            return (sequence.gold(question), key)
        }
    }

    @Test("an instruction far away, adjacent or missing: the same facts, question and answer")
    func placements() throws {
        for index in 0..<100 {
            let far = try TaskRegistry.make("instruction", parameters: [:])
            let sequence = far.cluster(.evaluation(seed: 4), index: index)[0]
            let distance = sequence.questions[0].item.distance
            #expect((64...66).contains(distance))
            let plain = sequence.tokens.filter { $0 < Vocabulary.say }
            let first = try asked("instruction", [:], index)[0]
            for parameters in [["placement": 1], ["placement": 2], ["distance": 100], ["distance": 12]] {
                let task = try TaskRegistry.make("instruction", parameters: parameters)
                let other = task.cluster(.evaluation(seed: 4), index: index)[0]
                let own = try asked("instruction", parameters, index)[0]
                #expect(own.gold == first.gold && own.key == first.key)
                #expect(task.identity != far.identity)
                let isMissing = parameters["placement"] == 2
                #expect(other.tokens.contains(Vocabulary.say) != isMissing)
                let words = other.tokens.filter { $0 < Vocabulary.say }
                #expect(words.suffix(plain.count - 2) == plain.suffix(plain.count - 2))
                if parameters["placement"] == 1 { #expect(other.questions[0].item.distance == 3) }
            }
        }
    }

    @Test("question first or last, context once or twice: the same context, question and answer")
    func orders() throws {
        for index in 0..<100 {
            let facts = try (0..<4).map { form in
                let parameters = ["order": form & 1, "passes": 1 + form >> 1]
                let task = try TaskRegistry.make("reread-recall", parameters: parameters)
                let sequence = task.cluster(.evaluation(seed: 4), index: index)[0]
                let gold = sequence.gold(sequence.questions[0])
                // Question first: the key stands before the context.
                let start = form & 1 == 1 ? 4 : 2
                return [gold, Array(sequence.tokens[start..<start + 57])]
            }
            #expect(Set(facts).count == 1)
        }
    }

    @Test("distances of a conversation are whole turns, from one turn to nearly all")
    func turns() throws {
        let task = try Conversation()
        var seen: Set<Int> = []
        for index in 0..<400 {
            for question in task.cluster(.evaluation(seed: 1), index: index)[0].questions {
                #expect(question.item.distance % 8 == 2)
                seen.insert(question.item.distance / 8)
            }
        }
        #expect(seen.min() == 1 && seen.max() == 30)
    }
}
