import AssayCore

/// A machine that is driven by letters drawn at random, and has a value in every state.
protocol StateMachine: Sendable {
    /// The state before the first letter.
    var start: Int { get }
    /// Number of letters.
    var letters: Int { get }
    /// How many of them, from the first, can begin a word.
    var firstLetters: Int { get }
    /// Number of different values.
    var valueCount: Int { get }
    /// Draws a letter.
    func letter(isFirst: Bool, _ random: inout CounterRandom) -> Int
    /// The state after a letter.
    func step(_ state: Int, _ letter: Int) -> Int
    /// The value in a state.
    func value(_ state: Int) -> Int
    /// The chance of the best guess of a value by someone who knows the last `seen` letters, and none of the `hidden` ones
    /// before them.
    func floor(hidden: Int, seen: Int) -> Double
    /// The likeliest state after `count` letters.
    func likeliest(after count: Int) -> Int
}

/// A finite automaton by its table; its letters are equally likely.
struct Automaton: StateMachine {
    /// Number of states.
    let states: Int
    let start: Int
    let letters: Int
    let firstLetters: Int
    /// The state after a letter: `[state * letters + letter]`.
    let next: [Int]
    /// The value of each state.
    let values: [Int]
    let valueCount: Int
    /// All that some more letters can make of the values, up to renaming them: for each, the value of each state. Letters
    /// of a group only rename, so ``values`` is enough there.
    var views: [[Int]]

    func letter(isFirst: Bool, _ random: inout CounterRandom) -> Int {
        random.below(isFirst ? firstLetters : letters)
    }

    func step(_ state: Int, _ letter: Int) -> Int { next[state * letters + letter] }

    func value(_ state: Int) -> Int { values[state] }

    /// The likelihood of each state after `count` letters.
    func distribution(after count: Int) -> [Double] {
        var shares = [Double](repeating: 0, count: states)
        shares[start] = 1
        for place in 0..<max(count, 0) {
            let drawn = place == 0 ? firstLetters : letters
            var following = [Double](repeating: 0, count: states)
            for state in 0..<states where shares[state] > 0 {
                for letter in 0..<drawn { following[step(state, letter)] += shares[state] / Double(drawn) }
            }
            let isSettled = place > 0 && zip(shares, following).allSatisfy { abs($0 - $1) < 1e-15 }
            shares = following
            if isSettled { break }
        }
        return shares
    }

    /// The best guess whichever the last letters are.
    func floor(hidden: Int, seen: Int) -> Double {
        let shares = distribution(after: hidden)
        return views.reduce(0) { best, view in
            var likelihood = [Double](repeating: 0, count: valueCount)
            for state in 0..<states { likelihood[view[state]] += shares[state] }
            return max(best, likelihood.max() ?? 0)
        }
    }

    func likeliest(after count: Int) -> Int {
        let shares = distribution(after: count)
        return shares.indices.max { shares[$0] < shares[$1] } ?? start
    }
}
