import AssayCore
import Testing

@testable import AssayTasks

/// Checkers must be able to say no.
@Suite struct CheckerTests {
    @Test("a wrong gold answer is found", arguments: TaskCase.all)
    func wrongAnswer(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        for index in 0..<50 {
            for sequence in task.cluster(.evaluation(seed: 31), index: index) {
                for (number, question) in sequence.questions.enumerated() {
                    var broken = sequence
                    let place = question.answer.lowerBound
                    if let gold = question.hiddenGold {
                        broken.questions[number].hiddenGold = gold == 64 ? 65 : 64
                    } else {
                        broken.tokens[place] = broken.tokens[place] == 64 ? 65 : 64
                    }
                    #expect(!task.check(broken.resealed()).isEmpty)
                }
            }
        }
    }

    @Test(
        "a fact that answers a question, told differently, is found",
        arguments: TaskCase.all.filter { (try? $0.make().family) == .retrieval })
    func wrongFact(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        for index in 0..<20 {
            for sequence in task.cluster(.evaluation(seed: 35), index: index) {
                for question in sequence.questions.prefix(10) where question.item.distance > 0 {
                    var broken = sequence
                    let place = question.answer.lowerBound - question.item.distance
                    // Another symbol of the same role.
                    broken.tokens[place] += broken.tokens[place] % 2 == 0 ? 1 : -1
                    #expect(!task.check(broken.resealed()).isEmpty, "\(task.describe(broken))")
                }
            }
        }
    }

    @Test("a wrong covariate is found", arguments: TaskCase.defaults)
    func wrongCovariates(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        let sequence = task.cluster(.evaluation(seed: 32), index: 3)[0]
        let changes: [(inout ItemRecord) -> Void] = [
            { $0.hops += 1 }, { $0.facts -= 1 }, { $0.length += 1 }, { $0.distance -= 1 }, { $0.load += 1 },
            { $0.position = 1 - $0.position + 0.001 }, { $0.contentBits ^= 1 },
            { $0.id = ItemID(cluster: $0.id.cluster, sequence: $0.id.sequence, question: 77) },
        ]
        #expect(task.check(sequence).isEmpty)
        for (number, change) in changes.enumerated() {
            var broken = sequence
            change(&broken.questions[0].item)
            #expect(!task.check(broken).isEmpty, "change \(number)")
        }
        var moved = sequence
        moved.questions[0].answer = moved.questions[0].answer.lowerBound - 1..<moved.questions[0].answer.upperBound
        #expect(!task.check(moved.resealed()).isEmpty)
        var regraded = sequence
        regraded.questions[0].grading = regraded.questions[0].grading == .set ? .exact : .set
        #expect(!task.check(regraded).isEmpty)
    }

    @Test(
        "a sequence that is too short, too long, of another task or without questions is found",
        arguments: TaskCase.defaults)
    func wrongForm(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        let sequence = task.cluster(.evaluation(seed: 33), index: 0)[0]
        func complaints(_ change: (inout TaskSequence) -> Void) -> [String] {
            var broken = sequence
            change(&broken)
            return task.check(broken.resealed())
        }
        #expect(!complaints { $0.tokens.removeLast() }.isEmpty)
        #expect(!complaints { $0.tokens.append(0) }.isEmpty)
        #expect(!complaints { $0.tokens[0] = 2 }.isEmpty)
        #expect(!complaints { $0.tokens[1] = 3 }.isEmpty)
        #expect(!complaints { $0.tokens[4] = 0 }.isEmpty)
        #expect(!complaints { $0.tokens[4] = -5 }.isEmpty)
        #expect(!complaints { $0.tokens[4] = Int32(Vocabulary.count) }.isEmpty)
        #expect(!complaints { $0.questions = [] }.isEmpty)
        #expect(!complaints { $0.questions.removeLast() }.isEmpty)
        #expect(!complaints { $0.questions.append($0.questions[0]) }.isEmpty)
        for other in TaskRegistry.kinds where other.name != testCase.name {
            let foreign = try TaskRegistry.make(other.name).cluster(.evaluation(seed: 1), index: 0)[0]
            #expect(!task.check(foreign).isEmpty)
        }
    }

    @Test("any changed token is found by the content hash, and garbage never crashes", arguments: TaskCase.defaults)
    func garbage(_ testCase: TaskCase) throws {
        let task = try testCase.make()
        var random = CounterRandom(key: 99, index: 0)
        for index in 0..<400 {
            var broken = task.cluster(.evaluation(seed: 34), index: index % 20)[0]
            let place = random.below(broken.tokens.count)
            broken.tokens[place] = (broken.tokens[place] + 1 + Int32(random.below(250))) % 256
            #expect(!task.check(broken).isEmpty)
            for _ in 0..<index % 40 {
                let place = random.below(broken.tokens.count)
                switch random.below(6) {
                case 0: broken.tokens[place] = Int32(truncatingIfNeeded: random.next())
                case 1: broken.tokens[place] = Int32(random.below(64))
                case 2: broken.tokens[place] = Vocabulary.query
                case 3: broken.tokens[place] = Vocabulary.end
                default: broken.tokens.swapAt(place, random.below(broken.tokens.count))
                }
            }
            if index % 5 == 0 { broken.tokens = Array(broken.tokens.prefix(random.below(broken.tokens.count))) }
            if index % 7 == 0 { broken.questions[0].answer = 3..<100_000 }
            _ = task.check(broken.resealed())
            #expect(!task.describe(broken).isEmpty)
        }
    }

    @Test("a sequence written by hand passes")
    func byHand() throws {
        let task = try AssociativeRecall(["pairs": 2, "queries": 1, "length": 18, "symbols": 8])
        let (k, v, n) = (SymbolRange.keys, SymbolRange.values, SymbolRange.noise)
        var tokens = [Vocabulary.start, Vocabulary.recallTask, n[3], k[5], v[1], k[2], v[7]]
        tokens += (0..<8).map { n[$0] } + [Vocabulary.query, k[5], v[1]]
        let item = ItemRecord(
            id: ItemID(cluster: 0, sequence: 0, question: 0), facts: 2, length: 18, distance: 13, load: 2,
            position: 1 / 3, contentBits: 0)
        let sequence = TaskSequence(tokens: tokens, questions: [Question(answer: 17..<18, item: item)]).resealed()
        #expect(task.check(sequence).isEmpty)
        var wrong = sequence
        wrong.tokens[6] = v[1]
        #expect(task.check(wrong.resealed()) == ["a value occurs twice"])
    }
}
