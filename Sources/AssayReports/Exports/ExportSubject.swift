/// What can be exported.
public enum ExportSubject: String, Sendable, CaseIterable {
    /// The training runs, with what their logs end with.
    case runs
    /// The logged steps of the runs.
    case training
    /// The checkpoints.
    case checkpoints
    /// What each model did on each item.
    case responses
    /// The metrics of the checkpoints.
    case metrics
    /// The verdicts of the comparisons.
    case verdicts
    /// The metrics of the arms against the control along the checkpoints.
    case drift
    /// How many items were drawn of each task, where a batch draws them look by look.
    case spending

    /// The columns, the same in every format.
    var columns: [String] {
        switch self {
        case .runs:
            [
                "run", "arm", "seed", "status", "reason", "steps", "tokens", "loss", "gradient_norm", "architecture",
                "recipe",
            ]
        case .training: ["run", "arm", "seed", "step", "loss", "gradient_norm", "learning_rate", "tokens"]
        case .checkpoints: ["checkpoint", "run", "arm", "seed", "step", "path"]
        case .responses:
            [
                "arm", "seed", "step", "checkpoint", "task", "condition", "item", "cluster", "sequence", "question",
                "hops", "facts", "length", "distance", "load", "position", "parent", "status", "score", "nll",
                "output", "detail",
            ]
        case .metrics:
            [
                "arm", "seed", "step", "checkpoint", "metric", "task", "condition", "slice", "value", "low", "high",
                "n", "clusters", "lost", "note",
            ]
        case .verdicts:
            [
                "baseline", "candidate", "metric", "task", "condition", "slice", "baseline_value", "candidate_value",
                "difference", "standard_error", "degrees_of_freedom", "low", "high", "p", "adjusted_p",
                "minimum_detectable_effect", "margin", "pairs", "clusters", "lost", "unit", "seeds", "verdict",
                "is_material", "is_equivalent", "is_primary", "items_needed", "note", "direction",
            ]
        case .drift:
            [
                "arm", "control", "metric", "task", "condition", "slice", "step", "control_value", "arm_value",
                "difference", "standardised", "rise", "fall", "threshold", "p", "alarm_step", "onset_step",
                "direction", "magnitude", "note",
            ]
        case .spending:
            [
                "batch", "task", "method", "look", "looks", "clusters", "planned_clusters", "items", "planned_items",
                "declared", "undecided", "version",
            ]
        }
    }
}
