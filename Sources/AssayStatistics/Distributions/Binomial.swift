import Foundation

/// The binomial distribution.
public enum Binomial {
    /// P(X = successes).
    public static func mass(_ successes: Int, trials: Int, probability: Double) -> Double {
        guard (0...max(0, trials)).contains(successes), trials >= 0, (0...1).contains(probability) else { return 0 }
        if probability == 0 { return successes == 0 ? 1 : 0 }
        if probability == 1 { return successes == trials ? 1 : 0 }
        let k = Double(successes)
        let n = Double(trials)
        let logChoose = -log(n + 1) - SpecialFunctions.logBeta(n - k + 1, k + 1)
        return exp(logChoose + k * log(probability) + (n - k) * log1p(-probability))
    }

    /// P(X <= successes).
    public static func cumulative(_ successes: Int, trials: Int, probability: Double) -> Double {
        if successes < 0 { return 0 }
        if successes >= trials { return 1 }
        return SpecialFunctions.incompleteBeta(
            1 - probability, complement: probability, Double(trials - successes), Double(successes + 1))
    }
}

/// McNemar's exact test, for independent pairs of right/wrong answers only.
public enum McNemar {
    /// Two-sided p for the counts of the two kinds of discordant pairs: twice the smaller tail of Bin(n, 1/2), at most 1.
    public static func exact(_ onlyFirst: Int, _ onlySecond: Int) -> Double {
        min(1, 2 * Binomial.cumulative(min(onlyFirst, onlySecond), trials: onlyFirst + onlySecond, probability: 0.5))
    }

    /// The mid-p form, which counts half of the observed outcome's probability.
    public static func midP(_ onlyFirst: Int, _ onlySecond: Int) -> Double {
        let n = onlyFirst + onlySecond
        let smaller = min(onlyFirst, onlySecond)
        if onlyFirst == onlySecond { return 1 }
        return 2 * Binomial.cumulative(smaller, trials: n, probability: 0.5)
            - Binomial.mass(smaller, trials: n, probability: 0.5)
    }
}
