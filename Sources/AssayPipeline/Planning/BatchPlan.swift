import AssayCore
import AssayEvaluation
import AssayMetrics
import AssayModels
import AssayReports
import AssayTasks
import AssayTraining

/// A batch with every name resolved and every number checked: nothing of it can turn out wrong in the middle of a night.
public struct BatchPlan: Sendable {
    /// The name, also of the folder of its reports.
    public let name: String
    /// The arm that the others are held against.
    public let control: String
    /// The arms in the order of the file, the control first.
    public let arms: [ArmPlan]
    /// The tasks in the order of the suite.
    public let tasks: [TaskPlan]
    /// How differences become verdicts.
    public let comparison: ComparisonOptions
    /// What is measured of serving; nil for nothing.
    public let serving: ServingPlan?
    /// The formats of the reports in the results folder; not part of the identity.
    public let reports: [ReportFormat]
    /// The hash of all of it: the identity of the batch.
    public let identity: ContentHash
    /// The canonical text behind the identity.
    public let definition: String

    /// The stream that evaluation items come from.
    public static let evaluationStream = ItemStream.evaluation(seed: 1)

    /// Puts a plan together.
    public init(
        name: String, control: String, arms: [ArmPlan], tasks: [TaskPlan], comparison: ComparisonOptions,
        serving: ServingPlan? = nil, reports: [ReportFormat]
    ) throws {
        self.name = name
        self.control = control
        self.arms = arms.filter { $0.name == control } + arms.filter { $0.name != control }
        self.tasks = tasks
        self.comparison = comparison
        self.serving = serving
        self.reports = reports
        definition = try CanonicalJSON.text(
            Definition(
                name: name, control: control,
                arms: self.arms.map {
                    .init(
                        name: $0.name, runs: $0.runs,
                        match: $0.trained?.match.map(Definition.Match.init))
                },
                tasks: tasks.map {
                    .init(
                        name: $0.name, identity: $0.itemIdentity, clusters: $0.clusters, conditions: $0.conditions
                    )
                },
                comparison: comparison, serving: serving))
        identity = ContentHash(of: definition)
    }

    /// Checkpoints that the batch will have, as far as they are known by now.
    public var checkpointCount: Int { arms.reduce(0) { $0 + $1.checkpointCount } }

    /// Cells that the batch will have, as far as the checkpoints are known by now.
    public var cellCount: Int {
        arms.reduce(0) { sum, arm in
            switch arm.source {
            case .trained:
                sum + arm.checkpointCount * tasks.filter(\.isSymbolic).reduce(0) { $0 + $1.conditions.count }
            case .served:
                sum + tasks.filter { $0.isServable && $0.conditions.contains(.recurrent) }.count
            case .loaded(let loaded):
                loaded.found.reduce(sum) { sum, found in
                    tasks.filter { $0.suits(found) }.reduce(sum) { $0 + $1.conditions.count }
                }
            }
        }
    }

    private struct Definition: Encodable {
        struct Arm: Encodable {
            let name: String
            let runs: [ContentHash]
            // Absent where nothing was matched, so that older batches keep their identity.
            let match: Match?
        }
        struct Match: Encodable {
            let rule: String
            let field: String
            let stated: Int
            let chosen: Int
            let excess: Double

            init(_ match: ArchitectureMatch) {
                rule = match.rule.title
                field = match.rule.field
                stated = match.stated
                chosen = match.chosen
                excess = match.excess
            }
        }
        struct Task: Encodable {
            let name: String
            let identity: TaskIdentity
            let clusters: Int
            let conditions: [Condition]
        }
        let name: String
        let control: String
        let arms: [Arm]
        let tasks: [Task]
        let comparison: ComparisonOptions
        let serving: ServingPlan?
    }
}
