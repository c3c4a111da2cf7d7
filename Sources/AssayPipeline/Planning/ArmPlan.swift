import AssayCore
import AssayModels
import AssayTraining

/// An arm of a batch: one thing under test that yields checkpoints.
public struct ArmPlan: Sendable {
    /// The name in the batch.
    public let name: String
    /// Where its checkpoints come from.
    public let source: ArmSource

    /// What is known of an arm that is trained here; nil for others.
    public var trained: TrainedArm? { if case .trained(let arm) = source { arm } else { nil } }

    /// What is known of an arm that is loaded; nil for others.
    public var loaded: LoadedArm? { if case .loaded(let arm) = source { arm } else { nil } }

    /// What is known of an arm that is served; nil for others.
    public var served: ServedArm? { if case .served(let arm) = source { arm } else { nil } }

    /// The trainings of an arm that is trained here; none for others.
    public var trainings: [TrainingPlan] { trained?.trainings ?? [] }

    /// The identities of the runs that its checkpoints belong to, in the order of the seeds.
    public var runs: [ContentHash] {
        switch source {
        case .trained(let arm): arm.trainings.map(\.identity)
        case .loaded(let arm): arm.runs.map(\.identity)
        case .served(let arm): [arm.run]
        }
    }

    /// Checkpoints that it will have, as far as they are known by now.
    public var checkpointCount: Int {
        switch source {
        case .trained(let arm): arm.trainings.reduce(0) { $0 + $1.recipe.allCheckpointSteps.count }
        case .loaded(let arm): arm.found.count
        case .served: 1
        }
    }

    /// The step at which it is compared, where the plan decides that; nil where it depends on what was found.
    var plannedLastStep: Int? { trained?.trainings.first?.recipe.allCheckpointSteps.last }
}

/// Where the checkpoints of an arm come from.
public enum ArmSource: Sendable {
    /// They are trained here.
    case trained(TrainedArm)
    /// They are there already, or someone else is making them.
    case loaded(LoadedArm)
    /// It answers behind an address.
    case served(ServedArm)
}

/// An arm that is trained here: a model, trained once for each seed.
public struct TrainedArm: Sendable {
    /// The model.
    public let model: LanguageModel
    /// One training a seed, in the order of the seeds.
    public let trainings: [TrainingPlan]
    /// How it was made equal to the control; nil if it is as its file says.
    public let match: ArchitectureMatch?
}
