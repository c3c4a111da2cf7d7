import AssayTasks

/// How much of the time of training and of evaluation is not model arithmetic: made from the rates of the other cases.
enum OverheadBenchmark {
    static func run(_ session: Session) throws {
        guard session.options.wants("overhead") else { return }
        try training(session)
        try evaluation(session)
    }

    /// Making sequences against training on them, for the smallest model, where it weighs most.
    private static func training(_ session: Session) throws {
        guard let trained = session.rows.filter({ $0.case == "train-full" && $0.threads == 1 }).map(\.ours).max(),
            let made = session.rows.filter({ $0.case.hasPrefix("generate-") }).map(\.ours).min()
        else { return }
        add("overhead-training", share: trained / made, "slowest generator; fastest training", session)
    }

    /// Making and storing items against the whole of an evaluation, for the condition that is fastest.
    private static func evaluation(_ session: Session) throws {
        let row = session.rows.filter { $0.case.hasPrefix("evaluate-") && $0.unit == "items/s" }
            .max { $0.ours < $1.ours }
        guard let row, let stored = session.rows.first(where: { $0.case == "store-write" })?.ours,
            let name = EvaluationBenchmark.tasks.first(where: { row.case.hasPrefix("evaluate-\($0)-") })
        else { return }
        let task = try TaskRegistry.make(name)
        var items = 0
        var index = 0
        let times = repeated(budget: 0.2, repeats: 3...1000) {
            items += task.cluster(.evaluation(seed: 1), index: index).reduce(0) { $0 + $1.questions.count }
            index += 1
        }
        // Workers make items side by side; one writer stores them.
        let making = times.reduce(0, +) / Double(items) / Double(row.threads ?? 1)
        let whole = 1 / row.ours + 1 / stored
        add("overhead-evaluation", share: (making + 1 / stored) / whole, "making and storing; \(row.case)", session)
    }

    private static func add(_ name: String, share: Double, _ note: String, _ session: Session) {
        session.add(
            BenchmarkRow(
                case: name, width: nil, length: nil, threads: nil, ours: 100 * share, peer: nil, shareOfPeak: nil,
                unit: "% of time", note: note))
    }
}
