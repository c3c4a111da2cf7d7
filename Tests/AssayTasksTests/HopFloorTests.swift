import AssayCore
import Testing

@testable import AssayTasks

/// Stated floors against what was measured elsewhere, and against enumeration.
@Suite struct HopFloorTests {
    @Test("the best guess from a letter has the published errors of k-hop induction on 100 letters")
    func induction() {
        // Measured on sequences of the published generator: best guess from the current letter alone.
        let published = [1: 0.664, 2: 0.497, 3: 0.706, 4: 0.654, 8: 0.734, 16: 0.748]
        var random = CounterRandom(key: 5, index: 0)
        var counts: [Int: (same: Int, all: Int)] = [:]
        for _ in 0..<3_000 {
            let paths = InductionPaths(100, of: 4, &random)
            for place in paths.letters.indices {
                for hops in published.keys {
                    guard let end = paths.place(place, after: hops) else { continue }
                    counts[hops, default: (0, 0)].all += 1
                    if paths.letters[end] == paths.letters[place] { counts[hops, default: (0, 0)].same += 1 }
                }
            }
        }
        for (hops, error) in published {
            let (same, all) = counts[hops] ?? (0, 1)
            let share = Double(same) / Double(all)
            let guess = max(share, (1 - share) / 3)
            #expect(abs(1 - guess - error) < 0.005, "\(hops): \(1 - guess)")
            #expect(abs(HopInduction.floor(hops: hops, alphabet: 4) - guess) < 0.008, "\(hops): \(guess)")
        }
    }

    @Test("the floor of boxes is what the newest thing that can be there reaches, and nothing less does")
    func boxes() throws {
        for (items, operations) in [(5, 24), (3, 8), (10, 40), (2, 16)] {
            let task = try Boxes([
                "items": items, "boxes": items + 3, "operations": operations, "questions": 1, "length": 256,
            ])
            let floors = task.measuredFloor(.evaluation(seed: 2), clusters: 4_000)
            let newest = try #require(floors.first { $0.baseline == "newest-thing" })
            #expect(abs(newest.score - task.statedFloor) < 0.05, "\(items) \(operations): \(newest)")
            #expect(floors.allSatisfy { $0.score < newest.score + 0.01 }, "\(floors)")
        }
    }

    @Test("the newest thing that can be in a box, by hand")
    func newestThing() {
        let (put, move, remove) = (Vocabulary.puts, Vocabulary.moves, Vocabulary.removes)
        // Things 130, 131, ...; boxes 64, 65, ...
        var facts: [[Int32]] = [
            [put, 130, 64], [put, 131, 65], [put, 132, 66], [put, 133, 67], [remove, 67], [move, 64, 68],
            [move, 65, 69],
        ]
        func newest(_ box: Int32, butNot said: Set<Int32> = []) -> Int32? {
            Boxes.newest(in: facts, of: box, butNot: said)
        }
        #expect(newest(66) == 132 && newest(70) == nil)
        // When box 68 was filled, 131 was not yet moved; 132 is where it was put, and 133 was taken out.
        #expect(newest(68) == 130 && newest(69) == 131)
        #expect(newest(69, butNot: [131]) == 130)
        facts.append([put, 134, 64])
        facts.append([move, 69, 65])
        #expect(newest(65) == 131 && newest(64) == 134)
    }

