import AssayCore
import Testing

@testable import AssayTasks

@Suite struct StateTrackingTests {
    private static let names = ["parity", "modular-arithmetic", "group-word"]

    @Test("running values never stand in the tokens: the token at an answer's place says nothing of it")
    func hidden() throws {
        let task = try Parity(["length": 64])
        var counts = [[0, 0], [0, 0]]
        for index in 0..<2_000 {
            let sequence = task.cluster(.evaluation(seed: 3), index: index)[0]
            for question in sequence.questions.dropLast() {
                let gold = try #require(question.hiddenGold)
                let next = sequence.tokens[question.answer.lowerBound]
                counts[Int(gold - 64)][Int(next - 64)] += 1
            }
        }
        // Four equal cells: chi-squared of independence with one degree of freedom, 99.9 %.
        let n = Double(counts.joined().reduce(0, +))
        let statistic = counts.joined().reduce(0) { $0 + (Double($1) - n / 4) * (Double($1) - n / 4) / (n / 4) }
        #expect(statistic < 16.3)
    }

    @Test("a wrong hidden answer, and one in the wrong place, is found", arguments: names)
    func wrongHidden(_ name: String) throws {
        let task = try TaskRegistry.make(name)
        let sequence = task.cluster(.evaluation(seed: 5), index: 2)[0]
        for number in sequence.questions.indices {
            var broken = sequence
            let gold = try #require(broken.questions[number].hiddenGold)
            broken.questions[number].hiddenGold = gold == 64 ? 65 : 64
            #expect(task.check(broken.resealed()).count == 1)
            broken.questions[number].hiddenGold = nil
            #expect(!task.check(broken.resealed()).isEmpty)
        }
        var fewer = sequence
        fewer.questions.remove(at: 0)
        for index in fewer.questions.indices {
            fewer.questions[index].item.id = ItemID(cluster: 2, sequence: 0, question: index)
        }
        #expect(task.check(fewer.resealed()).count == 1)
    }

    @Test("evaluation asks over the second half up to the last letter, training after every letter", arguments: names)
    func places(_ name: String) throws {
        let task = try TaskRegistry.make(name, parameters: ["length": 100, "questions": 6])
        let distances = task.cluster(.evaluation(seed: 1), index: 0)[0].questions.map(\.item.distance)
        #expect(distances.count == 6 && distances.last == 97)
        #expect(distances.allSatisfy { $0 >= 47 })
        let training = task.trainingSequence(.training(seed: 1), index: 0)
        let step = name == "modular-arithmetic" ? 2 : 1
        #expect(training.questions.map(\.item.distance) == Array(stride(from: 1, through: 97, by: step)))
    }

    @Test("more letters than an item's identity can number are not asked after")
    func longWords() throws {
        let task = try Parity(["length": 3_000])
        #expect(task.trainingSequence(.training(seed: 1), index: 0).questions.count == 1024)
        #expect(task.cluster(.evaluation(seed: 1), index: 0)[0].questions.last?.item.distance == 2_997)
    }

    @Test("groups are groups: orders, neutral element, inverses, associativity, and which commute")
    func groups() {
        #expect(FiniteGroup.all.map(\.order) == [6, 24, 120, 60, 60, 60])
        for group in FiniteGroup.all {
            let n = group.order
            func times(_ a: Int, _ b: Int) -> Int { group.table[a * n + b] }
            #expect((0..<n).allSatisfy { times(0, $0) == $0 && times($0, 0) == $0 })
            #expect((0..<n).allSatisfy { a in Set((0..<n).map { times(a, $0) }).count == n })
            var random = CounterRandom(key: 7, index: 0)
            for _ in 0..<5_000 {
                let (a, b, c) = (random.below(n), random.below(n), random.below(n))
                #expect(times(times(a, b), c) == times(a, times(b, c)))
            }
            let commutes = (0..<n).allSatisfy { a in (0..<n).allSatisfy { times(a, $0) == times($0, a) } }
            #expect(commutes == (group.name == "Z60"))
            var reached: Set<Int> = [0]
            var newest = reached
            while !newest.isEmpty {
                newest = Set(newest.flatMap { a in group.generators.map { times(a, $0) } }).subtracting(reached)
                reached.formUnion(newest)
            }
            #expect(reached.count == n, "\(group.name) is not generated")
        }
        // A5 is perfect: its commutators reach everything. Those of A4 x Z5 do not, so that is solvable.
        func commutators(_ name: String) -> Int {
            guard let group = FiniteGroup.all.first(where: { $0.name == name }) else { return 0 }
            let n = group.order
            func times(_ a: Int, _ b: Int) -> Int { group.table[a * n + b] }
            let inverse = (0..<n).map { a in (0..<n).first { times(a, $0) == 0 } ?? 0 }
            var reached = Set(
                (0..<n).flatMap { a in (0..<n).map { times(times(a, $0), times(inverse[a], inverse[$0])) } })
            while true {
                let more = Set(reached.flatMap { a in reached.map { times(a, $0) } })
                if more.count == reached.count { return reached.count }
                reached = more
            }
        }
        #expect(commutators("A5") == 60 && commutators("A4xZ5") == 4 && commutators("S3") == 3)
    }

