import AssayCore
import AssayReports
import AssayStatistics
import AssayStore

/// What `assay efficiency` says: how much more compute the control needs for what an arm reaches (X2), and whether that shrinks
/// with scale.
public struct EfficiencyReport {
    /// The fits and what follows from them.
    public let gain: ComputeEquivalentGain
    /// The budget that it is asked at.
    public let budget: Double
    private let arm: (name: String, budgets: [BudgetLosses])
    private let control: (name: String, budgets: [BudgetLosses])
    private let quantity: String
    private let unit: BudgetUnit
    private let atCheckpoints: Bool

    /// Fits power laws to the runs of two arms over all batches.
    /// - Parameters:
    ///   - quantity: `loss`, or a metric of a task such as `nll/recall` or `accuracy/successor` (then one minus it).
    ///   - budget: where to ask; nil for the largest budget that both have.
    ///   - atCheckpoints: whether every checkpoint of a run is a budget, or only its end.
    /// - Throws: ``AssayError`` for fewer than 4 budgets of 3 seeds, and where nothing falls along a law.
    public init(
        store: Store, arm: String, control: String, quantity: String, unit: BudgetUnit = .tokens, budget: Double? = nil,
        atCheckpoints: Bool = false
    ) throws {
        func budgets(_ name: String) throws -> [BudgetLosses] {
            try BudgetTable(store, arm: name, quantity: quantity, unit: unit, atCheckpoints: atCheckpoints).budgets
        }
        self.arm = (arm, try budgets(arm))
        self.control = (control, try budgets(control))
        guard let largest = [self.arm, self.control].compactMap({ $0.budgets.last?.budget }).min() else {
            throw AssayError(.defect, "no budgets")
        }
        self.budget = budget ?? largest
        gain = try ComputeEquivalentGain(arm: self.arm.budgets, control: self.control.budgets, at: self.budget)
        self.quantity = quantity
        self.unit = unit
        self.atCheckpoints = atCheckpoints
    }

    /// The report as text in a format.
    public func render(as format: TableFormat) throws -> String {
        try Listing.text(table, notes: notes, fields: fields, as: format)
    }

    private static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

    private static func interval(_ figure: ComputeEquivalentGain.Figure) -> String {
        "[\(Figure.value(figure.low)), \(Figure.value(figure.high))]"
    }

    private var table: TextTable {
        var table = TextTable([
            .init("arm"), .init(unit.rawValue, .right), .init("seeds", .right), .init("mean", .right),
            .init("lowest", .right), .init("highest", .right), .init("fit", .right),
        ])
        for (side, law) in [(control, gain.control), (arm, gain.arm)] {
            for point in side.budgets {
                table.append([
                    side.name, Figure.value(point.budget), "\(point.losses.count)",
                    Figure.value(EfficiencyReport.mean(point.losses)), Figure.value(point.losses.min()),
                    Figure.value(point.losses.max()), Figure.value(law.loss(at: point.budget)),
                ])
            }
        }
        return table
    }

    private var notes: [String] {
        func law(_ law: PowerLaw, _ name: String) -> String {
            "\(name): \(Figure.value(law.floor)) + \(Figure.value(law.scale)) C^-\(Figure.value(law.exponent))"
        }
        let reading =
            if let low = gain.slope.low, let high = gain.slope.high {
                high < 0
                    ? "the advantage shrinks with scale"
                    : low > 0 ? "the advantage grows with scale" : "whether it survives scale is not decided"
            } else { "most resamples have no law, so that no interval can be given" }
        var notes = [
            "\(quantity) over \(unit.rawValue): " + law(gain.control, control.name) + "; " + law(gain.arm, arm.name)
                + ".",
            "Compute-equivalent gain of \(arm.name) at \(Figure.value(budget)) \(unit.rawValue): "
                + "\(Figure.value(gain.gain.value)) \(EfficiencyReport.interval(gain.gain)); 1 is parity, more is better.",
            "Its slope in ln C: \(Figure.difference(gain.slope.value)) \(EfficiencyReport.interval(gain.slope)): \(reading).",
        ]
        if atCheckpoints {
            notes.append(
                "The budgets are checkpoints of runs whose learning rate had not come to its end: better are runs of their own."
            )
        }
        return notes
    }

    private var fields: FieldTable {
        var table = FieldTable(columns: [
            "arm", "control", "quantity", "unit", "budget", "gain", "gain_low", "gain_high", "slope", "slope_low",
            "slope_high", "arm_floor", "arm_scale", "arm_exponent", "control_floor", "control_scale",
            "control_exponent",
            "arm_budgets", "control_budgets",
        ])
        let names: [Field] = [
            .text(arm.name), .text(control.name), .text(quantity), .text(unit.rawValue), .number(budget),
        ]
        func figure(_ figure: ComputeEquivalentGain.Figure) -> [Field] {
            [.number(figure.value), .optional(figure.low), .optional(figure.high)]
        }
        func law(_ law: PowerLaw) -> [Field] { [.number(law.floor), .number(law.scale), .number(law.exponent)] }
        table.rows.append(
            names + figure(gain.gain) + figure(gain.slope) + law(gain.arm) + law(gain.control)
                + [.integer(arm.budgets.count), .integer(control.budgets.count)])
        return table
    }
}
