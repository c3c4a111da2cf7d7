import AssayCore

/// Chains of links, each link a fact: all chains have `depth` links but for one that takes the rest. The facts stand in
/// random order, so that a place tells neither chain nor depth.
struct Chains: Sendable {
    let depth: Int
    /// Links of each chain; the shorter one comes last.
    let lengths: [Int]
    /// Where the links of each chain stand among the facts.
    let places: [[Int]]

    /// Arranges so many facts.
    init(facts: Int, depth: Int, _ random: inout CounterRandom) {
        self.depth = depth
        var lengths = [Int](repeating: depth, count: facts / depth)
        if facts % depth > 0 { lengths.append(facts % depth) }
        self.lengths = lengths
        var order = Array(0..<facts)
        random.shuffle(&order)
        var first = 0
        places = lengths.map { length in
            first += length
            return Array(order[first - length..<first])
        }
    }

    /// Chains with all links.
    var full: Int { lengths[lengths.count - 1] == depth ? lengths.count : lengths.count - 1 }

    /// The facts in order of appearance.
    func facts(_ tokens: (_ chain: Int, _ link: Int) -> [Int32]) -> [[Int32]] {
        var facts = [[Int32]](repeating: [], count: lengths.reduce(0, +))
        for chain in lengths.indices {
            for link in 0..<lengths[chain] { facts[places[chain][link]] = tokens(chain, link) }
        }
        return facts
    }

    /// A chain that has so many links, evenly; and any of its links from which so many are left.
    func stretch(_ links: Int, _ random: inout CounterRandom) -> (chain: Int, first: Int) {
        let isShortToo = full < lengths.count && lengths[full] >= links
        let chain = random.below(isShortToo ? lengths.count : full)
        return (chain, random.below(lengths[chain] - links + 1))
    }

    /// Any link of any chain, evenly.
    func link(_ random: inout CounterRandom) -> (chain: Int, link: Int) {
        let number = random.below(lengths.reduce(0, +))
        return (number / depth, number % depth)
    }

    /// Where some links stand among the facts.
    func support(_ chain: Int, _ links: Range<Int>) -> [Int] { Array(places[chain][links]) }

    /// Refuses chains that the facts do not allow.
    static func demand(_ p: ParameterValues) throws {
        try p.require(
            "facts", atLeast: p["hops"] * max(p["questions"] + 1, 3),
            because: "every question is about another chain of \(p["hops"]) facts, and guessing must stay guessing")
    }

    /// Names that chains of facts need when each has `ends` more of them than links.
    static func names(_ p: ParameterValues, ends: Int) -> Int {
        p["facts"] + ends * ((p["facts"] + p["hops"] - 1) / p["hops"])
    }
}

/// A task whose facts are links of chains.
protocol ChainTask: HopTask {
    /// Facts of an evaluation sequence.
    var facts: Int { get }
    /// Most facts that there are names for, in chains of some links.
    func mostFacts(depth: Int) -> Int
    /// A world of some facts in chains of some links.
    func world(facts: Int, depth: Int, _ random: inout CounterRandom) -> World
}

extension ChainTask {
    /// What saying the answer of the last fact reaches on single hops, where any other answer is a guess.
    func lastFactFloor(guess: Double) -> Double { guess + (1 - guess) / Double(facts) }

    /// As many as in evaluation.
    func mostFacts(depth: Int) -> Int { facts }

    func evaluationWorld(_ random: inout CounterRandom) -> World {
        world(facts: facts, depth: frame.hops, &random)
    }

    func trainingWorld(hops: Int, _ random: inout CounterRandom) -> World {
        let depth = random.difficulty(hops...frame.hops)
        let most = mostFacts(depth: depth)
        return world(facts: random.difficulty(min(most, 2 * depth)...most), depth: depth, &random)
    }
}

extension TaskParameter {
    /// Facts of the tasks of chains.
    static func chainFacts(_ value: Int) -> TaskParameter {
        TaskParameter("facts", value, 3...512, "facts in the context, in chains of `hops`: the load")
    }

    /// Most hops of a question.
    static func hops(_ value: Int) -> TaskParameter {
        TaskParameter("hops", value, 1...16, "most hops of a question; questions draw from 1, 2, 3, ...")
    }

    /// Questions in a sequence about chains.
    static func chainQuestions(_ value: Int) -> TaskParameter {
        TaskParameter("questions", value, 1...32, "questions in an evaluation sequence, each about another chain")
    }
}
