import Foundation

/// How the chance of error is spent over the looks at data that are drawn in portions.
public enum SpendingMethod: String, Sendable, Codable, CaseIterable {
    /// A number of looks that is fixed beforehand, with O'Brien and Fleming's boundary: nearly nothing is spent on the
    /// first ones, so that the last look costs hardly more than a test without looks.
    case obrienFleming = "obrien-fleming"
    /// The normal-mixture boundary, which holds at all times: looks may be added, at the price of power.
    case anytime
}

/// A look at data of which more may be drawn: turns p values and standard errors of the moment into ones that hold although
/// there may have been looks before and may be looks after, whatever made the drawing stop.
///
/// p values are *repeated p values*, intervals *repeated confidence intervals* (Jennison and Turnbull, JRSS B 51, 1989): the
/// chance that any look of a null experiment shows as much, and the differences that no look would reject. The statistic of
/// the moment enters through its p value (the significance-level approach), so that few clusters are allowed for.
public struct SequentialLook: Sendable, Hashable {
    /// How the chance of error is spent.
    public let method: SpendingMethod
    /// The share of all data that could be drawn at each look, ascending, the last 1.
    public let fractions: [Double]
    /// Which look it is, from 0.
    public let look: Int

    /// The share of the data at which the mixture boundary is tightest: half of them.
    public static let tightest = 0.5

    /// A look.
    /// - Parameters:
    ///   - fractions: of the data at each look; ascending, the last 1.
    ///   - look: from 0.
    public init(method: SpendingMethod, fractions: [Double], look: Int) {
        precondition(fractions.indices.contains(look), "a look beyond the last")
        self.method = method
        self.fractions = fractions
        self.look = look
    }

    /// Whether all data are drawn that could be.
    public var isLast: Bool { look == fractions.count - 1 }

    /// The p value that pays for the looks, from the two-sided p value of the moment.
    public func pValue(_ momentary: Double) -> Double {
        let z = -Normal.quantile(min(0.5, max(0.5 * momentary, 1e-300)))
        switch method {
        case .obrienFleming:
            return GroupSequential.exceedance(fractions, statistic: z * fractions[look].squareRoot())
        case .anytime:
            return mixture(alpha: 0.05).pValue(sum: z * fractions[look].squareRoot(), variance: fractions[look])
        }
    }

    /// The two-sided level at which a test of the moment is held, so that all looks together err with chance `alpha`.
    public func momentaryAlpha(_ alpha: Double) -> Double {
        // An interval of no confidence has no width, and no boundary.
        guard alpha < 1 else { return 1 }
        switch method {
        case .obrienFleming:
            return Normal.twoSided(
                SequentialConstants.shared.constant(fractions, alpha: alpha) / fractions[look].squareRoot())
        case .anytime:
            return Normal.twoSided(
                mixture(alpha: alpha).boundary(variance: fractions[look]) / fractions[look].squareRoot())
        }
    }

    /// The mixture in units of all data, the same one for every level.
    private func mixture(alpha: Double) -> NormalMixture {
        NormalMixture(rho: NormalMixture(tightestAt: SequentialLook.tightest).rho, alpha: alpha)
    }
}

/// The constants of O'Brien and Fleming's boundaries that were asked for: each takes thousands of exponentials to find.
final class SequentialConstants: @unchecked Sendable {
    static let shared = SequentialConstants()

    private struct Key: Hashable {
        var fractions: [Double]
        var alpha: Double
    }

    private let lock = NSLock()
    private var known: [Key: Double] = [:]

    func constant(_ fractions: [Double], alpha: Double) -> Double {
        lock.withLock {
            let key = Key(fractions: fractions, alpha: alpha)
            if let found = known[key] { return found }
            let made = GroupSequential(fractions: fractions, alpha: alpha).constant
            known[key] = made
            return made
        }
    }
}
