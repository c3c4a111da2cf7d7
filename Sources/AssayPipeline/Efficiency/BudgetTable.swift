import AssayCore
import AssayMetrics
import AssayModels
import AssayStatistics
import AssayStore

/// What training budgets are counted in.
public enum BudgetUnit: String, Sendable, CaseIterable {
    /// Training tokens.
    case tokens
    /// 6 x parameters x tokens: the usual count of a training run's floating-point operations.
    case flops
}

/// The losses of an arm's runs by budget.
struct BudgetTable {
    /// One for each budget, ascending.
    let budgets: [BudgetLosses]

    /// Reads the runs of an arm from all batches.
    /// - Parameters:
    ///   - quantity: `loss`, or a metric of a task such as `nll/recall`; of a score in [0, 1], one minus it is the loss.
    ///   - atCheckpoints: whether every checkpoint of a run is a budget, or only its end.
    /// - Throws: ``AssayError`` when the arm means several architectures, or the quantity is not recorded.
    init(_ store: Store, arm: String, quantity: String, unit: BudgetUnit, atCheckpoints: Bool) throws {
        let checkpoints = try store.checkpoints(CheckpointSelector(arm: arm))
        guard !checkpoints.isEmpty else {
            throw AssayError(
                .usage, "no run of the arm '\(arm)' has a checkpoint",
                remedy: Suggestion.remedy(for: arm, among: try store.armNames()))
        }
        var architectures: Set<String> = []
        var losses: [Double: [UInt64: Double]] = [:]
        var quantities: Set<String> = []
        for (run, members) in Dictionary(grouping: checkpoints, by: \.run).sorted(by: { $0.key < $1.key }) {
            guard let record = try store.run(run), record.status == .finished else { continue }
            architectures.insert(record.architecture)
            let steps = try store.trainingSteps(ofRun: run)
            let last = members.map(\.step).max()
            for checkpoint in members where atCheckpoints || checkpoint.step == last {
                guard let logged = steps.last(where: { $0.step <= checkpoint.step }) else { continue }
                let values = try BudgetTable.values(store, checkpoint, loss: logged.loss)
                quantities.formUnion(values.keys)
                guard let value = values[quantity] else { continue }
                var budget = Double(logged.tokens)
                if unit == .flops { budget *= 6 * Double(try BudgetTable.parameters(record.architecture)) }
                losses[budget, default: [:]][checkpoint.seed] = value
            }
        }
        guard architectures.count <= 1 else {
            throw AssayError(
                .usage, "the runs called '\(arm)' have \(architectures.count) architectures",
                remedy: "Give each architecture a name of its own")
        }
        guard !losses.isEmpty else {
            throw AssayError(
                .usage, "no run of '\(arm)' has '\(quantity)'",
                remedy: Suggestion.remedy(for: quantity, among: quantities.sorted()))
        }
        budgets = losses.sorted { $0.key < $1.key }.map { budget, seeds in
            BudgetLosses(budget: budget, losses: seeds.sorted { $0.key < $1.key }.map(\.value))
        }
    }

    /// What can fall along a law: the training loss, metrics in nats, and one minus scores in [0, 1].
    private static func values(
        _ store: Store, _ checkpoint: CheckpointRecord, loss: Double
    ) throws -> [String: Double] {
        var values: [String: Double] = loss.isFinite ? ["loss": loss] : [:]
        let measured = try store.measurements(ofCheckpoint: checkpoint.hash, kind: .items).last?.values ?? []
        for value in measured where value.slice == "all" {
            guard let number = value.value, let direction = MetricCatalogue.definition(value.metric)?.direction else {
                continue
            }
            let condition = value.condition == "parallel" ? "" : " (\(value.condition))"
            let isLoss = direction == .lowerIsBetter
            guard isLoss || (0...1).contains(number) else { continue }
            values["\(value.metric)/\(value.task)\(condition)"] = isLoss ? number : 1 - number
        }
        return values
    }

    private static func parameters(_ architecture: String) throws -> Int {
        try LanguageModel(CanonicalJSON.value(Architecture.self, from: architecture)).layout.parameterCount
    }
}
