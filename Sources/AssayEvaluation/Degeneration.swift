/// Watches for a model that goes on without doubt and without getting anywhere: a run of idle steps (tokens beyond the end
/// of the answer, or actions that change nothing) that are all but certain, as long as 12 % of what may be said.
///
/// MiniMax-M1 (arXiv 2506.13585) ends generations after 3,000 tokens in a row with a probability over 0.99. The share of
/// the budget is that of the design's metric Q16; certain steps that get somewhere are what a trained model does, and end a
/// run.
struct Degeneration {
    private let limit: Int
    private var run = 0
    private(set) var isDegenerate = false

    /// - Parameter budget: steps that may be taken.
    init(budget: Int) { limit = max(3, (min(budget, 1 << 20) * 12 + 99) / 100) }

    /// Takes a step.
    /// - Parameter isIdle: it was all but certain and led nowhere.
    mutating func add(isIdle: Bool) {
        run = isIdle ? run + 1 : 0
        if run >= limit { isDegenerate = true }
    }
}
