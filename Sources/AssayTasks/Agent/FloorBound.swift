/// Bounds on what agents without understanding reach, from the rules of a world alone.
enum FloorBound {
    /// The chance to make every step of a plan in time, when the next step of the plan is taken with at most a given
    /// probability in every action, whatever was done before.
    ///
    /// An agent is at its farthest step s of the plan; each action takes it on with probability at most p_s, or not. The
    /// chain that is taken on with exactly p_s is never behind (a coupling by one uniform number an action).
    /// - Parameters:
    ///   - steps: the probabilities p_0, p_1, ...
    ///   - budget: actions.
    static func chain(_ steps: [Double], budget: Int) -> Double {
        guard steps.count <= budget else { return 0 }
        var at = [Double](repeating: 0, count: steps.count + 1)
        at[0] = 1
        for _ in 0..<budget {
            for step in stride(from: steps.count - 1, through: 0, by: -1) {
                at[step + 1] += at[step] * steps[step]
                at[step] *= 1 - steps[step]
            }
        }
        return min(1, at[steps.count])
    }

    /// The chance that a symmetric random walk on 0, 1, ..., that turns round at 0, comes to `goal` in time.
    static func walk(to goal: Int, budget: Int) -> Double {
        guard goal > 0 else { return 1 }
        var at = [Double](repeating: 0, count: goal + 1)
        at[0] = 1
        for _ in 0..<max(0, budget) {
            var next = [Double](repeating: 0, count: goal + 1)
            next[goal] = at[goal]
            for place in 0..<goal where at[place] > 0 {
                if place == 0 {
                    next[1] += at[0]
                } else {
                    next[place - 1] += at[place] / 2
                    next[place + 1] += at[place] / 2
                }
            }
            at = next
        }
        return min(1, at[goal])
    }
}
