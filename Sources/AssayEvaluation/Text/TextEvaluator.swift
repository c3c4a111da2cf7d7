import AssayCore
import AssayModels
import AssayRendering
import AssayTasks
import AssayTensor

/// Runs a model that brings a tokenizer over tasks as text.
///
/// Each question is scored in three ways: by what the model says greedily up to where an answer ends (the score), by the
/// likelihood of the gold answer, and, where the answers are a closed set, by which of them is likeliest. Prompts are read
/// once as far as they share a beginning.
public struct TextEvaluator {
    private let model: LanguageModel
    private let weights: FloatBlock
    private let tokenizer: Tokenizer
    private let pool: WorkerPool

    /// Raised whenever the same logits would be graded otherwise. Apart from the versions of ``CellEvaluator``.
    public static let graderVersion = 101
    /// The kernel paths that mean something for texts: answers are generated, and that runs in the recurrent form.
    public static let paths: [KernelPath] = [.recurrent]

    /// Most tokens of a text, with what is generated after it.
    public static let contextLimit = 32_768

    /// An evaluator of a model with weights, which must not change while it lives.
    public init(model: LanguageModel, weights: FloatBlock, tokenizer: Tokenizer, workers: Int) {
        (self.model, self.weights, self.tokenizer) = (model, weights, tokenizer)
        pool = WorkerPool(workers: max(workers, 1))
    }

    /// Whether a condition means something for texts.
    public static func supports(_ condition: Condition) -> Bool { paths.contains(condition.path) }

