import Foundation

/// How often repeated trials of one task all succeed, or succeed at least once.
public enum Reliability {
    /// pass^k: the chance that k trials drawn from `trials` (of which `successes` succeeded) all succeeded,
    /// C(c, k) / C(n, k) (tau-bench, arXiv 2406.12045).
    public static func allPass(successes: Int, trials: Int, k: Int) -> Double {
        guard k >= 1, k <= trials, (0...trials).contains(successes) else { return .nan }
        return (0..<k).reduce(1) { $0 * max(0, Double(successes - $1)) / Double(trials - $1) }
    }

    /// pass@k: the chance that at least one of k trials succeeded, 1 - C(n - c, k) / C(n, k) (arXiv 2107.03374).
    public static func anyPass(successes: Int, trials: Int, k: Int) -> Double {
        1 - allPass(successes: trials - successes, trials: trials, k: k)
    }
}
