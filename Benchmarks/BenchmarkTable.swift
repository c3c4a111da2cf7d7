import Foundation

/// The rows of a run as an aligned table for people, printed as they come in.
struct BenchmarkTable {
    private static let headings = [
        "case", "width", "length", "threads", "ours", "peer", "unit", "ratio", "peak", "peer's peak", "note",
    ]
    private static let widths = [36, 5, 6, 7, 10, 10, 11, 6, 5, 11, 0]
    private static let leftAligned: Set<Int> = [0, 6, 10]

    /// The line above all rows.
    static var heading: String { line(headings) }

    /// One row.
    static func line(_ row: BenchmarkRow) -> String {
        let peersShare = row.shareOfPeak.flatMap { share in row.ratio.map { share / $0 } }
        return line([
            row.case, text(row.width), text(row.length), text(row.threads), figure(row.ours),
            row.peer.map(figure) ?? "-", row.unit, row.ratio.map { String(format: "%.2f", $0) } ?? "-",
            percent(row.shareOfPeak), percent(peersShare), row.note,
        ])
    }

    private static func line(_ cells: [String]) -> String {
        let padded = cells.enumerated().map { index, cell in
            let padding = String(repeating: " ", count: max(0, widths[index] - cell.count))
            return leftAligned.contains(index) ? cell + padding : padding + cell
        }
        let line = padded.joined(separator: "  ")
        return String(line[..<(line.lastIndex { $0 != " " }.map(line.index(after:)) ?? line.startIndex)])
    }

    private static func text(_ value: Int?) -> String { value.map(String.init) ?? "-" }

    private static func percent(_ share: Double?) -> String { share.map { String(format: "%.0f %%", 100 * $0) } ?? "-" }

    /// Three to four digits that count, thousands in groups.
    static func figure(_ value: Double) -> String {
        guard value >= 1000 else { return String(format: value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value) }
        var digits = Array(String(format: "%.0f", value))
        for position in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: position) }
        return String(digits)
    }
}
