import AssayCore

extension MazeState.Plan {
    /// Draws a way of so many moves through a square grid and side passages off it, all cells visited at most once.
    ///
    /// The way is the first branch of a random depth-first walk that is long enough; a draw in which the walk ends too soon
    /// or the passages find no room is repeated.
    /// - Parameters:
    ///   - moves: of the way, two or more.
    ///   - passages: dead ends of one or two cells, each at a cell of its own between start and exit.
    ///   - marks: entries of the legend, four or more.
    ///   - size: cells of a side of the grid.
    init(moves: Int, passages: Int, marks: Int, size: Int, _ random: inout CounterRandom) {
        legend = Self.legend(marks, &random)
        (way, self.passages) = ([], [])
        self.marks = [Int32](repeating: Vocabulary.padding, count: moves + 1)
        while true {
            guard let cells = Self.walk(moves, size: size, &random) else { continue }
            way = zip(cells, cells.dropFirst()).map { Self.direction(from: $0, to: $1, size: size) }
            self.passages = [[Int]](repeating: [], count: moves + 1)
            if dig(passages, along: cells, size: size, &random) { break }
        }
        for (place, direction) in way.enumerated() where !self.passages[place].isEmpty {
            self.marks[place] = random.pick(legend.filter { $0.direction == direction }.map(\.mark))
        }
    }

    /// Marks for directions, every direction among them.
    private static func legend(_ count: Int, _ random: inout CounterRandom) -> [(mark: Int32, direction: Int)] {
        var directions = (0..<count).map { $0 < 4 ? $0 : random.below(4) }
        random.shuffle(&directions)
        return zip(MazeState.marks.distinct(count, &random), directions).map { ($0, $1) }
    }

    private static func neighbours(_ cell: Int, size: Int) -> [(direction: Int, cell: Int)] {
        var found: [(direction: Int, cell: Int)] = []
        if cell >= size { found.append((0, cell - size)) }
        if cell % size < size - 1 { found.append((1, cell + 1)) }
        if cell < size * (size - 1) { found.append((2, cell + size)) }
        if cell % size > 0 { found.append((3, cell - 1)) }
        return found
    }

    private static func direction(from cell: Int, to next: Int, size: Int) -> Int {
        switch next - cell {
        case -size: 0
        case 1: 1
        case size: 2
        default: 3
        }
    }

    /// The cells of a way; nil when the walk ended before it was long enough.
    private static func walk(_ moves: Int, size: Int, _ random: inout CounterRandom) -> [Int]? {
        var isVisited = [Bool](repeating: false, count: size * size)
        var path = [random.below(size * size)]
        isVisited[path[0]] = true
        while path.count <= moves {
            let open = neighbours(path[path.count - 1], size: size).filter { !isVisited[$0.cell] }
            if open.isEmpty {
                path.removeLast()
                if path.isEmpty { return nil }
            } else {
                let next = open[random.below(open.count)].cell
                isVisited[next] = true
                path.append(next)
            }
        }
        return path
    }

    /// Digs passages; false when there is no room for all of them.
    private mutating func dig(
        _ count: Int, along cells: [Int], size: Int, _ random: inout CounterRandom
    ) -> Bool {
        var isTaken = [Bool](repeating: false, count: size * size)
        for cell in cells { isTaken[cell] = true }
        var left = count
        for index in random.distinct(cells.count - 2, below: cells.count - 2) where left > 0 {
            let place = index + 1
            var cell = cells[place]
            for _ in 0...random.below(2) {
                let open = Self.neighbours(cell, size: size).filter { !isTaken[$0.cell] }
                guard !open.isEmpty else { break }
                let next = open[random.below(open.count)]
                passages[place].append(next.direction)
                isTaken[next.cell] = true
                cell = next.cell
            }
            if !passages[place].isEmpty { left -= 1 }
        }
        return left == 0
    }
}
