import AssayTasks

/// Making training sequences of every task.
enum GenerationBenchmark {
    static func run(_ session: Session) throws {
        for kind in TaskRegistry.kinds {
            let name = "generate-\(kind.name)"
            guard session.options.wants(name) else { continue }
            let task = try kind.make([:])
            var index = 0
            var tokens = 0
            let times = repeated(budget: session.options.isQuick ? 0.1 : 0.4, repeats: 3...1000) {
                for _ in 0..<100 {
                    tokens += task.trainingSequence(.training(seed: 1), index: index).tokens.count
                    index += 1
                }
            }
            session.add(
                BenchmarkRow(
                    case: name, width: nil, length: task.length, threads: 1,
                    ours: Double(tokens) / times.reduce(0, +), peer: nil, shareOfPeak: nil, unit: "tokens/s"))
        }
    }
}
