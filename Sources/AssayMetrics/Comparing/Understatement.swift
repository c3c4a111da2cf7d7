import AssayCore
import AssayStatistics

/// How much larger an arm's loss is on hard items than a public score shows (X1), in standard deviations of the control's
/// seeds.
public struct Understatement: Sendable, Hashable {
    /// Scores of the same seeds of control and arm, turned so that more is better.
    public struct Scores: Sendable, Hashable {
        /// The control's, one a seed.
        public var control: [Double]
        /// The arm's, in the same order.
        public var arm: [Double]

        /// Scores.
        public init(control: [Double], arm: [Double]) {
            self.control = control
            self.arm = arm
        }

        fileprivate var differences: [Double] { zip(control, arm).map { $1 - $0 } }
    }

    /// Mean difference arm - control on the public score, in seed deviations of the control.
    public let publicLoss: Double
    /// Mean difference on the hard items, in their seed deviations.
    public let hardLoss: Double
    /// U' = hard - public, paired by seed, with its t test: below zero the public score understates the loss. This is what is
    /// tested. The deviations count as known.
    public let difference: PairedComparison
    /// U = hard / public: what is quoted.
    public var ratio: Double { hardLoss / publicLoss }
    /// Fieller's interval of U.
    public let ratioInterval: Fieller.Interval

    /// Fewest seeds whose spread is a unit.
    public static let fewestSeeds = 3

    /// Compares the two losses.
    /// - Parameter level: of the ratio's interval.
    /// - Throws: ``AssayError`` for fewer than three seeds, unpaired seeds, or a control without spread over its seeds.
    public init(publicScores: Scores, hardScores: Scores, level: Double = 0.95) throws {
        let counts = [publicScores.control, publicScores.arm, hardScores.control, hardScores.arm].map(\.count)
        guard Set(counts).count == 1, counts[0] >= Understatement.fewestSeeds else {
            throw AssayError.badInput(
                "\(counts.map(String.init).joined(separator: ", ")) seeds",
                remedy: "Control and arm need the same \(Understatement.fewestSeeds) seeds or more on both scores")
        }
        let units = [publicScores.control, hardScores.control].map(Understatement.deviation)
        guard units.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw AssayError.badInput("the control's seeds do not differ, so that there is no unit")
        }
        let easy = publicScores.differences.map { $0 / units[0] }
        let hard = hardScores.differences.map { $0 / units[1] }
        difference = .seeds(baseline: easy, candidate: hard)
        let means = (difference.baseline, difference.candidate)
        publicLoss = means.0
        hardLoss = means.1
        let n = Double(easy.count)
        let products = zip(easy, hard).reduce(0) { $0 + ($1.0 - means.0) * ($1.1 - means.1) }
        let covariance = products / (n - 1) / n
        ratioInterval = Fieller.interval(
            (hardLoss, Understatement.deviation(hard) / n.squareRoot()),
            over: (publicLoss, Understatement.deviation(easy) / n.squareRoot()), covariance: covariance,
            critical: StudentT.quantile(0.5 + level / 2, degreesOfFreedom: n - 1))
    }

    private static func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }
}
