import AssayCore
import AssayRendering
import AssayTasks
import Foundation
import Testing

@testable import AssayEvaluation
@testable import AssayModels

/// Tiny random checkpoints of published systems read texts: scores must be those of the definition, whatever is shared and
/// whoever works.
@Suite struct TextEvaluatorTests {
    /// Sixty-four characters as tokens; what is not among them is unknown.
    private static func tokenizer() throws -> Tokenizer {
        let letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
        let characters: [String] = letters + [" ", "\n", ".", ":", ",", "'", "?", "[", "]", "\"", "#", "~"]
        let pairs: [(String, Int)] = characters.enumerated().map { ($1, $0) }
        let vocabulary = [String: Int](uniqueKeysWithValues: pairs)
        let text = String(decoding: try JSONEncoder().encode(vocabulary), as: UTF8.self)
        let json =
            #"{"model": {"type": "BPE", "unk_token": "~", "vocab": \#(text), "merges": []}, "#
            + #""decoder": {"type": "Fuse"}}"#
        return try Tokenizer(json: try JSONParser.value(Data(json.utf8), location: "test"), location: "test")
    }

    private struct Bench {
        let checkpoint: LoadedCheckpoint
        let tokenizer: Tokenizer

        init(_ system: String) throws {
            checkpoint = try CheckpointReader.read(SystemParityTests.folder.appendingPathComponent(system))
            tokenizer = try TextEvaluatorTests.tokenizer()
        }

        func evaluate(
            _ task: TextTask, clusters: Int = 8, workers: Int = 2, shares: Bool = true,
            _ condition: Condition = .recurrent
        ) throws -> (result: CellResult, prefixes: PrefixUse) {
            try TextEvaluator(
                model: checkpoint.model, weights: checkpoint.weights, tokenizer: tokenizer, workers: workers
            ).evaluate(
                task: task, stream: .evaluation(seed: 1), clusters: clusters, condition: condition,
                sharesPrefixes: shares)
        }

        func ids(_ text: String) throws -> [Int32] { try tokenizer.encode(text).map(Int32.init) }

        /// The negative log likelihood of a text after a prompt, by the reference form in double precision.
        func likelihood(_ text: String, after prompt: String) throws -> Double {
            let (before, whole) = (try ids(prompt), try ids(prompt + text))
            let vocabulary = checkpoint.model.architecture.vocabularyCount
            let logits = checkpoint.model.reference(tokens: whole, weights: checkpoint.weights)
            return (before.count..<whole.count).reduce(0) { sum, position in
                let row = logits[(position - 1) * vocabulary..<position * vocabulary]
                let top = row.max() ?? 0
                return sum + top + log(row.reduce(0) { $0 + exp($1 - top) })
                    - row[row.startIndex + Int(whole[position])]
            }
        }
    }

    private static let recall = Result {
        try TextTask(
            TaskRegistry.make(
                "associative-recall", parameters: ["pairs": 2, "queries": 2, "length": 20, "symbols": 8]),
            shots: 1)
    }

    private static let parity = Result {
        try TextTask(TaskRegistry.make("parity", parameters: ["length": 24, "questions": 2]), shots: 0)
    }

    @Test(arguments: ["llama-1", "qwen3_next-1", "mamba2-1", "gemma3_text-1"])
    func `the likelihood of answers is that of the reference form`(system: String) throws {
        let bench = try Bench(system)
        for task in [try Self.recall.get(), try Self.parity.get()] {
            let (result, _) = try bench.evaluate(task, clusters: 4)
            let texts = (0..<4).flatMap { task.cluster(.evaluation(seed: 1), index: $0) }
            let questions = texts.flatMap { text in text.questions.map { (text, $0) } }
            #expect(result.responses.count == questions.count)
            for (response, (text, question)) in zip(result.responses, questions) {
                #expect(response.item == question.item.id && response.status == .graded)
                let prompt = text.prompt(question)
                let expected = try bench.likelihood(question.answer, after: prompt)
                #expect(abs((response.nll ?? 0) - expected) < 1e-4 * max(1, expected))
                // The likeliest of a closed set.
                if !question.choices.isEmpty {
                    let others = try question.choices.map { try bench.likelihood($0, after: prompt) }
                    let best = zip(question.choices, others).min { $0.1 < $1.1 }?.0
                    #expect(response.detail["choice"] == (best == question.answer ? 1 : 0))
                }
            }
            #expect(task.generator.identity.generator != "parity" || questions.allSatisfy { $0.1.choices.count == 2 })
        }
    }

