import AssayCore
import Foundation

/// Losses of an arm at one budget, one for each seed.
public struct BudgetLosses: Sendable, Hashable {
    /// Compute or tokens.
    public var budget: Double
    /// Final losses.
    public var losses: [Double]

    /// Losses at a budget.
    public init(budget: Double, losses: [Double]) {
        self.budget = budget
        self.losses = losses
    }
}

/// How much more compute the control needs for what an arm reaches (X2): CEG(C) = C_control(L_arm(C)) / C, from power laws
/// fitted to both; and how that changes with compute.
public struct ComputeEquivalentGain: Sendable, Hashable {
    /// A figure with the percentile interval of its resamples; the ends are nil when more than half of them are not defined.
    public struct Figure: Sendable, Hashable {
        /// The figure.
        public var value: Double
        /// Lower end.
        public var low: Double?
        /// Upper end.
        public var high: Double?
    }

    /// The law of the control.
    public let control: PowerLaw
    /// The law of the arm.
    public let arm: PowerLaw
    /// The gain at the budget that was asked for: 1 is parity, more is better.
    public let gain: Figure
    /// The change of ln gain for a unit of ln C there: negative when the advantage shrinks with scale.
    public let slope: Figure

    /// Fewest seeds at a budget.
    public static let fewestSeeds = 3

    /// The gain at a budget.
    ///
    /// Intervals resample the seeds of each budget with replacement, their deviations from the budget's mean scaled by
    /// sqrt(n / (n - 1)), because n seeds show that much less than their spread.
    /// - Throws: ``AssayError`` for too few budgets or seeds, losses that no law falls along, and a loss of the arm that the
    ///   control does not reach at any budget.
    public init(
        arm: [BudgetLosses], control: [BudgetLosses], at budget: Double, level: Double = 0.95, draws: Int = 1_000
    ) throws {
        for (side, name) in [(arm, "the arm"), (control, "the control")] {
            guard Set(side.map(\.budget)).count == side.count, side.count >= PowerLaw.fewestBudgets,
                side.allSatisfy({ $0.losses.count >= ComputeEquivalentGain.fewestSeeds })
            else {
                throw AssayError.badInput(
                    "\(name) has \(side.count) budgets of \(side.map(\.losses.count).min() ?? 0) seeds and more",
                    remedy: "A fit needs \(PowerLaw.fewestBudgets) different budgets of "
                        + "\(ComputeEquivalentGain.fewestSeeds) seeds")
            }
        }
        guard budget.isFinite, budget > 0, let armLaw = ComputeEquivalentGain.law(arm),
            let controlLaw = ComputeEquivalentGain.law(control)
        else { throw AssayError.badInput("the losses do not fall along a power law") }
        guard let figures = ComputeEquivalentGain.figures(armLaw, controlLaw, budget) else {
            throw AssayError.badInput(
                "the control does not reach the arm's loss of \(armLaw.loss(at: budget)) at any budget",
                remedy: "Ask for a smaller budget")
        }
        let key = ContentHash(of: "assay/power-law").leadingBits
        let samples = (0..<draws).map { draw -> (gain: Double, slope: Double) in
            var random = CounterRandom(key: key, index: UInt64(draw))
            guard let first = ComputeEquivalentGain.law(ComputeEquivalentGain.resampled(arm, &random)),
                let second = ComputeEquivalentGain.law(ComputeEquivalentGain.resampled(control, &random))
            else { return (.nan, .nan) }
            return ComputeEquivalentGain.figures(first, second, budget) ?? (.nan, .nan)
        }
        func figure(_ value: Double, _ values: [Double]) -> Figure {
            let interval = Quantile.interval(values, level: level)
            return Figure(value: value, low: interval?.low, high: interval?.high)
        }
        self.arm = armLaw
        self.control = controlLaw
        gain = figure(figures.gain, samples.map(\.gain))
        slope = figure(figures.slope, samples.map(\.slope))
    }

    private static func law(_ side: [BudgetLosses]) -> PowerLaw? {
        PowerLaw(
            budgets: side.flatMap { point in point.losses.map { _ in point.budget } }, losses: side.flatMap(\.losses))
    }

    /// The gain and d ln gain / d ln C: with x = L_arm - E_control, ln C_control = -ln(x / A) / a, whose derivative is
    /// a_arm (L_arm - E_arm) / (a_control x), minus one for C itself.
    private static func figures(
        _ arm: PowerLaw, _ control: PowerLaw, _ budget: Double
    ) -> (gain: Double, slope: Double)? {
        let loss = arm.loss(at: budget)
        guard let equivalent = control.budget(for: loss), equivalent.isFinite else { return nil }
        let slope = arm.exponent * (loss - arm.floor) / (control.exponent * (loss - control.floor)) - 1
        return (equivalent / budget, slope)
    }

    private static func resampled(_ side: [BudgetLosses], _ random: inout CounterRandom) -> [BudgetLosses] {
        side.map { point in
            let n = Double(point.losses.count)
            let mean = point.losses.reduce(0, +) / n
            let scale = (n / (n - 1)).squareRoot()
            return BudgetLosses(
                budget: point.budget,
                losses: point.losses.map { _ in mean + scale * (random.pick(point.losses) - mean) })
        }
    }
}
