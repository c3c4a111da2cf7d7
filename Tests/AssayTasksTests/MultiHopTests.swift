import AssayCore
import Testing

@testable import AssayTasks

@Suite struct MultiHopTests {
    /// Successors read by plain scanning, apart from the module's own reader.
    private func walk(_ tokens: [Int32], from start: Int32, hops: Int) -> Int32? {
        var node = start
        for _ in 0..<hops {
            guard let edge = stride(from: 2, to: tokens.count - 2, by: 3).first(where: { tokens[$0] == node }),
                tokens[edge + 2] == Vocabulary.separator
            else { return nil }
            node = tokens[edge + 1]
        }
        return node
    }

    @Test("answers are the k-th successor, and every k of the ladder is asked equally often")
    func successorAnswers() throws {
        let task = try Successor(["facts": 20, "hops": 8, "questions": 8, "length": 96])
        var counts: [Int: Int] = [:]
        for index in 0..<500 {
            let main = task.cluster(.evaluation(seed: 1), index: index)[0]
            var starts: Set<Int32> = []
            for question in main.questions {
                let start = main.tokens[question.answer.lowerBound - 1]
                let answer = main.tokens[question.answer.lowerBound]
                #expect(walk(main.tokens, from: start, hops: question.item.hops) == answer)
                #expect(starts.insert(start).inserted)
                counts[question.item.hops, default: 0] += 1
            }
        }
        #expect(counts == [1: 1000, 2: 1000, 4: 1000, 8: 1000])
    }

    @Test("place, length, load and position of the answer tell nothing about k")
    func hopsAreNotConfounded() throws {
        let task = try Successor()
        var places: [Int: [Double]] = [:]
        for index in 0..<2_000 {
            for question in task.cluster(.evaluation(seed: 2), index: index)[0].questions {
                places[question.item.hops, default: []].append(Double(question.item.id.question))
                #expect(question.item.facts == 16 && question.item.load == 16 && question.item.length == 81)
            }
        }
        let means = [1, 2, 4].map { hops in
            let list = places[hops] ?? []
            return list.reduce(0, +) / Double(list.count)
        }
        #expect(means.allSatisfy { abs($0 - 4) < 0.35 }, "\(means)")
    }

    @Test("the twins are exactly the single hops of the main questions' paths, on the same facts")
    func twins() throws {
        for parameters in [[:], ["facts": 24, "hops": 8, "questions": 8, "length": 104]] {
            let task = try Successor(parameters)
            for index in 0..<200 {
                let cluster = task.cluster(.evaluation(seed: 3), index: index)
                let main = cluster[0]
                let context = 2 + 3 * main.questions[0].item.facts
                var hops: [ItemID: [Int32]] = [:]
                for twin in cluster.dropFirst() {
                    #expect(twin.tokens.prefix(context) == main.tokens.prefix(context))
                    var starts: Set<Int32> = []
                    for question in twin.questions {
                        #expect(question.item.hops == 1)
                        let start = twin.tokens[question.answer.lowerBound - 1]
                        #expect(starts.insert(start).inserted)
                        hops[try #require(question.item.parent), default: []].append(start)
                    }
                }
                for question in main.questions {
                    #expect(question.item.parent == nil)
                    let start = main.tokens[question.answer.lowerBound - 1]
                    let path = (0..<question.item.hops).map { walk(main.tokens, from: start, hops: $0) }
                    let asked = hops.removeValue(forKey: question.item.id) ?? []
                    #expect(Set(asked.map(Optional.some)) == Set(question.item.hops > 1 ? path : []))
                    #expect(asked.count == (question.item.hops > 1 ? path.count : 0))
                }
                #expect(hops.isEmpty)
            }
        }
    }

    @Test("no earlier answer shortens the path of a later question")
    func noGivenPaths() throws {
        let task = try Successor(["facts": 20, "hops": 8, "questions": 12, "length": 102])
        for index in 0..<300 {
            let sequence = task.cluster(.evaluation(seed: 4), index: index)[0]
            var jumps: [Int32: Int] = [:]
            for question in sequence.questions {
                var node = sequence.tokens[question.answer.lowerBound - 1]
                for step in 0..<question.item.hops {
                    if let jump = jumps[node], jump > 1 { #expect(step + jump > question.item.hops) }
                    node = try #require(walk(sequence.tokens, from: node, hops: 1))
                }
                jumps[sequence.tokens[question.answer.lowerBound - 1]] = question.item.hops
            }
        }
    }

    @Test("training asks every number of hops, single ones most often")
    func trainingLadder() throws {
        let task = try Successor(["hops": 8])
        var counts: [Int: Int] = [:]
        for index in 0..<500 {
            let sequence = task.trainingSequence(.training(seed: 4), index: index)
            for question in sequence.questions { counts[question.item.hops, default: 0] += 1 }
            let several = sequence.questions.filter { $0.item.hops > 1 }.map {
                [Int32($0.item.hops), sequence.tokens[$0.answer.lowerBound - 1]]
            }
            #expect(Set(several).count == several.count)
        }
        #expect(counts.keys.sorted() == [1, 2, 4, 8])
        let ordered = [1, 2, 4, 8].map { counts[$0] ?? 0 }
        #expect(ordered == ordered.sorted(by: >) && ordered[3] > 100, "\(ordered)")
    }

    @Test("chains advance level by level, so that places do not tell chains")
    func variableLevels() throws {
        let task = try VariableTracking()
        var counts = [Int](repeating: 0, count: 16)
        for index in 0..<4_000 {
            let sequence = task.cluster(.evaluation(seed: 5), index: index)[0]
            let reading = VariableReading(sequence.tokens)
            let sought = Set(sequence.tokens[sequence.questions[0].answer].dropLast())
            #expect(sought.count == 4 && reading.assignments.count == 16)
            #expect(reading.assignments.prefix(4).allSatisfy { $0.isHead })
            #expect(reading.assignments.dropFirst(4).allSatisfy { !$0.isHead })
            for (place, assignment) in reading.assignments.enumerated() where sought.contains(assignment.variable) {
                counts[place] += 1
            }
        }
        #expect(counts.allSatisfy { abs($0 - 1000) < 110 }, "\(counts)")
    }

    @Test("the variables found by forward propagation are the answer")
    func variableAnswers() throws {
        let task = try VariableTracking(["chains": 3, "hops": 4])
        for index in 0..<500 {
            let sequence = task.cluster(.evaluation(seed: 6), index: index)[0]
            var values: [Int32: Int32] = [:]
            for at in sequence.tokens.indices where sequence.tokens[at] == Vocabulary.assign {
                let given = sequence.tokens[at + 2]
                values[sequence.tokens[at + 1]] = values[given] ?? given
            }
            let question = sequence.questions[0]
            let asked = sequence.tokens[question.answer.lowerBound - 1]
            let found = Set(values.filter { $0.value == asked }.keys)
            #expect(SetScore(generated: Array(found), gold: sequence.tokens[question.answer]).isExact)
            #expect(question.item.hops == 4 && question.grading == .set)
        }
    }
}