    @Test(arguments: ["llama-1", "qwen3_next-1", "mamba2-1", "gemma3_text-1", "lfm2-1", "kimi_linear-1"])
    func `what prompts share is read once, and not a bit is different`(system: String) throws {
        let bench = try Bench(system)
        let twins = try TextTask(
            TaskRegistry.make(
                "successor", parameters: ["facts": 6, "hops": 2, "questions": 2, "length": 32, "symbols": 8]), shots: 1)
        for task in [try Self.recall.get(), try Self.parity.get(), twins] {
            let shared = try bench.evaluate(task, clusters: 6)
            let alone = try bench.evaluate(task, clusters: 6, workers: 1, shares: false)
            let crowd = try bench.evaluate(task, clusters: 6, workers: 3)
            #expect(shared.result.responses == alone.result.responses && shared.result.items == alone.result.items)
            #expect(shared.result.responses == crowd.result.responses)
            #expect(shared.prefixes.asked == alone.prefixes.asked)
            #expect(alone.prefixes.hitRate == 0 && shared.prefixes.hitRate > 0.2)
        }
    }

    @Test func `more clusters change nothing of the first, and a rounded state is a condition`() throws {
        let bench = try Bench("qwen3_next-1")
        let task = try Self.recall.get()
        let few = try bench.evaluate(task, clusters: 3).result
        let many = try bench.evaluate(task, clusters: 9).result
        #expect(Array(many.responses.prefix(few.responses.count)) == few.responses)
        let rounded = try bench.evaluate(task, clusters: 3, .recurrent(StatePrecision(.int8))).result
        #expect(rounded.items == few.items && rounded.responses != few.responses)
        #expect(throws: AssayError.self) { try bench.evaluate(task, .parallel) }
    }

    @Test func `answers are what the model goes on with greedily, cut where they end or where that takes too long`()
        throws
    {
        let bench = try Bench("llama-1")
        let task = try Self.recall.get()
        let (result, _) = try bench.evaluate(task, clusters: 4)
        let texts = (0..<4).flatMap { task.cluster(.evaluation(seed: 1), index: $0) }
        let questions = texts.flatMap { text in text.questions.map { (text, $0) } }
        var endless = 0
        for (response, (text, question)) in zip(result.responses, questions) {
            let limit = TextScoring.limit(answer: try bench.ids(question.answer).count)
            let probe = try LogitProbe(
                bench.checkpoint, ids: try bench.ids(text.prompt(question)), path: .recurrent, greedy: limit)
            let said = try bench.tokenizer.decode(probe.greedy.map(Int.init))
            let cut = TextTask.cut(said, .line)
            #expect(response.detail["unterminated"] == (cut == nil ? 1 : 0))
            if response.score == 0 { #expect(response.output == cut ?? said) }
            endless += cut == nil ? 1 : 0
        }
        // A random model hardly ever ends a line.
        #expect(endless > 0)
    }

    @Test func `a right answer is found right without being generated`() throws {
        // A model that always says the same: the answer is what it says.
        let bench = try Bench("llama-1")
        let probe = try LogitProbe(bench.checkpoint, ids: try bench.ids("Text: "), path: .recurrent, greedy: 8)
        #expect(probe.greedy.count == 8)
        let task = try Self.parity.get()
        let (result, _) = try bench.evaluate(task, clusters: 8)
        for response in result.responses
        where response.detail["forcedExact"] == 1 && response.detail["unterminated"] == 0 {
            #expect(response.score == 1)
        }
        for response in result.responses where response.score == 1 { #expect(response.output == "") }
    }

    @Test func `episodes are played by JSON, and a model that says none is invalid at every step`() throws {
        let bench = try Bench("mamba2-1")
        let world = try TaskText(
            TaskRegistry.make("tool-world", parameters: ["depth": 2, "records": 3, "length": 64, "symbols": 8]),
            shots: 0)
        func play(_ workers: Int) throws -> CellResult {
            try TextEvaluator(
                model: bench.checkpoint.model, weights: bench.checkpoint.weights, tokenizer: bench.tokenizer,
                workers: workers
            ).evaluate(world, stream: .evaluation(seed: 1), clusters: 3, condition: .recurrent).result
        }
        let result = try play(1)
        #expect(result.responses.count == 3 && result.responses.allSatisfy { $0.status == .graded && $0.score == 0 })
        for response in result.responses {
            #expect(response.detail["invalid"] == response.detail["actions"] && (response.detail["actions"] ?? 0) > 0)
        }
        #expect(try play(2).responses == result.responses)
    }
}
