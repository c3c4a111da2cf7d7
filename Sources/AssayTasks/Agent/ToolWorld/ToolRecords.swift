import AssayCore

/// The hidden tables of an episode: what the tools of ``ToolWorld`` answer.
struct ToolRecords: Sendable {
    /// Symbols by role, `symbols` of each.
    struct Symbols: Sendable, Hashable {
        /// Handles by the tool that opens them.
        let handles: [SymbolRange]
        /// Goal labels, decoy labels, names of credentials.
        let labels: SymbolRange
        let credentials: SymbolRange
        let values: SymbolRange

        init(_ count: Int) {
            handles = (0..<Vocabulary.toolCount).map { SymbolRange(offset: $0 * 32, count: count) }
            labels = SymbolRange(offset: 96, count: count)
            credentials = SymbolRange(offset: 128, count: count)
            values = SymbolRange(offset: 160, count: count)
        }

        /// The tools: each opens handles of its own kind, and one submits.
        var tools: [ToolSignature] {
            handles.enumerated().map {
                ToolSignature(Vocabulary.firstTool + Int32($0.offset), ToolArgument("handle", $0.element))
            } + [
                ToolSignature(
                    Vocabulary.submit, ToolArgument("value", values), ToolArgument("credential", credentials))
            ]
        }

        /// The tool that opens a handle; nil when it is no handle.
        func tool(for handle: Int32) -> Int32? {
            handles.firstIndex { $0.contains(handle) }.map { Vocabulary.firstTool + Int32($0) }
        }
    }

    /// Dependent calls up to the final value.
    let depth: Int
    /// The handle of each record: those of the chain first, then the decoys.
    let handles: [Int32]
    /// The record whose observation shows the handle; the prompt shows that of record 0, its own.
    let shownBy: [Int]
    /// What the tool answers, by record.
    let observations: [[Int32]]
    /// The value shown by the last record of the chain and by each decoy; padding for the others.
    let values: [Int32]
    /// The credential shown by each record of the chain but the last.
    let credentials: [Int32]
    /// Which of them the submission needs.
    let needed: Int
    /// The goal, the first handle, and the request to act.
    let prompt: [Int32]
    let symbols: Symbols

    /// The fingerprint of all that is hidden and shown.
    var bits: UInt64 { ContentBits.fast(prompt + observations.joined()) }

    /// Draws the tables for a chain of `depth` records and `decoys` dead ends, spread over the chain's observations.
    init(depth: Int, decoys: Int, symbols: Symbols, random: inout CounterRandom) {
        let count = depth + decoys
        let links = depth - 1
        self.depth = depth
        self.symbols = symbols
        let handles = ToolRecords.drawHandles(count, symbols, &random)
        let shownBy = (0..<count).map { $0 < depth ? max(0, $0 - 1) : ($0 - depth) % links }
        let labels = symbols.labels.distinct(1 + links + decoys, &random)
        let credentials = symbols.credentials.distinct(links, &random)
        let drawnValues = symbols.values.distinct(1 + decoys, &random)
        let needed = random.below(links)
        let goal = labels[0]
        let names = labels[1...links]
        var values = [Int32](repeating: Vocabulary.padding, count: count)
        var observations: [[Int32]] = []
        observations.reserveCapacity(count)
        for record in 0..<count {
            var text: [Int32] = [Vocabulary.observation]
            if record < links {
                text += [names[1 + record], credentials[record]]
                var shown = (depth..<count).filter { shownBy[$0] == record }
                shown.append(record + 1)
                random.shuffle(&shown)
                for other in shown {
                    text.append(other < depth ? goal : labels[1 + links + other - depth])
                    text.append(handles[other])
                }
            } else {
                values[record] = drawnValues[record - links]
                let asked = record == links ? needed : random.below(links)
                text += [values[record], names[1 + asked]]
            }
            text.append(Vocabulary.act)
            observations.append(text)
        }
        self.handles = handles
        self.shownBy = shownBy
        self.credentials = credentials
        self.needed = needed
        self.values = values
        self.observations = observations
        prompt = [Vocabulary.start, Vocabulary.toolTask, Vocabulary.goal, goal, handles[0], Vocabulary.act]
    }

    /// Handles of random kinds, all different.
    private static func drawHandles(_ count: Int, _ symbols: Symbols, _ random: inout CounterRandom) -> [Int32] {
        let size = symbols.labels.count
        return random.distinct(count, below: size).map { symbols.handles[random.below(Vocabulary.toolCount)][$0] }
    }

    /// The tool that opens a record, with its handle.
    func call(_ record: Int) -> [Int32] {
        [symbols.tool(for: handles[record]) ?? Vocabulary.padding, handles[record], Vocabulary.end]
    }

    /// The submission that solves the episode.
    var solution: [Int32] {
        [Vocabulary.submit, values[depth - 1], credentials[needed], Vocabulary.end]
    }

    /// Tokens from the start to the end of the optimal play.
    var optimalLength: Int {
        prompt.count + solution.count
            + (0..<depth).reduce(0) { $0 + 3 + observations[$1].count }
    }
}
