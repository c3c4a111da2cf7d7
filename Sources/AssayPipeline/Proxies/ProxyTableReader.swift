import AssayCore
import AssayMetrics
import Foundation

/// Which columns of a table of runs are what.
public struct ProxyColumns: Sendable {
    /// The column to be predicted.
    public var target: String
    /// The column inside whose values pairs are taken; nil for all pairs.
    public var within: String?
    /// The column of what runs share; nil when each run stands for itself.
    public var cluster: String?
    /// Columns in which less is better.
    public var lower: [String]

    /// Columns by name.
    public init(target: String, within: String? = nil, cluster: String? = nil, lower: [String] = []) {
        self.target = target
        self.within = within
        self.cluster = cluster
        self.lower = lower
    }
}

/// Takes proxies and their target out of a table of runs.
struct ProxyTableReader {
    /// A cell as a number.
    private enum Cell: Equatable {
        case missing
        case number(Double)
        case notFinite
        case text
    }

    /// What stands for a missing number.
    private static let missing: Set<String> = ["", "na", "n/a", "null", "none"]
    private static let notFinite: Set<String> = ["nan", "inf", "infinity"]

    let table: CSVTable
    let columns: ProxyColumns
    /// Why columns that hold some numbers are no proxies.
    private(set) var skipped: [String] = []
    /// Columns without any number.
    private(set) var words: [String] = []

    init(table: CSVTable, columns: ProxyColumns) throws {
        self.table = table
        self.columns = columns
        let roles = [columns.target, columns.within, columns.cluster].compactMap { $0 }
        for name in roles + columns.lower { _ = try table.index(of: name) }
        guard Set(roles).count == roles.count else {
            throw AssayError(.usage, "--target, --within and --cluster must name different columns")
        }
    }

    /// The study of every column of numbers that has no other part.
    mutating func study() throws -> ProxyStudy {
        let target = try target()
        let others: Set<String> = Set([columns.target, columns.within, columns.cluster].compactMap { $0 })
        var proxies: [ProxyColumn] = []
        for name in table.columns where !others.contains(name) {
            if let proxy = try proxy(name) { proxies.append(proxy) }
        }
        for name in columns.lower where name != target.name && !proxies.contains(where: { $0.name == name }) {
            throw AssayError.badInput(
                "column '\(name)' of --lower is not one of numbers to compare", at: table.name)
        }
        guard !proxies.isEmpty else {
            throw AssayError.badInput("there is no column of numbers besides the target", at: table.name)
        }
        return ProxyStudy(
            target: target, proxies: proxies, within: try columns.within.map(names),
            cluster: try columns.cluster.map(names))
    }

    private func target() throws -> ProxyColumn {
        let cells = try cells(columns.target)
        for (row, cell) in zip(table.rows, cells) where cell == .text {
            throw AssayError.badInput(
                "the target '\(columns.target)' is not a number: '\(try text(columns.target, row))'",
                at: "\(table.name):\(row.line)", remedy: "Leave cells without a value empty")
        }
        let values = cells.map(ProxyTableReader.number)
        let known = values.compactMap { $0 }
        guard known.count >= 2 else {
            throw AssayError.badInput(
                "\(known.count) rows have the target '\(columns.target)', at least 2 are needed", at: table.name)
        }
        guard known.contains(where: { $0 != known[0] }) else {
            throw AssayError.badInput(
                "the target '\(columns.target)' is the same in all rows, so that there is nothing to predict",
                at: table.name)
        }
        return column(columns.target, values)
    }

    /// A column as a proxy; nil when it is not one of numbers.
    private mutating func proxy(_ name: String) throws -> ProxyColumn? {
        let cells = try cells(name)
        let values = cells.map(ProxyTableReader.number)
        guard values.contains(where: { $0 != nil }) else {
            words.append(name)
            return nil
        }
        if let place = cells.firstIndex(of: .text) {
            let row = table.rows[place]
            skipped.append("'\(name)': line \(row.line) holds '\(try text(name, row))'")
            return nil
        }
        return column(name, values)
    }

    private func column(_ name: String, _ values: [Double?]) -> ProxyColumn {
        ProxyColumn(
            name: name, values: values, direction: columns.lower.contains(name) ? .lowerIsBetter : .higherIsBetter)
    }

    /// The cells of a column.
    /// - Throws: for a number that is not finite, where the column has no words.
    private func cells(_ name: String) throws -> [Cell] {
        let index = try table.index(of: name)
        let cells = table.rows.map { ProxyTableReader.cell($0.fields[index]) }
        if !cells.contains(.text), let place = cells.firstIndex(of: .notFinite) {
            let row = table.rows[place]
            throw AssayError.badInput(
                "'\(row.fields[index])' in column '\(name)' is not a finite number", at: "\(table.name):\(row.line)",
                remedy: "Leave cells without a value empty")
        }
        return cells
    }

    /// The names of groups or clusters, one a row.
    private func names(_ column: String) throws -> [String] {
        try table.rows.map { row in
            let name = try text(column, row)
            guard !name.isEmpty else {
                throw AssayError.badInput(
                    "no value in column '\(column)'", at: "\(table.name):\(row.line)",
                    remedy: "Every run needs one")
            }
            return name
        }
    }

    private func text(_ column: String, _ row: CSVTable.Row) throws -> String {
        row.fields[try table.index(of: column)]
    }

    private static func cell(_ field: String) -> Cell {
        let text = field.trimmingCharacters(in: .whitespaces)
        let lower = text.lowercased()
        if missing.contains(lower) { return .missing }
        if notFinite.contains(lower.trimmingCharacters(in: ["+", "-"])) { return .notFinite }
        // Only decimal numbers: the library would read hexadecimal ones as well.
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }), let value = Double(text) else {
            return .text
        }
        return value.isFinite ? .number(value) : .notFinite
    }

    private static func number(_ cell: Cell) -> Double? {
        if case .number(let value) = cell { return value }
        return nil
    }
}