    /// Scores the items of the first clusters of a stream, or plays that many episodes.
    /// - Parameter shouldStop: asked between texts, by any worker.
    /// - Throws: `CancellationError` when it was stopped; ``AssayError`` when the condition means nothing for texts, or a text
    ///   does not fit.
    public func evaluate(
        _ text: TaskText, stream: ItemStream, clusters: Int, condition: Condition,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> (result: CellResult, prefixes: PrefixUse) {
        switch text {
        case .items(let task):
            try evaluate(task: task, stream: stream, clusters: clusters, condition: condition, shouldStop: shouldStop)
        case .episodes(let world):
            try play(world, stream: stream, episodes: clusters, condition: condition, shouldStop: shouldStop)
        }
    }

    /// Plays the first episodes of a stream, each once.
    private func play(
        _ world: AgentText, stream: ItemStream, episodes: Int, condition: Condition,
        shouldStop: @escaping @Sendable () -> Bool
    ) throws -> (result: CellResult, prefixes: PrefixUse) {
        try demand(condition)
        let model = try model.swapping(condition.swaps)
        let clock = ContinuousClock()
        let start = clock.now
        let units = TextEvaluator.units(
            clusters: max(episodes, 0), templates: AgentText.templates, workers: pool.workers)
        let environments = units.map { $0.map { world.generator.environment(stream, index: $0) } }
        // Room for twice what an expert says and reads.
        let opening = try (0..<AgentText.templates).map { try tokenizer.encode(world.opening($0)).count }.max() ?? 0
        let longest =
            try zip(units, environments).flatMap { unit, environments in
                try zip(unit, environments).map { index, environment in
                    let text = world.play(byExpert: environment, AgentText.template(ofCluster: index))
                    return try tokenizer.encode(text, addsSpecialTokens: false).count
                }
            }.max() ?? 0
        let capacity = min(opening + 2 * longest + 256, AgentTextRollout.capacity)
        guard opening + longest < capacity else {
            throw AssayError.badInput(
                "an episode of task '\(world.generator.identity.generator)' has \(opening + longest) tokens",
                remedy: "Make it shorter, or give fewer demonstrations: \(AgentTextRollout.capacity) are the most")
        }
        let outcomes = pool.map(units.count) {
            AgentTextRollout(
                model: model, weights: weights, tokenizer: tokenizer, world: world, condition: condition,
                capacity: capacity, shouldStop: shouldStop)
        } _: { unit, player in
            Result { () throws -> (items: [ScoredItem], use: PrefixUse)? in
                guard !shouldStop() else { return nil }
                return try player.play(environments[unit], template: AgentText.template(ofCluster: units[unit][0]))
            }
        }
        return try TextEvaluator.joined(outcomes.map { try $0.get() }, seconds: (clock.now - start) / .seconds(1))
    }

    private func demand(_ condition: Condition) throws {
        guard TextEvaluator.supports(condition) else {
            throw AssayError.badInput(
                "condition '\(condition.name)' means nothing for texts",
                remedy: "Use " + TextEvaluator.paths.map(\.rawValue).joined(separator: ", "))
        }
    }

    /// Scores the items of the first clusters of a stream.
    /// - Parameters:
    ///   - sharesPrefixes: whether prompts that begin alike are read once; the results are the same.
    ///   - shouldStop: asked between texts, by any worker.
    /// - Throws: `CancellationError` when it was stopped; ``AssayError`` when the condition means nothing for texts, or a text
    ///   does not fit.
    func evaluate(
        task: TextTask, stream: ItemStream, clusters: Int, condition: Condition, sharesPrefixes: Bool = true,
        shouldStop: @escaping @Sendable () -> Bool = { false }
    ) throws -> (result: CellResult, prefixes: PrefixUse) {
        try demand(condition)
        let model = try model.swapping(condition.swaps)
        let clock = ContinuousClock()
        let start = clock.now
        let units = TextEvaluator.units(
            clusters: max(clusters, 0), templates: TextTask.templates, workers: pool.workers)
        let texts = try units.map { unit in
            try unit.flatMap { try self.texts(of: task, stream, cluster: $0) }
        }
        let room = (texts.flatMap { $0 }.map(\.capacity).max() ?? 0)
        guard room <= TextEvaluator.contextLimit else {
            throw AssayError.badInput(
                "a text of task '\(task.generator.identity.generator)' has \(room) tokens",
                remedy: "Make the task shorter, or give fewer examples: \(TextEvaluator.contextLimit) are the most")
        }
        let outcomes = pool.map(units.count) {
            TextScoring(
                model: model, weights: weights, tokenizer: tokenizer, task: task, condition: condition,
                capacity: room, sharesPrefixes: sharesPrefixes, shouldStop: shouldStop)
        } _: { unit, scoring in
            shouldStop() ? nil : scoring.score(texts[unit])
        }
        return try TextEvaluator.joined(outcomes, seconds: (clock.now - start) / .seconds(1))
    }

    /// The items of all units in the order of their names; throws when a unit was stopped.
    private static func joined(
        _ outcomes: [(items: [ScoredItem], use: PrefixUse)?], seconds: Double
    ) throws -> (result: CellResult, prefixes: PrefixUse) {
        var use = PrefixUse()
        var items: [ScoredItem] = []
        for outcome in outcomes {
            guard let outcome else { throw CancellationError() }
            items += outcome.items
            use += outcome.use
        }
        items.sort { $0.item.id < $1.item.id }
        return (
            CellResult(items: items.map(\.item), responses: items.map(\.response), seconds: seconds), use
        )
    }

    private func texts(of task: TextTask, _ stream: ItemStream, cluster: Int) throws -> [PreparedText] {
        let symbolic = task.generator.cluster(stream, index: cluster)
        return try zip(symbolic, task.cluster(stream, index: cluster)).map { sequence, text in
            let tokenized = try TokenizedText(text, tokenizer)
            if let id = tokenized.ids.first(where: { $0 < 0 || $0 >= model.architecture.vocabularyCount }) {
                throw AssayError.badInput(
                    "the tokenizer gives the token \(id), and the model knows"
                        + " \(model.architecture.vocabularyCount) tokens",
                    remedy: "Name the tokenizer of this model with 'tokenizer:'")
            }
            return PreparedText(symbolic: sequence, text: text, tokens: tokenized)
        }
    }

    /// Clusters that are scored together: those of a template, whose beginnings are the same; in more parts where there are
    /// more workers than templates.
    private static func units(clusters: Int, templates: Int, workers: Int) -> [[Int]] {
        let parts = max(1, workers / templates)
        return (0..<templates).flatMap { template in
            let own = (0..<clusters).filter { $0 % templates == template }
            return (0..<parts).map { part in own.enumerated().filter { $0.offset % parts == part }.map(\.element) }
        }.filter { !$0.isEmpty }
    }
}

/// A text with its tokens and the sequence that it says.
struct PreparedText {
    let symbolic: TaskSequence
    let text: TextSequence
    let tokens: TokenizedText

    /// Tokens that a decoder must have room for.
    var capacity: Int {
        tokens.questions.reduce(tokens.ids.count) { most, question in
            let longest = ([question.answer] + question.choices).map(\.count).max() ?? 0
            return max(most, question.promptCount + max(longest, TextScoring.limit(answer: question.answer.count)))
        }
    }
}
