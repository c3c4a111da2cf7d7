import Foundation

/// A saturating power law L = E + A C^-a, as losses fall with compute (arXiv 2203.15556).
public struct PowerLaw: Sendable, Hashable {
    /// E: what no compute removes, at least 0.
    public let floor: Double
    /// A, above 0.
    public let scale: Double
    /// a, above 0.
    public let exponent: Double

    /// A law by its constants.
    public init(floor: Double, scale: Double, exponent: Double) {
        self.floor = floor
        self.scale = scale
        self.exponent = exponent
    }

    /// Fewest different budgets that tell three constants and a misfit.
    public static let fewestBudgets = 4

    /// The least-squares fit: E and A in closed form for each exponent, which is searched from 0.01 to 4.
    ///
    /// Nil for fewer than four budgets, values that are not finite and positive, or when no law falls along the points.
    public init?(budgets: [Double], losses: [Double]) {
        precondition(budgets.count == losses.count, "unpaired values")
        guard Set(budgets).count >= PowerLaw.fewestBudgets,
            (budgets + losses).allSatisfy({ $0.isFinite && $0 > 0 })
        else { return nil }
        // About the geometric mean, so that the powers stay near one.
        let logs = budgets.map(log)
        let centre = logs.reduce(0, +) / Double(logs.count)
        let shifted = logs.map { $0 - centre }
        func trial(_ logExponent: Double) -> (error: Double, law: PowerLaw?) {
            PowerLaw.linear(shifted, losses, exponent: exp(logExponent))
        }
        let grid = stride(from: log(0.01), through: log(4), by: 0.1).map { ($0, trial($0).error) }
        guard let start = grid.min(by: { $0.1 < $1.1 })?.0 else { return nil }
        var (low, high) = (start - 0.1, start + 0.1)
        let ratio = 0.5 * (5.0.squareRoot() - 1)
        var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
        var (leftError, rightError) = (trial(left).error, trial(right).error)
        while high - low > 1e-6 {
            if leftError < rightError {
                (high, right, rightError) = (right, left, leftError)
                left = high - ratio * (high - low)
                leftError = trial(left).error
            } else {
                (low, left, leftError) = (left, right, rightError)
                right = low + ratio * (high - low)
                rightError = trial(right).error
            }
        }
        guard let law = trial(0.5 * (low + high)).law else { return nil }
        self.init(
            floor: law.floor, scale: law.scale * exp(law.exponent * centre), exponent: law.exponent)
    }

    /// The loss at a budget.
    public func loss(at budget: Double) -> Double { floor + scale * pow(budget, -exponent) }

    /// The budget that reaches a loss; nil at or below the floor.
    public func budget(for loss: Double) -> Double? {
        loss > floor ? pow((loss - floor) / scale, -1 / exponent) : nil
    }

    /// The fit for a given exponent: regression on x = C^-a, with the floor held at zero where it would be below.
    private static func linear(
        _ logs: [Double], _ losses: [Double], exponent: Double
    ) -> (error: Double, law: PowerLaw?) {
        let x = logs.map { exp(-exponent * $0) }
        let n = Double(x.count)
        let mean = x.reduce(0, +) / n
        let level = losses.reduce(0, +) / n
        let squares = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        var scale = zip(x, losses).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - level) } / squares
        var floor = level - scale * mean
        if floor < 0 {
            floor = 0
            scale = zip(x, losses).reduce(0) { $0 + $1.0 * $1.1 } / x.reduce(0) { $0 + $1 * $1 }
        }
        guard scale > 0 else { return (.infinity, nil) }
        let error = zip(x, losses).reduce(0) { $0 + pow($1.1 - floor - scale * $1.0, 2) }
        return (error, PowerLaw(floor: floor, scale: scale, exponent: exponent))
    }
}