    @Test("products of uniform elements are uniform, whatever the last ones were")
    func uniformProducts() throws {
        let task = try GroupWord(["group": 0, "length": 40, "questions": 1])
        var counts = [Int](repeating: 0, count: 36)
        for index in 0..<9_000 {
            let sequence = task.cluster(.evaluation(seed: 9), index: index)[0]
            let gold = try #require(sequence.questions[0].hiddenGold)
            let last = sequence.tokens[sequence.questions[0].answer.lowerBound - 1]
            counts[Int(gold - 64) * 6 + Int(last - 64)] += 1
        }
        // 35 degrees of freedom, 99.9 %.
        #expect(counts.reduce(0.0) { $0 + (Double($1) - 250) * (Double($1) - 250) / 250 } < 66.6)
    }

    @Test("a letter is drawn from the few that generate the group")
    func fewLetters() throws {
        let task = try GroupWord(["group": 5, "letters": 1])
        let tokens = (0..<20).flatMap { task.cluster(.evaluation(seed: 1), index: $0)[0].tokens[2..<63] }
        #expect(Set(tokens).count == 2)
        #expect(task.statedFloor > 1 / 60 && task.statedFloor < 0.2)
        #expect(abs(try GroupWord(["group": 5]).statedFloor - 1 / 60) < 1e-9)
    }

    @Test("products come before sums, brackets before both, and the value is modulo 5")
    func arithmetic() {
        func value(_ text: String) -> Int? {
            let tokens: [Int32] = text.compactMap { character in
                switch character {
                case "+": Vocabulary.firstOperator
                case "-": Vocabulary.firstOperator + 1
                case "*": Vocabulary.firstOperator + 2
                case "(": Vocabulary.open
                case ")": Vocabulary.close
                case " ": nil
                default: character.wholeNumberValue.map(Arithmetic.number)
                }
            }
            return Arithmetic.value(tokens[...])
        }
        #expect(value("3 + 4 * 2") == 1)
        #expect(value("3 - 4 * 2 - 1") == 4)
        #expect(value("( 3 + 4 ) * 2") == 4)
        #expect(value("0 - 4 * 4 * 4 + 1") == 2)
        #expect(value("1 - ( 2 - ( 3 - 4 ) )") == 3)
        for wrong in ["", "3 +", "+ 3", "3 3", "( 3", "3 )", "( )", "3 + * 4"] { #expect(value(wrong) == nil) }
        #expect(value(String(repeating: "(", count: 100_000)) == nil)
    }

    @Test("the stated floor of expressions is the best guess behind the last numbers, by enumeration")
    func arithmeticFloor() throws {
        let task = try ModularArithmetic(["length": 22, "questions": 1])
        // Ten numbers fit, of which the last four are seen: six are hidden, and all their expressions are tried.
        let words = 5 * 15 * 15 * 15 * 15 * 15
        var best = 0.0
        for factor in 0..<5 {
            var counts = [Int](repeating: 0, count: 5)
            for word in 0..<words {
                var rest = word / 5
                var (sum, product) = (0, word % 5)
                for _ in 0..<5 {
                    let (sign, number) = (rest % 15 / 5, rest % 5)
                    rest /= 15
                    switch sign {
                    case 0: (sum, product) = (sum + product, number)
                    case 1: (sum, product) = (sum + product, -number)
                    default: product *= number
                    }
                }
                counts[((sum + factor * product) % 5 + 5) % 5] += 1
            }
            best = max(best, Double(counts.max() ?? 0) / Double(words))
        }
        #expect(abs(task.statedFloor - best) < 1e-12, "\(task.statedFloor) \(best)")
        #expect(try ModularArithmetic(["length": 256]).statedFloor < 0.2001)
        #expect(abs(try ModularArithmetic(["operators": 1]).statedFloor - 0.2) < 1e-12)
    }

    @Test("expressions in brackets have a question at the end, and training smaller ones as well")
    func brackets() throws {
        let task = try ModularArithmetic(["brackets": 1, "questions": 1, "length": 64])
        let sizes = Set((0..<200).map { task.trainingSequence(.training(seed: 1), index: $0).questions[0].item.facts })
        #expect(sizes.count > 8 && sizes.max() == 16)
        let text = task.describe(task.cluster(.evaluation(seed: 1), index: 0)[0])
        #expect(text.contains("(") && text.contains("="))
    }

    @Test("updates: the latest value is asked for, the earlier ones are recorded as stale")
    func updates() throws {
        let task = try UpdatedRecall()
        for index in 0..<300 {
            let sequence = task.cluster(.evaluation(seed: 1), index: index)[0]
            for question in sequence.questions {
                let key = sequence.tokens[question.answer.lowerBound - 1]
                let context = sequence.tokens.prefix(sequence.questions[0].answer.lowerBound - 2)
                let written = context.indices.dropLast().filter { context[$0] == key }.map { context[$0 + 1] }
                #expect(written.count == 3)
                #expect(question.overwritten == Array(written.dropLast()))
                #expect(sequence.gold(question) == [written[2]])
            }
        }
    }

    @Test("choices are numbers with names")
    func choices() throws {
        let parameter = try #require(GroupWord.parameters.first { $0.name == "group" })
        #expect(parameter.value(of: "A5") == 5 && parameter.value(of: "a5") == nil && parameter.value(of: "5") == nil)
        #expect(parameter.text(0) == "S3" && parameter.rangeText == "S3, S4, S5, Z60, A4xZ5, A5")
        let error = #expect(throws: AssayError.self) { try GroupWord(["group": 6]) }
        #expect(error?.remedy == "Give S3, S4, S5, Z60, A4xZ5, A5")
    }
}
