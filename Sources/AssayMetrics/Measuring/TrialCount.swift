/// The trials of one episode: how many there were and how many came to their goal.
struct TrialCount: Sendable, Hashable {
    /// The place of the first trial, which stands for all in metrics over episodes.
    var first: Int
    /// Trials.
    var trials = 0
    /// Trials that came to their goal.
    var successes = 0
    /// Trials without a grade.
    var lost = 0

    /// The unbiased estimate of the chance that `k` trials all succeed: C(c, k) / C(K, k). Nil with fewer trials.
    func allSucceed(_ k: Int) -> Double? { trials < k ? nil : Self.chosen(k, of: successes, among: trials) }

    /// The unbiased estimate of the chance that any of `k` trials succeeds: 1 - C(K - c, k) / C(K, k).
    func anySucceeds(_ k: Int) -> Double? {
        trials < k ? nil : 1 - Self.chosen(k, of: trials - successes, among: trials)
    }

    /// C(count, k) / C(all, k), as a product of ratios.
    private static func chosen(_ k: Int, of count: Int, among all: Int) -> Double {
        (0..<k).reduce(1) { $0 * Double(max(0, count - $1)) / Double(all - $1) }
    }
}
