import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayEvaluation

@Suite struct CellEvaluatorTests {
    private let stream = ItemStream.evaluation(seed: 11)

    private func tasks() throws -> [any TaskGenerator] {
        [
            try TaskRegistry.make("associative-recall"), try TaskRegistry.make("multi-value-recall"),
            try TaskRegistry.make("successor"),
        ]
    }

    private func evaluate(
        _ task: any TaskGenerator, _ path: KernelPath, clusters: Int = 5, workers: Int = 1,
        layers: [String] = ["full", "sliding-window"]
    ) throws -> CellResult {
        let (model, weights) = try testModel(layers: layers)
        return try CellEvaluator(model: model, weights: weights, workers: workers).evaluate(
            task: task, stream: stream, clusters: clusters, condition: Condition(path: path))
    }

    @Test func `agents act in the recurrent form only, other tasks run in every condition but trials`() throws {
        #expect(CellEvaluator.paths(for: DoorTask()) == [.recurrent, .sampled])
        #expect(CellEvaluator.paths(for: try tasks()[0]) == KernelPath.allCases.filter { $0 != .sampled })
        #expect(throws: AssayError.self) { try evaluate(DoorTask(), .parallel) }
    }

    @Test func `the parallel form scores what the reference form scores`() throws {
        let (model, weights) = try testModel()
        for task in try tasks() {
            let cell = try evaluate(task, .parallel, clusters: 2)
            var index = 0
            for sequence in (0..<2).flatMap({ task.cluster(stream, index: $0) }) {
                let nll = referenceNLL(model, weights, sequence.tokens)
                for question in sequence.questions {
                    let expected =
                        question.answer.map { nll[$0 - 1] }.reduce(0, +) / Double(question.answer.count)
                    let response = cell.responses[index]
                    #expect(response.item == question.item.id && cell.items[index] == question.item)
                    #expect(abs((response.nll ?? .nan) - expected) < 1e-3 * expected)
                    let choices = question.answer.map {
                        referenceChoice(model, weights, Array(sequence.tokens[..<$0]))
                    }
                    let isRight = choices == Array(sequence.tokens[question.answer])
                    #expect(response.score == (isRight ? 1 : 0))
                    #expect(response.output == (isRight ? "" : Vocabulary.text(choices)))
                    index += 1
                }
            }
            #expect(index == cell.items.count)
        }
    }

