import AssayCore
import Testing

@testable import AssayTasks

@Suite struct RetrievalTests {
    /// Chi-squared of positions against equally many at each of `places` places, in ten bins.
    private func chiSquared(_ positions: [Double], places: Int) -> Double {
        func bin(_ position: Double) -> Int { min(9, Int(position * 10)) }
        var expected = [Double](repeating: 0, count: 10)
        for place in 0..<places {
            expected[bin(Double(place) / Double(places - 1))] += Double(positions.count) / Double(places)
        }
        var counts = [Double](repeating: 0, count: 10)
        for position in positions { counts[bin(position)] += 1 }
        return zip(counts, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 }
    }

    @Test("needles lie at every depth equally often")
    func needleDepth() throws {
        let task = try Needle()
        let positions = (0..<10_000).map {
            task.cluster(.evaluation(seed: 1), index: $0)[0].questions[0].item.position
        }
        // 9 degrees of freedom, 99.9 %.
        #expect(chiSquared(positions, places: 115 - 2) < 27.9)
    }

    @Test("recall asks at every distance, not mostly near ones")
    func recallDistances() throws {
        let task = try AssociativeRecall()
        var bins = [Int](repeating: 0, count: 8)
        var positions: [Double] = []
        for index in 0..<3_000 {
            for question in task.cluster(.evaluation(seed: 1), index: index)[0].questions {
                bins[question.item.distance / 16] += 1
                positions.append(question.item.position)
            }
        }
        let share = bins.map { Double($0) / 24_000 }
        // 128 tokens; the gap keeps the nearest bin thin, and the questions' own room the farthest.
        #expect(share[0] > 0.002 && share[7] > 0.03, "\(share)")
        #expect(share[2...5].allSatisfy { abs($0 - 0.17) < 0.03 }, "\(share)")
        #expect(chiSquared(positions, places: 94 - 1) < 27.9)
    }

    @Test("the recorded distance leads from the answer back to its fact")
    func distances() throws {
        for name in ["associative-recall", "needle"] {
            let task = try TaskRegistry.make(name)
            for index in 0..<200 {
                let sequence = task.cluster(.evaluation(seed: 2), index: index)[0]
                let asked = sequence.questions.map { sequence.tokens[$0.answer.lowerBound - 1] }
                #expect(Set(asked).count == asked.count)
                for question in sequence.questions {
                    let fact = question.answer.lowerBound - question.item.distance
                    #expect(sequence.tokens[fact] == sequence.tokens[question.answer.lowerBound])
                    #expect(sequence.tokens[fact - 1] == sequence.tokens[question.answer.lowerBound - 1])
                    #expect(question.item.distance > ShortcutBaseline.window)
                }
            }
        }
    }

    @Test("the length stays the same while the pairs vary")
    func fixedLength() throws {
        let lengths = try [4, 8, 16, 32].map { pairs in
            try AssociativeRecall(["pairs": pairs, "queries": 4]).cluster(.evaluation(seed: 1), index: 0)[0].usedLength
        }
        #expect(Set(lengths) == [128])
    }

    @Test("values of a key are interleaved with those of others, and all are asked for in order")
    func multiValue() throws {
        let task = try MultiValueRecall()
        var together = 0
        for index in 0..<500 {
            let sequence = task.cluster(.evaluation(seed: 3), index: index)[0]
            let reading = RetrievalReading(sequence.tokens, form: .sets)
            together += zip(reading.facts, reading.facts.dropFirst()).filter { $0.key == $1.key }.count
            for question in sequence.questions {
                let key = sequence.tokens[question.answer.lowerBound - 1]
                let values = reading.facts.filter { $0.key == [key] }.flatMap(\.value)
                #expect(values.count == 3)
                #expect(Array(sequence.tokens[question.answer]) == values + [Vocabulary.end])
                #expect(question.grading == .set)
            }
        }
        // Of 17 neighbouring pairs, 2 in 17 share a key when the order is random.
        #expect(abs(Double(together) / 500 - 2) < 0.25)
    }

    @Test("descriptions name facts, questions, answers and covariates")
    func description() throws {
        let task = try Needle()
        let text = task.describe(task.cluster(.evaluation(seed: 1), index: 0)[0])
        #expect(text.contains("8 facts") && text.contains("question 1: k") && text.contains("answer: v"))
        #expect(text.contains("distance") && text.contains("depth"))
    }
}
