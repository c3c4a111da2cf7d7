import AssayCore

/// Reads a transcript of ``GridMaze``: keeps the way back out of wrong turns.
struct MazeReader: WorldReader {
    private let legend: [Int32: Int32]
    /// Directions that lead back to where the way was left, the next one last.
    private var back: [Int32] = []
    private var last: Int32?
    private var view = 0
    private var mark: Int32 = Vocabulary.nothing
    private var isSound = true

    /// Takes `goal`, the legend and the first view.
    init?(_ prompt: [Int32]) {
        guard prompt.count >= 6, prompt.count % 2 == 0, prompt[0] == Vocabulary.goal else { return nil }
        let pairs = stride(from: 1, to: prompt.count - 3, by: 2).map { (prompt[$0], prompt[$0 + 1]) }
        legend = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        isSound = legend.count == pairs.count
        if look(Array(prompt.suffix(3))) != nil { return nil }
    }

    var facts: Int { legend.count }
    var load: Int { legend.count }
    var isLast: Bool { back.isEmpty && mark == Vocabulary.done }

    private func opposite(_ direction: Int32) -> Int32 {
        Vocabulary.firstDirection + (direction - Vocabulary.firstDirection + 2) % 4
    }

    var expected: [Int32]? {
        guard isSound else { return nil }
        if let direction = back.last { return ToolSignature.call(Vocabulary.move, direction) }
        if mark == Vocabulary.done { return ToolSignature.call(Vocabulary.submit) }
        if let direction = legend[mark] { return ToolSignature.call(Vocabulary.move, direction) }
        let came = last.map(opposite)
        let open = (0..<Int32(4)).filter { view >> $0 & 1 == 1 }.map { Vocabulary.firstDirection + $0 }
        let onward = open.filter { $0 != came }
        return onward.count == 1 ? ToolSignature.call(Vocabulary.move, onward[0]) : nil
    }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        guard action.count == 3, action[0] == Vocabulary.move else { return "a wrong action was answered" }
        let direction = action[1]
        if !back.isEmpty {
            if isRight { back.removeLast() } else { back.append(opposite(direction)) }
        } else if isRight {
            last = direction
        } else {
            back.append(opposite(direction))
        }
        return look(observation)
    }

    private mutating func look(_ observation: [Int32]) -> String? {
        guard observation.count == 3, observation[0] == Vocabulary.observation,
            (Vocabulary.firstView..<Vocabulary.firstView + Int32(Vocabulary.viewCount)).contains(observation[1])
        else { return "no view" }
        view = Int(observation[1] - Vocabulary.firstView) + 1
        mark = observation[2]
        return nil
    }
}
