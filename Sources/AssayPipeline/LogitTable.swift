import AssayEvaluation
import AssayReports
import Foundation

extension LogitProbe {
    /// The most likely tokens after each position, with their logits.
    public func table(top count: Int) -> TextTable {
        let count = min(count, vocabulary)
        var table = TextTable(
            [.init("position", .right), .init("id", .right)]
                + (1...max(count, 1)).map { TextTable.Column("top \($0)", .right) })
        for position in ids.indices {
            let row = Array(self.row(position))
            // The first of equals, as in the greedy continuation.
            let best = row.indices.sorted { (-row[$0], $0) < (-row[$1], $1) }.prefix(count)
            table.append(
                [String(position), String(ids[position])]
                    + best.map { "\($0) (\(String(format: "%.4f", Double(row[$0]))))" })
        }
        return table
    }
}
