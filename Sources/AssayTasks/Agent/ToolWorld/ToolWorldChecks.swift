import AssayCore

extension ToolWorld {
    /// The better of two agents that understand nothing: the one that takes any legal action, and the one that follows
    /// the last observation without its labels and submits with any credential.
    public var statedFloor: Double { max(randomLegalSuccess, followingSuccess) }

    /// Dead ends shown by each record of the chain but the last.
    private var deadEnds: [Int] {
        (0..<depth - 1).map { decoys / (depth - 1) + ($0 < decoys % (depth - 1) ? 1 : 0) }
    }

    /// Picking one of the handles just shown, call by call, and then one of the credentials.
    var followingSuccess: Double {
        deadEnds.reduce(1 / Double(depth - 1)) { $0 / Double(1 + $1) }
    }

    /// The success rate of the random-legal agent, by recursion over (calls of the chain done, dead ends opened, actions
    /// left): of the legal actions (known handles, and known values times known credentials) one leads on, the unopened
    /// dead ends add a value each, one submission is right, the others fail, the rest changes nothing.
    var randomLegalSuccess: Double {
        let links = depth - 1
        let ends = deadEnds
        var chance = [[Double]](repeating: [Double](repeating: 0, count: decoys + 1), count: depth + 1)
        for _ in 0..<budget {
            var next = chance
            for done in 0...depth {
                let shown = ends.prefix(min(done, links)).reduce(0, +)
                for opened in 0...shown {
                    let handles = Double(1 + min(done, links) + shown)
                    let submissions = Double((opened + (done == depth ? 1 : 0)) * min(done, links))
                    let actions = handles + submissions
                    var solved = done == depth ? 1 : chance[done + 1][opened]
                    if opened < shown { solved += Double(shown - opened) * chance[done][opened + 1] }
                    let idle = handles - Double(shown - opened) - (done == depth ? 0 : 1)
                    solved += idle * chance[done][opened]
                    next[done][opened] = solved / actions
                }
            }
            chance = next
        }
        return chance[0][0]
    }

    /// Following the last observation without its labels: the first call is certain, a later one is right once in as many
    /// handles as were shown, the submission once in as many credentials; the mean over the actions.
    public var demonstrationFloor: Double {
        let links = depth - 1
        let calls = deadEnds.reduce(1.0) { $0 + 1 / Double(1 + $1) }
        return (calls + 1 / Double(links)) / Double(depth + 1)
    }

    /// Shortcuts on demonstrations: follow the last observation without labels, repeat the last action.
    public var baselines: [ShortcutBaseline] {
        let symbols = symbols
        @Sendable func isRight(_ action: [Int32], _ sequence: TaskSequence, _ question: Question) -> Double {
            sequence.tokens[question.answer].elementsEqual(action) ? 1 : 0
        }
        return [
            ShortcutBaseline(name: "follow-unlabelled") { sequence, question, random in
                let seen = sequence.tokens[..<question.answer.lowerBound]
                let last = seen.suffix(from: (seen.lastIndex(of: Vocabulary.end) ?? 0) + 1)
                let handles = last.filter { symbols.tool(for: $0) != nil }
                if !handles.isEmpty {
                    let handle = random.pick(handles)
                    let tool = symbols.tool(for: handle) ?? Vocabulary.padding
                    return isRight([tool, handle, Vocabulary.end], sequence, question)
                }
                let credentials = seen.filter(symbols.credentials.contains)
                guard let value = last.first(where: symbols.values.contains), !credentials.isEmpty else { return 0 }
                let action = [Vocabulary.submit, value, random.pick(credentials), Vocabulary.end]
                return isRight(action, sequence, question)
            },
            Self.repeatAction,
        ]
    }

    /// Those that play any task: what a step shows is enough to follow the chain.
    public var floorAgents: [FloorAgent] { FloorAgent.all }

    /// A token by its role in this world.
    func name(of token: Int32) -> String {
        let kinds = ["page", "door", "desk"]
        for (kind, range) in symbols.handles.enumerated() where range.contains(token) {
            return "\(kinds[kind])\(range.index(of: token))"
        }
        if symbols.labels.contains(token) { return "label\(symbols.labels.index(of: token))" }
        if symbols.credentials.contains(token) { return "pass\(symbols.credentials.index(of: token))" }
        if symbols.values.contains(token) { return "value\(symbols.values.index(of: token))" }
        return Vocabulary.name(of: token)
    }
}