    @Test func `the recurrent form scores what the parallel form scores`() throws {
        for task in try tasks() {
            let parallel = try evaluate(task, .parallel, clusters: 14)
            let recurrent = try evaluate(task, .recurrent, clusters: 14)
            #expect(parallel.items == recurrent.items)
            for (a, b) in zip(parallel.responses, recurrent.responses) {
                #expect(abs((a.nll ?? .nan) - (b.nll ?? .nan)) < 1e-3 * (a.nll ?? 0))
                if !task.generates { #expect(a.score == b.score) }
                if task.generates { #expect(a.score == b.detail["forcedExact"]) }
            }
        }
    }

    @Test func `generated answers are those of greedy decoding one by one`() throws {
        let (model, weights) = try testModel()
        let task = try TaskRegistry.make("multi-value-recall", parameters: ["queries": 4])
        let cell = try evaluate(task, .recurrent, clusters: 3)
        var index = 0
        for sequence in (0..<3).flatMap({ task.cluster(stream, index: $0) }) {
            for question in sequence.questions {
                var said: [Int32] = []
                let prefix = Array(sequence.tokens[..<question.answer.lowerBound])
                while said.count < 2 * question.answer.count + 4 {
                    let token = referenceChoice(model, weights, prefix + said)
                    if token == Vocabulary.end { break }
                    said.append(token)
                }
                let gold = Set(sequence.tokens[question.answer]).subtracting([Vocabulary.end])
                let common = Double(gold.intersection(said).count)
                let f1 = 2 * common / Double(gold.count + Set(said).count)
                let response = cell.responses[index]
                #expect(response.output == Vocabulary.text(said))
                #expect(abs((response.score ?? .nan) - f1) < 1e-12)
                #expect(response.detail["recall"] == common / Double(gold.count))
                index += 1
            }
        }
        #expect(index == 12)
    }

    @Test func `one, two and three workers give the same bits`() throws {
        func trace(_ cell: CellResult) -> [String] {
            cell.scored.map {
                "\($0.item.id) \($0.response.score ?? -1) \($0.response.nll ?? -1) \($0.response.output)"
                    + "\($0.response.detail.sorted { $0.key < $1.key })"
            }
        }
        for (task, path): (any TaskGenerator, KernelPath) in [
            (try tasks()[1], .parallel), (try tasks()[1], .recurrent), (try tasks()[2], .divergence),
            (DoorTask(), .recurrent),
        ] {
            let one = trace(try evaluate(task, path, clusters: 40))
            #expect(try trace(evaluate(task, path, clusters: 40, workers: 2)) == one)
            #expect(try trace(evaluate(task, path, clusters: 40, workers: 3)) == one)
            // More clusters add items and change none.
            let fewer = try trace(evaluate(task, path, clusters: 30, workers: 2))
            let differing = zip(fewer, one).filter { $0 != $1 }
            #expect(differing.isEmpty, "\(task.identity.generator) \(path) \(differing.prefix(1))")
        }
    }

    @Test func `the two forms are side by side at every position that is not padding`() throws {
        let task = try tasks()[2]
        let cell = try evaluate(task, .divergence, clusters: 3)
        // The twins of a cluster would show nothing else.
        let sequences = (0..<3).map { task.cluster(stream, index: $0)[0] }
        #expect(cell.items == sequences.map { $0.questions[0].item })
        for (sequence, response) in zip(sequences, cell.responses) {
            let detail = response.detail
            #expect(detail["tokens"] == Double(sequence.usedLength))
            #expect(response.score == 1 - (detail["flips"] ?? .nan) / Double(sequence.usedLength))
            let (maximum, mean) = (detail["logitDifferenceMax"] ?? .nan, detail["logitDifferenceMean"] ?? .nan)
            #expect(maximum < 1e-3 && mean <= maximum && mean > 0)
            #expect((detail["klMean"] ?? .nan) < 1e-5)
            #expect((detail["closeTokens"] ?? .nan) > 0 && (detail["closeFlips"] ?? .nan) <= (detail["flips"] ?? .nan))
            if detail["flips"] == 0 { #expect(detail["firstDivergence"] == Double(sequence.usedLength)) }
        }
    }

    @Test func `weights that are not numbers make errors of all items and lose none`() throws {
        let (model, weights) = try testModel()
        weights.pointer[40 * 32] = .nan
        for i in 0..<weights.count where i % 7 == 0 { weights.pointer[i] = .nan }
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        for task in try tasks() + [DoorTask()] {
            for condition in CellEvaluator.paths(for: task).map({ path in
                path == .stateError ? .stateError(StatePrecision(.int8)) : Condition(path: path)
            }) {
                let cell = try evaluator.evaluate(task: task, stream: stream, clusters: 3, condition: condition)
                #expect(!cell.items.isEmpty && cell.items.count == cell.responses.count)
                for response in cell.responses {
                    #expect(response.status == .error && response.score == nil && response.nll == nil)
                    #expect(response.output.hasSuffix("logits are not finite"))
                }
            }
        }
    }

    @Test func `a stopped evaluation says so and gives nothing`() throws {
        let (model, weights) = try testModel()
        let evaluator = CellEvaluator(model: model, weights: weights, workers: 2)
        let task = try tasks()[0]
        #expect(throws: CancellationError.self) {
            try evaluator.evaluate(
                task: task, stream: stream, clusters: 50, condition: Condition(path: .parallel), shouldStop: { true })
        }
        let empty = try evaluator.evaluate(
            task: task, stream: stream, clusters: 0, condition: Condition(path: .parallel))
        #expect(empty.items.isEmpty)
    }
}
