/// Tests against a margin: what shows that something is not worse, or the same, instead of failing to show a difference.
public enum MarginTests {
    /// One-sided p of "the difference is at most -margin": small values show that nothing beyond the margin was lost
    /// (non-inferiority; differences are turned so that positive is better). Nil without a usable standard error.
    public static func nonInferiority(estimate: Double, standardError: StandardError, margin: Double) -> Double? {
        guard margin >= 0, estimate.isFinite, standardError.degreesOfFreedom >= 1, standardError.value > 0 else {
            return nil
        }
        return StudentT.upperTail(
            (estimate + margin) / standardError.value, degreesOfFreedom: Double(standardError.degreesOfFreedom))
    }

    /// p of two one-sided tests (TOST; Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15, 1987): small values show that
    /// the difference lies within the margin both ways.
    public static func equivalence(estimate: Double, standardError: StandardError, margin: Double) -> Double? {
        guard let below = nonInferiority(estimate: estimate, standardError: standardError, margin: margin),
            let above = nonInferiority(estimate: -estimate, standardError: standardError, margin: margin)
        else { return nil }
        return max(below, above)
    }
}
