import AssayCore
import AssayRendering
import AssayTasks

/// Replies of served models that are kept, so that what was answered is not asked again.
public protocol ReplyArchive: AnyObject {
    /// The answer to a question that was asked before; nil when it was not, or was lost.
    func answer(to question: ContentHash) throws -> ServedAnswer?
    /// Keeps an answer before the next question is told of.
    func keep(_ answer: ServedAnswer, to question: ContentHash) throws
}

/// What asking the items of a task gave.
public struct ServedScores: Sendable {
    /// The items in order, with what the model did on each that was asked.
    public var scored: [ScoredItem]
    /// Items that were planned.
    public var planned: Int
    /// Questions that were asked now, and not answered from the archive.
    public var asked: Int
    /// Why it ended before all were asked; nil when none is left.
    public var reason: EndpointError?

    /// Items without a grade.
    public var lost: [ItemID] { scored.filter { $0.response.status != .graded }.map(\.item.id) }
}

/// Scores the items of a task as text by a served model: by what it says greedily, and by the likelihood of the gold answer
/// where that is offered.
public struct ServedEvaluator {
    /// Raised whenever the same replies would be graded otherwise. Apart from the versions of other evaluators.
    public static let graderVersion = 201
    /// Most characters of an answer that are kept where it is wrong.
    private static let keptOutput = 200

    private let client: EndpointClient
    private let archive: any ReplyArchive

    /// An evaluator of what a client reaches.
    public init(client: EndpointClient, archive: any ReplyArchive) {
        (self.client, self.archive) = (client, archive)
    }

    /// An item with what is asked of it.
    private struct Asked {
        let symbolic: TaskSequence
        let text: TextSequence
        let question: TextQuestion
        let served: ServedQuestion
        let hash: ContentHash
    }

    /// Asks the items of the first clusters of a stream, those that were answered before from the archive.
    /// - Parameters:
    ///   - progress: told how many of how many are answered.
    ///   - shouldStop: asked before every request and while it waits.
    /// - Throws: what the archive throws.
    public func evaluate(
        _ task: TextTask, stream: ItemStream, clusters: Int,
        progress: (_ answered: Int, _ planned: Int) -> Void = { _, _ in },
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> ServedScores {
        let all = try (0..<max(clusters, 0)).flatMap { try questions(of: task, stream, cluster: $0) }
        var responses = [ResponseRecord?](repeating: nil, count: all.count)
        var open: [Int] = []
        for (place, asked) in all.enumerated() {
            if let answer = try archive.answer(to: asked.hash) {
                responses[place] = response(answer, asked, task)
            } else {
                open.append(place)
            }
        }
        var answered = all.count - open.count
        progress(answered, all.count)
        let reason = try client.ask(open.map { all[$0].served }, shouldStop: shouldStop) { index, outcome in
            let (place, asked) = (open[index], all[open[index]])
            switch outcome {
            case .answered(let answer):
                try archive.keep(answer, to: asked.hash)
                responses[place] = response(answer, asked, task)
            case .lost(let error):
                responses[place] = ResponseRecord(
                    item: asked.question.item.id, status: .error, output: error.description)
            }
            answered += 1
            progress(answered, all.count)
        }
        let scored = zip(all, responses).compactMap { asked, response in
            response.map { ScoredItem(item: asked.question.item, response: $0) }
        }
        return ServedScores(
            scored: scored.sorted { $0.item.id < $1.item.id }, planned: all.count, asked: open.count, reason: reason)
    }

    private func questions(of task: TextTask, _ stream: ItemStream, cluster: Int) throws -> [Asked] {
        let symbolic = task.generator.cluster(stream, index: cluster)
        return try zip(symbolic, task.cluster(stream, index: cluster)).flatMap { sequence, text in
            try text.questions.map { question in
                let served = ServedQuestion(
                    prompt: text.prompt(question), gold: question.answer,
                    // A word may be several tokens, and a wrong answer longer than the right one.
                    tokenLimit: 16 + question.answer.utf8.count, stops: ["\n"])
                return Asked(
                    symbolic: sequence, text: text, question: question, served: served,
                    hash: try client.settings.identity(of: served))
            }
        }
    }

    private func response(_ answer: ServedAnswer, _ asked: Asked, _ task: TextTask) -> ResponseRecord {
        let (question, template) = (asked.question, asked.text.template)
        let cut = TextTask.cut(answer.text, question.stop)
        let said = cut ?? answer.text
        let grade = task.grade(said, question, in: asked.symbolic, template: template)
        var detail = grade.details
        detail["unterminated"] = cut == nil && answer.isCut ? 1 : 0
        detail["template"] = Double(template)
        if !asked.symbolic.questions[question.number].overwritten.isEmpty {
            detail["stale"] = task.isStale(said, question, in: asked.symbolic, template: template) ? 1 : 0
        }
        return ResponseRecord(
            item: question.item.id, status: .graded, score: grade.score,
            // By the words of the symbolic rendering, as for models that run here.
            nll: answer.goldNLL.map { $0 / Double(max(question.gold.count, 1)) },
            output: grade.isExact ? "" : String(said.prefix(Self.keptOutput)), detail: detail)
    }
}

extension EndpointSettings {
    /// What decides an answer: the server, the model and all that is asked of it, but not how fast or how often.
    func identity(of question: ServedQuestion) throws -> ContentHash {
        var hasher = ContentHasher()
        hasher.update("served question\n\(base.absoluteString)\n\(revision ?? "")\n\(dialect.rawValue)\n")
        hasher.update(String(decoding: try generation(question), as: UTF8.self))
        if let gold = question.gold, wantsLikelihood, dialect == .completions {
            hasher.update("\n" + String(decoding: try likelihood(question, gold: gold), as: UTF8.self))
        }
        return hasher.finish()
    }
}
