import AssayCore
import AssayRendering
import AssayStore
import AssayTasks
import Foundation
import Testing

@testable import AssayEndpoints
@testable import AssayPipeline

/// Served models as arms of a batch: what is answered is asked once, and a server that goes away loses nothing.
@Suite struct ServedArmTests {
    /// A bench with two served arms over two tasks in English.
    private func bench(_ more: String = ", parallel: 1") throws -> Workbench {
        let bench = try Workbench()
        try bench.write(
            "evals/suites/words.yaml",
            """
            tasks:
              recall:
                {generator: associative-recall, rendering: text, shots: 1, pairs: 3, queries: 2, length: 32, symbols: 8, clusters: 24}
              parity: {generator: parity, rendering: text, shots: 0, length: 24, questions: 2, clusters: 6}
              tools: {generator: tool-world, rendering: text, depth: 2, records: 3, length: 64, budget: 6, clusters: 4}

            """)
        try bench.write(
            "evals/batches/tiny.yaml",
            """
            suite: words
            control: good
            arms:
              good: {endpoint: "http://127.0.0.1:9/v1", model: good, requests: 10000\(more)}
              bad: {endpoint: "http://127.0.0.1:9/v1", model: bad, parallel: 3}
            conditions: [parallel, recurrent, "recurrent:window=8"]
            reports: [csv]

            """)
        return bench
    }

    /// Runs the batch against a model.
    @discardableResult
    private func run(
        _ bench: Workbench, _ model: FakeModel, attempts: Int = 1
    ) throws -> (work: BatchWork, notices: [String], plan: BatchPlan, summary: String) {
        let plan = try BatchPlan.read(bench.batch)
        let store = try Store(url: bench.storeFile, mode: .readWrite)
        defer { try? store.close() }
        var notices: [String] = []
        let runner = BatchRunner(
            plan: plan, store: store, results: bench.results, workers: 1, progress: { _ in },
            notice: { notices.append($0) }, shouldStop: { false })
        runner.makeClient = { settings in
            try EndpointClient(
                settings, transport: model, retries: RetryPolicy(attempts: attempts), pause: { _, _ in })
        }
        try runner.run(through: .report, command: "test")
        return (runner.work, notices, plan, try BatchSummary(runner: runner).text(through: .report))
    }

    @Test func `two served models are measured and compared, and nothing is asked twice`() throws {
        let (bench, model) = (try bench(), FakeModel())
        let first = try run(bench, model)
        #expect(first.notices == [] && first.work.evaluated == 4 && first.plan.cellCount == 4)
        #expect(first.work.requests == model.requests && model.requests > 0)
        #expect(first.summary.contains("Asked served models with"))
        let store = try bench.store()
        let comparison = try #require(try store.comparisons(ofBatch: first.plan.identity).first)
        let accuracy = try #require(comparison.results.first { $0.metric == "accuracy" && $0.task == "recall" })
        #expect(accuracy.baselineValue == 1 && accuracy.verdict == .regression)
        let nll = try #require(comparison.results.first { $0.metric == "nll" && $0.task == "recall" })
        #expect((nll.estimate ?? 0) > 0)
        #expect(try CheckpointDiff(store: store, baseline: "good", candidate: "bad", batch: nil).exitStatus == 1)
        #expect(try Display.checkpoint("bad", store: store).contains("recall"))
        #expect(first.plan.overview().contains("127.0.0.1:9/v1"))
        let before = model.requests
        let again = try run(bench, model)
        #expect(model.requests == before && again.work.isNothing && again.work.evaluatedBefore == 4)
    }

    @Test func `a server that goes away in the middle loses nothing`() throws {
        let whole = try bench()
        let model = FakeModel()
        try run(whole, model)
        let (bench, broken) = (try bench(), FakeModel(lives: 31))
        let first = try run(bench, broken)
        #expect(first.work.evaluated < 4)
        #expect(first.notices.contains { $0.contains("cannot be reached") && $0.contains("are answered") })
        let second = try run(bench, FakeModel(lives: 20))
        #expect(second.notices.contains { $0.contains("cannot be reached") })
        let last = FakeModel()
        let third = try run(bench, last)
        #expect(third.notices == [])
        // Only what was in the air when the server went is asked again: an answer takes two requests.
        #expect(31 + 20 + last.requests <= model.requests + 2 * 4)
        // Comparisons of the time when less was answered are recorded, too; what was answered is the same.
        #expect(try answers(bench) == answers(whole))
    }

    /// All items with what was answered, by task and condition.
    private func answers(_ bench: Workbench) throws -> [String: [ScoredItem]] {
        let store = try bench.store()
        var answers: [String: [ScoredItem]] = [:]
        for cell in try store.cells(ofCheckpoint: nil) where cell.lost == 0 {
            let place = "\(cell.key.checkpoint) \(cell.key.task) \(cell.key.condition.name)"
            answers[place, default: []] += try store.scoredItems(ofCell: cell.identity)
        }
        return answers
    }

