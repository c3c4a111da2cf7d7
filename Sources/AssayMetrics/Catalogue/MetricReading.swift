/// How to read the metrics of a number of the catalogue: what values they take, and what they are mistaken for.
public struct MetricReading: Sendable, Hashable {
    /// The values that the metrics can take.
    public let range: String
    /// What a reader must not conclude.
    public let traps: String

    /// The reading of a catalogue number such as `Q2`; nil where nothing is written down.
    public static func of(_ id: String) -> MetricReading? { all[id] }

    private static let all: [String: MetricReading] = [
        "Q1": MetricReading(
            range: "0 ... 1; chance-corrected values may be below 0",
            traps:
                "Hops are mistaken for length or for the number of facts unless both are held while hops vary. At the floor "
                + "and at the ceiling nothing can be lost: the control should be right in 60 to 90 % of cases."),
        "Q2": MetricReading(
            range: "hop survival: above 0, 1 is no decay; slope: any number, 0 is no decay",
            traps:
                "A low level at all hops is no decay: read the slope beside the accuracy. Levels near the floor say nothing "
                + "and are left out of the survival."),
        "Q3": MetricReading(
            range: "gap: 0 ... 1; deficit: about 0 and above",
            traps:
                "Conditional on single hops that were answered: coverage is printed, and models with different coverage are "
                + "judged on different items."),
        "Q4": MetricReading(
            range: "0 and above",
            traps: "Tells apart finer differences than accuracy, and may move without any answer changing."),
        "Q6": MetricReading(
            range: "smallest ... largest load measured",
            traps:
                "Cut off at the loads measured: two models beyond them are not equal. Per byte only means something for "
                + "states that were meant to be compared."),
        "Q7": MetricReading(
            range: "0 ... 1",
            traps:
                "A model that answers nothing right has no stale answers either: read the stale rate beside the accuracy."
        ),
        "Q8": MetricReading(
            range: "area: 0 and above, 1 is no fall; length: one of the lengths measured",
            traps:
                "The effective length is coarse and takes only lengths that were measured: test on the area, report the "
                + "length. Both are relative to the model's own base, which is read beside them."),
        "Q14": MetricReading(
            range: "accuracy: up to 1; ratio: 0 and above, within the lengths measured",
            traps:
                "Full attention and diagonal recurrences should fail hard groups at small depth: if they pass, a shortcut "
                + "leaked."),
        "A1": MetricReading(
            range: "0 ... 1",
            traps: "A task that a do-nothing or random agent solves measures neither reasoning nor memory."),
        "A3": MetricReading(
            range: "0 ... 1", traps: "An agent that stops early takes few wrong actions: read it beside the success."),
        "A5": MetricReading(
            range: "ratio: 1 and above; SPL: 0 ... 1",
            traps:
                "The ratio is over successes only, so that a worse agent may have the better ratio: coverage is printed."
        ),
        "N1": MetricReading(
            range: "differences, 0 is no loss",
            traps: "Give the cache of an attention model the same treatment as the state of a recurrent one."),
        "N2": MetricReading(
            range: "error: 0 and above; growth: 0 forgets its errors, 0.5 adds them up at random, more drifts",
            traps: "The size of the error depends on the length: compare at equal lengths."),
        "N3": MetricReading(
            range: "0 and above",
            traps: "Two kernels that are both right differ by rounding: differences within the margin are never called."
        ),
        "R1": MetricReading(
            range: "0 and above",
            traps: "The rollout's policy is the reference: the other way round, one rare token may outweigh all others."
        ),
        "V1": MetricReading(
            range: "0 and above", traps: "Bytes of one sequence: weights and activations are not in it."),
        "V2": MetricReading(
            range: "rates: 0 ... 1",
            traps:
                "A hit of keys and values is worth nothing where the state is not there as well. Depends on the trace: edits "
                + "and branches decide."),
        "V3": MetricReading(
            range: "speed-up: above 0, 1 is no gain",
            traps: "Acceptance alone misleads: at a verify ratio of 3, accepting four fifths of the drafts is a loss."),
        "V4": MetricReading(
            range: "lengths: those measured",
            traps: "Times of this machine: read the rates of operations and of bytes beside them."),
    ]
}
