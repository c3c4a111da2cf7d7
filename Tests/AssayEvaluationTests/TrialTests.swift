import AssayCore
import AssayModels
import AssayTasks
import Foundation
import Testing

@testable import AssayEvaluation

@Suite struct TrialTests {
    private let stream = ItemStream.evaluation(seed: 5)

    private func evaluate(
        _ task: any TaskGenerator, _ condition: Condition, clusters: Int = 5, workers: Int = 1, sharpness: Float = 1
    ) throws -> CellResult {
        let (model, weights) = try testModel()
        let norm = try #require(model.layout["model.norm.weight"])
        for place in norm.offset..<norm.offset + norm.count { weights.pointer[place] *= sharpness }
        return try CellEvaluator(model: model, weights: weights, workers: workers).evaluate(
            task: task, stream: stream, clusters: clusters, condition: condition)
    }

    @Test func `trials differ from each other, not from run to run, and more of them change none`() throws {
        let task = try TaskRegistry.make("grid-maze", parameters: ["horizon": 6, "passages": 2, "slack": 2])
        let four = try evaluate(task, .sampled(trials: 4))
        #expect(four.items.count == 20 && Set(four.items.map(\.id.cluster)).count == 5)
        #expect(try evaluate(task, .sampled(trials: 4), workers: 2).responses == four.responses)
        let six = try evaluate(task, .sampled(trials: 6))
        let shared = six.scored.filter { $0.item.id.sequence <= 4 }
        #expect(shared == four.scored)
        #expect(Set(four.responses.filter { $0.item.cluster == 0 }.map(\.output)).count > 1)
    }

    @Test func `all but frozen, every trial is the greedy one`() throws {
        let task = try TaskRegistry.make("grid-maze", parameters: ["horizon": 6, "passages": 2, "slack": 2])
        // The logits of a model that was never trained are all but equal: here they are a thousand times as far apart.
        func outputs(_ condition: Condition, trial: Int) throws -> [String] {
            try evaluate(task, condition, sharpness: 1_000).scored.filter { $0.item.id.sequence == trial }
                .map(\.response.output)
        }
        let greedy = try outputs(.recurrent, trial: 1)
        #expect(greedy.count == 5)
        for trial in 1...2 { #expect(try outputs(.sampled(trials: 2, hundredths: 5), trial: trial) == greedy) }
    }

    @Test func `draws have the probabilities of the softmax at the temperature`() {
        let row: [Float] = [0, 1, -1, 2]
        row.withUnsafeBufferPointer { row in
            let logits = Logits(row)
            for temperature in [0.5, 1, 2] {
                let weights = row.map { exp(Double($0) / temperature) }
                var counts = [Double](repeating: 0, count: 4)
                for place in 0..<40_000 {
                    counts[Int(logits.draw(temperature: temperature, at: Double(place) / 40_000))] += 1
                }
                for (count, weight) in zip(counts, weights) {
                    #expect(abs(count / 40_000 - weight / weights.reduce(0, +)) < 1e-4)
                }
            }
            #expect(logits.draw(temperature: 1, at: 1 - 0x1p-53) == 3 && logits.draw(temperature: 1, at: 0) == 0)
        }
    }

    @Test func `the demonstrations of the same episodes are scored beside them`() throws {
        let (model, weights) = try testModel()
        let task = try #require(try TaskRegistry.make("key-value-service") as? any AgentTaskGenerator)
        let cell = try evaluate(task, .recurrent, clusters: 3)
        let forced = cell.scored.filter { $0.item.id.sequence == 0 }
        let episodes = cell.scored.filter { $0.item.id.sequence == 1 }
        #expect(episodes.map(\.item) == (0..<3).map { task.environment(stream, index: $0).item })
        #expect(cell.items.map(\.id) == cell.items.map(\.id).sorted())
        let sequences = (0..<3).flatMap { task.cluster(stream, index: $0) }
        #expect(forced.map(\.item) == sequences.flatMap { $0.questions.map(\.item) })
        var index = 0
        for sequence in sequences {
            let nll = referenceNLL(model, weights, Array(sequence.tokens.prefix(sequence.usedLength)))
            for question in sequence.questions {
                let expected = question.answer.map { nll[$0 - 1] }.reduce(0, +) / Double(question.answer.count)
                #expect(abs((forced[index].response.nll ?? .nan) - expected) < 1e-3 * expected)
                index += 1
            }
        }
        #expect(try evaluate(task, .sampled(trials: 2)).items.allSatisfy { $0.id.sequence > 0 })
    }

    @Test func `generated answers that do not end are cut and counted`() throws {
        let task = try TaskRegistry.make("multi-value-recall")
        let cell = try evaluate(task, .recurrent)
        for response in cell.responses {
            let isCut = response.detail["unterminated"] == 1
            let gold = task.cluster(stream, index: response.item.cluster)[response.item.sequence]
                .questions[response.item.question].answer.count
            let said = response.output.split(separator: " ").count
            #expect(isCut == (said == 2 * gold + 4), "\(response)")
            #expect(response.detail["degenerate"] != nil)
        }
    }

    @Test func `a run of certain steps that lead nowhere is degenerate from 12 % of the budget on`() {
        var watch = Degeneration(budget: 100)
        for step in 1...30 { watch.add(isIdle: step % 12 != 0) }
        #expect(!watch.isDegenerate)
        for _ in 0..<12 { watch.add(isIdle: true) }
        #expect(watch.isDegenerate)
        var short = Degeneration(budget: 5)
        short.add(isIdle: true)
        short.add(isIdle: true)
        #expect(!short.isDegenerate)
        short.add(isIdle: true)
        #expect(short.isDegenerate)
    }
}