    @Test func `a lost item is recorded as an error, and asked again in the next run`() throws {
        let bench = try bench()
        let first = try run(bench, FakeModel(failing: 7), attempts: 2)
        #expect(first.notices == [] && first.summary.contains("items have no grade"))
        let store = try bench.store()
        let checkpoint = try #require(try store.checkpoints(CheckpointSelector(arm: "good")).first)
        let reader = try CellReader(store: store)
        let lost = try reader.covers(of: checkpoint.hash).flatMap(\.portions).reduce(0) { $0 + $1.lost }
        #expect(lost > 0)
        // The same items lost for the same reason are no news.
        #expect(try run(bench, FakeModel(failing: 7), attempts: 2).work.evaluated == 0)
        let sound = FakeModel()
        let mended = try run(bench, sound)
        #expect(!mended.summary.contains("items have no grade"))
        #expect(try reader.covers(of: checkpoint.hash).flatMap(\.portions).allSatisfy { $0.lost == 0 })
        #expect(sound.requests < 100, "\(sound.requests) requests for few lost items")
    }

    @Test(
        "a wrong entry is refused with file and line, and tells no key",
        arguments: [
            (", key: \"sk-1234567890abcdef\"", "name of an environment variable"), (", keys: X", "Did you mean 'key'?"),
            (", protocol: chats", "chat"), (", parallel: 0", "parallel' is 0"), (", timeout: 0", "timeout"),
        ])
    func refusals(_ more: String, _ words: String) throws {
        let bench = try bench(more)
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect(error.kind == .badInput && "\(error)".contains(words), "\(error)")
        #expect(error.location?.contains("tiny.yaml:4") == true && !"\(error)".contains("sk-1234"))
    }

    @Test func `an address with a password, and a suite without texts, are refused`() throws {
        let bench = try bench()
        try bench.edit("evals/batches/tiny.yaml", "model: good", "model: \"\"")
        #expect(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        try bench.edit("evals/batches/tiny.yaml", "model: \"\"", "model: good")
        try bench.edit("evals/batches/tiny.yaml", "suite: words", "suite: tiny")
        let error = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect("\(error)".contains("rendering: text"))
        try bench.edit("evals/batches/tiny.yaml", "suite: tiny", "suite: words")
        try bench.edit(
            "evals/batches/tiny.yaml", "http://127.0.0.1:9/v1\", model: good", "http://me:secret@host/v1\", model: good"
        )
        let address = try #require(throws: AssayError.self) { try BatchPlan.read(bench.batch) }
        #expect(!"\(address)".contains("secret") && address.location?.contains("tiny.yaml:4") == true)
    }
}

/// A model behind a transport that never leaves the process: it repeats the value that stands after the last mention of what
/// is asked, as `good`, or says something else, as `bad`.
private final class FakeModel: HTTPTransport, @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    /// Requests after which it is not there any more.
    private let lives: Int
    /// Prompts whose length this divides get no answer.
    private let failing: Int

    init(lives: Int = .max, failing: Int = .max) { (self.lives, self.failing) = (lives, failing) }

    var requests: Int { lock.withLock { count } }

    func post(
        _ body: Data, to url: URL, headers: [String: String], timeout: Double, shouldStop: @Sendable () -> Bool
    ) throws -> HTTPReply {
        let isDead = lock.withLock { () -> Bool in
            if count == lives { return true }
            count += 1
            return false
        }
        if isDead { throw HTTPFailure.connection("the connection is refused") }
        guard let request = try JSONSerialization.jsonObject(with: body) as? [String: Any],
            let prompt = request["prompt"] as? String, let model = request["model"] as? String
        else { return HTTPReply(status: 400, retryAfter: nil, body: Data()) }
        let isEcho = request["echo"] as? Bool == true
        if !isEcho, prompt.utf8.count % failing == 0 { return HTTPReply(status: 500, retryAfter: nil, body: Data()) }
        let text = isEcho ? prompt + "." : (model == "good" ? Self.answers[prompt] ?? " none" : " nothing\n")
        var choice: [String: Any] = ["index": 0, "text": text, "finish_reason": "stop"]
        if isEcho {
            let each = model == "good" ? -0.125 : -1
            choice["logprobs"] =
                [
                    "tokens": text.map { String($0) } as [String],
                    "token_logprobs": text.indices.map { $0 == text.startIndex ? 0 : each } as [Double],
                ] as [String: Any]
        }
        let reply = try JSONSerialization.data(withJSONObject: ["choices": [choice], "usage": ["total_tokens": 3]])
        return HTTPReply(status: 200, retryAfter: nil, body: reply)
    }

    /// What is right, by the prompt.
    private static let answers: [String: String] = {
        var answers: [String: String] = [:]
        let tasks: [(String, [String: Int], Int)] = [
            ("associative-recall", ["pairs": 3, "queries": 2, "length": 32, "symbols": 8], 1),
            ("parity", ["length": 24, "questions": 2], 0),
        ]
        for (name, parameters, shots) in tasks {
            guard let generator = try? TaskRegistry.make(name, parameters: parameters),
                let task = try? TextTask(generator, shots: shots)
            else { continue }
            for cluster in 0..<24 {
                for text in task.cluster(BatchPlan.evaluationStream, index: cluster) {
                    for question in text.questions { answers[text.prompt(question)] = question.answer + "\n" }
                }
            }
        }
        return answers
    }()
}
