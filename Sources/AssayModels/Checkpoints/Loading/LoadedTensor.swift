/// The values of a tensor on their way from a file to a parameter, seen as rows: `[rows, columns]`.
struct LoadedTensor {
    let rows: Int
    let columns: Int
    private(set) var values: [Float]

    init(rows: Int, columns: Int, values: [Float]) {
        precondition(values.count == rows * columns, "a tensor of another size")
        (self.rows, self.columns, self.values) = (rows, columns, values)
    }

    /// A column of zeros: a bias that a release leaves out.
    static func zeros(_ rows: Int) -> LoadedTensor {
        LoadedTensor(rows: rows, columns: 1, values: [Float](repeating: 0, count: rows))
    }

    /// Some of the rows.
    func rows(_ range: Range<Int>) -> LoadedTensor {
        LoadedTensor(
            rows: range.count, columns: columns,
            values: Array(values[(range.lowerBound * columns)..<(range.upperBound * columns)]))
    }

    /// The rows of these numbers, in their order.
    func rows(_ order: [Int]) -> LoadedTensor {
        var result: [Float] = []
        result.reserveCapacity(order.count * columns)
        for row in order { result += values[(row * columns)..<((row + 1) * columns)] }
        return LoadedTensor(rows: order.count, columns: columns, values: result)
    }

    /// Rows and columns exchanged.
    func transposed() -> LoadedTensor {
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        return LoadedTensor(rows: columns, columns: rows, values: result)
    }

    /// Every value changed.
    func map(_ change: (Float) -> Float) -> LoadedTensor {
        LoadedTensor(rows: rows, columns: columns, values: values.map(change))
    }

    /// The weight of a norm that is published as what is added to one.
    func plusOne() -> LoadedTensor { map { 1 + $0 } }
}

/// Orders of rows that projections of heads are rearranged by.
enum HeadRows {
    /// The rows `part` of each head, where the rows of every head are `parts` one after another.
    static func part(_ part: Int, of parts: [Int], heads: Int) -> [Int] {
        let (size, start) = (parts.reduce(0, +), parts[..<part].reduce(0, +))
        return (0..<heads).flatMap { head in (0..<parts[part]).map { head * size + start + $0 } }
    }

    /// For heads of `own | rotary` in interleaved pairs, the rows of heads of `rotary | own` in half-split pairs.
    static func latentQueries(heads: Int, own: Int, rotary: Int, interleaved: Bool) -> [Int] {
        (0..<heads).flatMap { head in
            let start = head * (own + rotary)
            return pairs(rotary, interleaved: interleaved).map { start + own + $0 } + (0..<own).map { start + $0 }
        }
    }

    /// The order in which rows of rotary pairs become half-split.
    static func pairs(_ count: Int, interleaved: Bool) -> [Int] {
        guard interleaved else { return Array(0..<count) }
        return stride(from: 0, to: count, by: 2).map { $0 } + stride(from: 1, to: count, by: 2).map { $0 }
    }
}
