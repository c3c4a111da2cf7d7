import Foundation

/// How small a difference can be seen, and how much data a difference needs.
public enum Power {
    /// The difference that a two-sided test finds with a power, given its standard error: (t_(1-alpha/2) + t_power) SE.
    public static func minimumDetectableEffect(
        standardError: StandardError, alpha: Double = 0.05, power: Double = 0.8
    ) -> Double {
        guard standardError.value > 0 else { return 0 }
        return standardError.value * factor(Double(standardError.degreesOfFreedom), alpha: alpha, power: power)
    }

    /// How many units (clusters or seeds) a two-sided test needs to find an effect with a power, when `units` of them
    /// gave the standard error. Nil when no number can be told or it exceeds a billion.
    public static func requiredUnits(
        effect: Double, standardError: StandardError, units: Int, alpha: Double = 0.05, power: Double = 0.8
    ) -> Int? {
        guard effect > 0, standardError.value > 0, units >= 2 else { return nil }
        let deviation = standardError.value * Double(units).squareRoot()
        let strata = units - standardError.degreesOfFreedom
        func isEnough(_ n: Int) -> Bool {
            n > strata
                && factor(Double(n - strata), alpha: alpha, power: power) * deviation / Double(n).squareRoot() <= effect
        }
        var high = max(2, strata + 1)
        while !isEnough(high) {
            high *= 2
            if high > 1_000_000_000 { return nil }
        }
        var low = high / 2
        while high - low > 1 {
            let middle = (low + high) / 2
            if isEnough(middle) { high = middle } else { low = middle }
        }
        return high
    }

    /// The smallest difference of accuracies of binary pairs that is found: z sqrt(DEFF pi_d / n), with z = 2.80 for 80 %.
    public static func minimumDetectableEffect(
        discordance: Double, items: Int, designEffect: Double = 1, alpha: Double = 0.05, power: Double = 0.8
    ) -> Double {
        (Normal.quantile(1 - alpha / 2) + Normal.quantile(power))
            * (designEffect * discordance / Double(items)).squareRoot()
    }

    /// Items needed to show with a power that two equal models are within a margin (TOST on binary pairs):
    /// (z_(1-alpha) + z_(1-beta/2))^2 DEFF pi_d / m^2.
    public static func equivalenceItems(
        discordance: Double, margin: Double, designEffect: Double = 1, alpha: Double = 0.05, power: Double = 0.8
    ) -> Int {
        let z = Normal.quantile(1 - alpha) + Normal.quantile(1 - (1 - power) / 2)
        return Int((z * z * designEffect * discordance / (margin * margin)).rounded(.up))
    }

    /// How many times more items clusters of a size need than independent items: 1 + (m - 1) ICC.
    public static func designEffect(itemsPerCluster: Double, correlation: Double) -> Double {
        1 + (itemsPerCluster - 1) * correlation
    }

    private static func factor(_ degrees: Double, alpha: Double, power: Double) -> Double {
        StudentT.quantile(1 - alpha / 2, degreesOfFreedom: degrees)
            + StudentT.quantile(power, degreesOfFreedom: degrees)
    }
}