    @Test("the floor of counters is the best guess behind a window, by enumeration of all words")
    func counters() {
        // Six hidden letters and three seen, of two counters modulo 3, one letter in four a reset.
        let bank = CounterBank(counters: 2, modulus: 3, period: 4)
        let weights = [3.0 / 8, 1.0 / 8, 3.0 / 8, 1.0 / 8]
        func words(_ length: Int) -> [[Int]] {
            length == 0 ? [[]] : words(length - 1).flatMap { word in (0..<4).map { word + [$0] } }
        }
        func end(_ start: Int, _ word: [Int]) -> Int { word.reduce(start) { bank.step($0, $1) } }
        func weight(_ word: [Int]) -> Double { word.reduce(1) { $0 * weights[$1] } }
        var states: [Int: Double] = [:]
        for word in words(6) { states[end(bank.start, word), default: 0] += weight(word) }
        var floor = 0.0
        for seen in words(3) {
            var values = [0.0, 0, 0]
            for (state, share) in states { values[bank.value(end(state, seen))] += share }
            floor += weight(seen) * (values.max() ?? 0)
        }
        #expect(abs(bank.floor(hidden: 6, seen: 3) - floor) < 1e-12, "\(floor)")
    }

    @Test("values of trees are equally likely, but for 0 of a product, whatever the first number is")
    func trees() {
        let field = PrimeField(modulus: 7)
        var random = CounterRandom(key: 3, index: 0)
        var counts = [[Int]](repeating: [Int](repeating: 0, count: 49), count: 3)
        for _ in 0..<60_000 {
            let tree = PrefixTree(5, depth: 3, operators: 3, field, &random)
            let tokens = tree.tokens(field)
            guard let (value, depth) = TreeReading.evaluate(tokens[...], field), depth == 3 else {
                Issue.record("\(tokens)")
                return
            }
            #expect(value == tree.value && tokens.count == 11)
            let first = tokens.first(where: field.numbers.contains).map(field.numbers.index(of:)) ?? 0
            counts[Int(tokens[0] - Vocabulary.firstOperator)][value * 7 + first] += 1
        }
        for (sign, table) in counts.enumerated() {
            for first in 0..<7 {
                let column = (0..<7).map { Double(table[$0 * 7 + first]) }
                let likeliest = (column.max() ?? 0) / column.reduce(0, +)
                #expect(likeliest < (sign == 2 ? 1.0 / 6 : 6.0 / 35) + 0.025, "\(sign) \(first) \(column)")
                #expect(sign < 2 || column[0] == 0)
            }
        }
    }

    @Test("relations and numbers asked for are equally likely whatever was stated for one hop")
    func uniformAnswers() throws {
        for (name, parameters, values) in [
            ("kinship", ["hops": 3, "questions": 1], 6), ("operation-ladder", ["hops": 3, "questions": 1], 7),
        ] {
            let task = try #require(try TaskRegistry.make(name, parameters: parameters) as? any HopTask)
            func stated(_ task: some HopTask, _ sequence: TaskSequence) -> Int32 {
                let reading = HopReading(sequence.tokens, task.grammar)
                let asked = reading.asked[0].ask[0]
                let fact = reading.facts.first { $0.tokens[name == "kinship" ? 0 : 1] == asked }
                return fact.map { $0.tokens[name == "kinship" ? 1 : $0.tokens.count - 1] } ?? 0
            }
            var table: [[Int32]: Int] = [:]
            var total = 0
            for index in 0..<9_000 {
                let sequence = task.cluster(.evaluation(seed: 8), index: index)[0]
                guard sequence.questions[0].item.hops > 1 else { continue }
                table[[stated(task, sequence), sequence.gold(sequence.questions[0])[0]], default: 0] += 1
                total += 1
            }
            // Rows (what was stated) are not equally likely for numbers: compare with the product of the margins.
            var rows: [Int32: Int] = [:]
            for (key, count) in table { rows[key[0], default: 0] += count }
            var statistic = 0.0
            for row in rows.keys {
                for answer in 0..<Int32(values) {
                    let expected = Double(rows[row] ?? 0) / Double(values)
                    let seen = Double(table[[row, SymbolRange.values[Int(answer)]]] ?? 0)
                    statistic += (seen - expected) * (seen - expected) / expected
                }
            }
            // Degrees of freedom: 6 * 5 and 7 * 6; the 99.9 % points are 59.7 and 76.1.
            #expect(statistic < (values == 6 ? 59.7 : 76.1), "\(name) \(statistic) \(total)")
        }
    }
}
