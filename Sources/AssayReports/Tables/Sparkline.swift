/// A series as a line of block characters, for terminals.
public enum Sparkline {
    private static let blocks = Array("▁▂▃▄▅▆▇█")

    /// The line: from the lowest block at the smallest value to the highest at the largest; the middle when all are
    /// equal.
    /// - Parameters:
    ///   - values: along the series; nil where a value is not defined, which is shown as a point.
    ///   - width: the most characters; neighbours of a longer series share one, which stands for their mean.
    /// - Returns: the line; `-` when no value is defined.
    public static func text(_ values: [Double?], width: Int = 24) -> String {
        let columns = columns(values.map { $0.flatMap { $0.isFinite ? $0 : nil } }, max(1, width))
        let defined = columns.compactMap { $0 }
        guard let low = defined.min(), let high = defined.max() else { return "-" }
        return String(
            columns.map { value -> Character in
                guard let value else { return "·" }
                // Halves, because the span of the largest numbers overflows.
                let share = high > low ? (value / 2 - low / 2) / (high / 2 - low / 2) : 0.5
                return blocks[min(blocks.count - 1, Int(share * Double(blocks.count)))]
            })
    }

    private static func columns(_ values: [Double?], _ width: Int) -> [Double?] {
        guard values.count > width else { return values }
        return (0..<width).map { column in
            let share = values[(column * values.count / width)..<((column + 1) * values.count / width)].compactMap {
                $0
            }
            return share.isEmpty ? nil : share.reduce(0) { $0 + $1 / Double(share.count) }
        }
    }
}
