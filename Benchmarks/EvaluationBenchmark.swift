import AssayCore
import AssayEvaluation
import AssayModels
import AssayTasks

/// Scoring cells: one task of each family in each condition that it has, with a small full-attention model.
enum EvaluationBenchmark {
    private static let width = 64
    static let tasks = ["associative-recall", "successor", "tool-world"]
    private static let conditions = [KernelPath.parallel, .recurrent, .divergence].map { Condition(path: $0) }

    static func run(_ session: Session) throws {
        let shape = TrainingShape(mixer: "full", width: width, length: 128, threads: 2)
        let model = try LanguageModel(shape.architecture)
        let evaluator = CellEvaluator(model: model, weights: model.initialWeights(seed: 1), workers: shape.threads)
        for name in tasks {
            let task = try TaskRegistry.make(name)
            for condition in conditions where CellEvaluator.supports(condition, for: task) {
                let row = "evaluate-\(name)-\(condition.name)"
                guard session.options.wants(row) else { continue }
                var clusters = 24
                var items = 0
                func evaluate() throws {
                    items = try evaluator.evaluate(
                        task: task, stream: .evaluation(seed: 1), clusters: clusters, condition: condition
                    ).responses.count
                }
                // Enough clusters that the workers' last, unequal units weigh little.
                while try seconds(evaluate) < 0.15, clusters < 100_000 { clusters *= 2 }
                let times = try repeated(budget: session.options.isQuick ? 0.5 : 1.5, repeats: 3...20, evaluate)
                session.add(
                    BenchmarkRow(
                        case: row, width: width, length: task.length, threads: shape.threads,
                        ours: Double(items) / median(times), peer: nil, shareOfPeak: nil,
                        unit: task.family == .agent ? "episodes/s" : "items/s"))
            }
        }
    }
}
