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
                        name: $0.name, runs: $0.trainings.map(\.identity),
                        match: $0.match.map(Definition.Match.init))
                },
                tasks: tasks.map {
                    .init(
                        name: $0.name, identity: $0.generator.identity, clusters: $0.clusters, conditions: $0.conditions
                    )
                },
                comparison: comparison, serving: serving))
        identity = ContentHash(of: definition)
    }

    /// Checkpoints that the batch will have.
    public var checkpointCount: Int {
        arms.reduce(0) { $0 + $1.trainings.reduce(0) { $0 + $1.recipe.allCheckpointSteps.count } }
    }

    /// Cells that the batch will have.
    public var cellCount: Int { checkpointCount * tasks.reduce(0) { $0 + $1.conditions.count } }

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

/// An arm of a batch: a model, trained once for each seed.
public struct ArmPlan: Sendable {
    /// The name in the batch.
    public let name: String
    /// The model.
    public let model: LanguageModel
    /// One training a seed, in the order of the seeds.
    public let trainings: [TrainingPlan]
    /// How it was made equal to the control; nil if it is as its file says.
    public let match: ArchitectureMatch?
}

/// A task of a batch: a generator, how many clusters of it, and how the models are run over them.
public struct TaskPlan: Sendable {
    /// The name in the suite.
    public let name: String
    /// Makes the items.
    public let generator: any TaskGenerator
    /// Clusters of items that are scored.
    public let clusters: Int
    /// The conditions that the batch asks for and that mean something for this task.
    public let conditions: [Condition]
}
