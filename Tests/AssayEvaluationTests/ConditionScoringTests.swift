import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayEvaluation

@Suite struct ConditionScoringTests {
    private let stream = ItemStream.evaluation(seed: 12)
    private static let hybrid = ["gated-delta-net", "sliding-window", "lightning"]

    private func tasks() throws -> [any TaskGenerator] {
        [
            try TaskRegistry.make("associative-recall"), try TaskRegistry.make("multi-value-recall"),
            try TaskRegistry.make("successor"),
        ]
    }

    private func evaluate(
        _ task: any TaskGenerator, _ condition: String, clusters: Int = 14, layers: [String] = hybrid
    ) throws -> CellResult {
        let (model, weights) = try testModel(layers: layers)
        return try CellEvaluator(model: model, weights: weights, workers: 1).evaluate(
            task: task, stream: stream, clusters: clusters, condition: Condition(condition))
    }

    @Test func `a state that was saved and restored in full precision changes no bit`() throws {
        for task in try tasks() {
            let plain = try evaluate(task, "recurrent")
            let resumed = try evaluate(task, "resumed")
            #expect(resumed.items == plain.items && resumed.responses == plain.responses)
            #expect(try evaluate(task, "resumed:fp8").responses != plain.responses)
        }
    }

    @Test("drafts that are verified together and rolled back change no bit", arguments: [1, 4, 7])
    func speculation(_ draft: Int) throws {
        for task in try tasks() {
            let plain = try evaluate(task, "recurrent")
            let speculative = try evaluate(task, draft == 4 ? "speculative" : "speculative@\(draft)")
            #expect(speculative.items == plain.items && speculative.responses == plain.responses)
        }
    }

    @Test func `drafts are wrong from some place on, of every length, and the same every time`() throws {
        let sequence = try tasks()[0].cluster(stream, index: 3)[0]
        func draw() -> [[Int32]] {
            var drafts = Drafts(sequence, count: 4, last: 40, saved: 0, vocabulary: 200)
            return (0..<40).map { position in
                let tokens = drafts.next(after: position, of: sequence, before: nil)
                let truth = Array(sequence.tokens[(position + 1)...(min(position + 4, 40))])
                #expect(tokens.count == drafts.taken && drafts.taken == truth.count)
                #expect(tokens[..<drafts.right] == truth[..<drafts.right])
                if drafts.right < drafts.taken { #expect(tokens[drafts.right] != truth[drafts.right]) }
                return tokens + [Int32(drafts.right)]
            }
        }
        let first = draw()
        #expect(first == draw())
        #expect(Set(first.map(\.last)) == [0, 1, 2, 3, 4])
        var drafts = Drafts(sequence, count: 4, last: 40, saved: 0, vocabulary: 200)
        for position in 0..<9 {
            _ = drafts.next(after: position, of: sequence, before: 10)
            #expect(position + 1 + drafts.right <= 10)
        }
    }

    @Test func `a turn is where the first question is announced`() throws {
        for task in try tasks() {
            let sequence = task.cluster(stream, index: 0)[0]
            let turn = try #require(sequence.turn)
            let answer = sequence.questions[0].answer.lowerBound
            #expect(turn > 0 && turn < answer)
            let isAnnounced = sequence.tokens[..<answer].contains(Vocabulary.query)
            #expect(isAnnounced ? sequence.tokens[turn] == Vocabulary.query : turn == answer - 1)
        }
    }

    @Test func `chunks, batches and restored states are side by side with the parallel form`() throws {
        let task = try tasks()[0]
        let plain = try evaluate(task, "divergence")
        for text in ["divergence@16", "divergence*1", "divergence*5", "divergence:float32/restore"] {
            let cell = try evaluate(task, text)
            #expect(cell.items == plain.items)
            for response in cell.responses {
                #expect((response.detail["klMean"] ?? 1) < 1e-6 && (response.detail["logitDifferenceMax"] ?? 1) < 1e-2)
            }
            // One at a time or together, restored or not, the decoder's bits are the same, and so is all that they give.
            if !text.contains("@") { #expect(cell.responses == plain.responses, "\(text)") }
        }
        for text in ["divergence:bfloat16", "divergence:int8/16", "divergence:int8/restore"] {
            let cell = try evaluate(task, text)
            for (rounded, exact) in zip(cell.responses, plain.responses) {
                #expect((rounded.detail["klMean"] ?? 0) > 10 * (exact.detail["klMean"] ?? 1), "\(text)")
                let bins = rounded.detail.filter { SizeBin.index(ofKey: $0.key) != nil }
                #expect(bins.values.reduce(0, +) == rounded.detail["tokens"])
            }
        }
    }

    @Test func `the error of a rounded state is there from the start and small`() throws {
        for layers in [Self.hybrid, ["full", "full"]] {
            let cell = try evaluate(try tasks()[0], "state-error:bfloat16", layers: layers)
            #expect(!cell.items.isEmpty)
            for response in cell.responses {
                let error = response.detail["stateError"] ?? .nan
                #expect(error > 1e-4 && error < 0.05)
                #expect(response.detail["stateError@\(Int(response.detail["tokens"] ?? 0))"] == error)
                let growth = try #require(response.detail["stateGrowth"])
                #expect(abs(growth) < 1)
                let cache = response.detail["cacheError"]
                #expect((cache ?? 0) > 1e-4 && (cache == error) == (layers == ["full", "full"]))
            }
        }
    }

    @Test func `growth is the slope over the last two octaves`() {
        let positions = StateErrorCurve.positions(length: 1_000)
        #expect(positions.last == 1_000 && positions.contains(500) && positions.contains(250))
        #expect(positions == positions.sorted() && positions[0] >= 4)
        let points = positions.map { (position: $0, error: 0.01 * pow(Double($0), 0.5)) }
        #expect(abs((StateErrorCurve.growth(points) ?? 0) - 0.5) < 1e-9)
        // What was before does not count.
        let bent = points.map { (position: $0.position, error: $0.position < 250 ? 1 : $0.error) }
        #expect(abs((StateErrorCurve.growth(bent) ?? 0) - 0.5) < 1e-9)
        #expect(StateErrorCurve.growth([]) == nil)
    }

    @Test func `comparisons of two ways stop after enough tokens, answers never do`() throws {
        let task = try TaskRegistry.make("associative-recall", parameters: ["length": 512, "pairs": 16])
        #expect(CellEvaluator.clusters(400, of: task, under: .parallel) == 400)
        #expect(CellEvaluator.clusters(400, of: task, under: .recurrent) == 400)
        #expect(CellEvaluator.clusters(400, of: task, under: .divergence) == 32)
        #expect(CellEvaluator.clusters(20, of: task, under: .divergence) == 20)
        let long = try TaskRegistry.make("associative-recall", parameters: ["length": 8_192, "pairs": 16])
        #expect(CellEvaluator.clusters(400, of: long, under: .stateError(StatePrecision(.int8))) == 12)
    }

    @Test func `an agent acts with a rounded state too`() throws {
        for text in ["recurrent:bfloat16", "recurrent:int8/16"] {
            let cell = try evaluate(DoorTask(), text)
            #expect(cell.items.count == 14 && cell.responses.allSatisfy { $0.status == .graded })
        }
        #expect(throws: AssayError.self) { try evaluate(DoorTask(), "resumed") }
    }
}
