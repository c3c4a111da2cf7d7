import AssayCore

/// A maze of ``GridMaze`` and where the agent stands in it: on the way to the exit, or in a side passage.
struct MazeState: World {
    static let marks = SymbolRange(offset: 0, count: 64)
    static let tools = [
        ToolSignature(
            Vocabulary.move,
            ToolArgument(
                "direction",
                Vocabulary.firstDirection..<Vocabulary.firstDirection + Int32(Vocabulary.directionCount))),
        ToolSignature(Vocabulary.submit),
    ]

    /// The way and what leads off it. Directions are 0 north, 1 east, 2 south, 3 west.
    struct Plan: Sendable {
        /// The directions of the way, from the start to the exit.
        var way: [Int]
        /// The directions of the side passage at each cell of the way; empty where there is none.
        var passages: [[Int]]
        /// The marks at the cells with a passage, padding elsewhere.
        var marks: [Int32]
        /// Marks and the directions that they stand for.
        var legend: [(mark: Int32, direction: Int)]

        var bits: UInt64 {
            ContentBits.fast(
                way.map { Int32($0) } + passages.joined().map { Int32($0) } + marks
                    + legend.flatMap { [$0.mark, Int32($0.direction)] })
        }
    }

    let plan: Plan
    let drawnBits: UInt64
    /// Cells of the way behind the agent.
    private var place = 0
    /// Cells of the side passage that it went into.
    private var depth = 0
    private(set) var isSolved = false
    private(set) var isOver = false

    init(_ plan: Plan) {
        self.plan = plan
        drawnBits = plan.bits
    }

    var tools: [ToolSignature] { Self.tools }
    var facts: Int { plan.legend.count }
    var load: Int { plan.legend.count }
    var remainingSteps: Int { isOver ? 0 : depth + plan.way.count - place + 1 }
    var optimalLength: Int { prompt.count + 7 * plan.way.count + 2 }
    var bits: UInt64 { drawnBits ^ ContentBits.mix(UInt64(place << 8 | depth)) }

    var prompt: [Int32] {
        let legend = plan.legend.flatMap { [$0.mark, Vocabulary.firstDirection + Int32($0.direction)] }
        return [Vocabulary.start, Vocabulary.mazeTask, Vocabulary.goal] + legend + view
    }

    /// Where one can go from here, and what that does to the place.
    private var exits: [(direction: Int, place: Int, depth: Int)] {
        let passage = plan.passages[place]
        if depth > 0 {
            let back = (direction: (passage[depth - 1] + 2) % 4, place: place, depth: depth - 1)
            return depth < passage.count ? [back, (passage[depth], place, depth + 1)] : [back]
        }
        var exits: [(direction: Int, place: Int, depth: Int)] = []
        if place < plan.way.count { exits.append((plan.way[place], place + 1, 0)) }
        if place > 0 { exits.append(((plan.way[place - 1] + 2) % 4, place - 1, 0)) }
        if let first = passage.first { exits.append((first, place, 1)) }
        return exits
    }

    private var isAtExit: Bool { depth == 0 && place == plan.way.count }

    /// What is seen of the cell: the open directions, and its mark, or that it is the exit.
    private var view: [Int32] {
        let open = exits.reduce(0) { $0 | 1 << $1.direction }
        let mark = isAtExit ? Vocabulary.done : depth == 0 ? plan.marks[place] : Vocabulary.padding
        return [
            Vocabulary.observation, Vocabulary.firstView + Int32(open) - 1,
            mark == Vocabulary.padding ? Vocabulary.nothing : mark, Vocabulary.act,
        ]
    }

    private var moves: [[Int32]] {
        exits.sorted { $0.direction < $1.direction }.map { Self.move($0.direction) }
    }

    static func move(_ direction: Int) -> [Int32] {
        ToolSignature.call(Vocabulary.move, Vocabulary.firstDirection + Int32(direction))
    }

    var legalActions: [[Int32]] { moves + [ToolSignature.call(Vocabulary.submit)] }

    /// Sees the exit, but neither the legend nor where it came from.
    var memorylessActions: [[Int32]] { isAtExit ? [ToolSignature.call(Vocabulary.submit)] : moves }

    /// Out of a passage the way that it came in, else along the way.
    var expertAction: [Int32] {
        if depth > 0 { return Self.move((plan.passages[place][depth - 1] + 2) % 4) }
        return place < plan.way.count ? Self.move(plan.way[place]) : ToolSignature.call(Vocabulary.submit)
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        guard words.first == Vocabulary.move, let word = words.last else {
            isOver = true
            isSolved = isAtExit
            return .shows([isSolved ? Vocabulary.done : Vocabulary.failed])
        }
        guard let exit = exits.first(where: { Vocabulary.firstDirection + Int32($0.direction) == word }) else {
            return .refused(Vocabulary.notAllowed)
        }
        (place, depth) = (exit.place, exit.depth)
        return .observed(view)
    }

    /// Against a wall, a malformed call, or into a passage or back.
    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let right = expertAction
        switch random.below(4) {
        case 0: return [Vocabulary.move, Vocabulary.end]
        case 1:
            let walls = (0..<4).filter { wall in !exits.contains { $0.direction == wall } }
            return walls.isEmpty ? [Vocabulary.end] : Self.move(random.pick(walls))
        default:
            let others = moves.filter { $0 != right }
            return others.isEmpty ? [Vocabulary.end] : random.pick(others)
        }
    }
}
