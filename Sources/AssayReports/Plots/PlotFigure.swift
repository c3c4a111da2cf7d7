import Foundation

/// One or several plots of the same data, with the data as a table and as CSV beside them.
public struct PlotFigure: Sendable, Hashable {
    /// The heading; names the file of the data.
    public var title: String
    /// What a reader must know to read it.
    public var caption: String
    /// The plots.
    public var plots: [Plot]
    /// The data, exact.
    public var data: FieldTable
    /// Whether the series are named once below the caption, for plots that have no room for names of their own.
    public var hasLegend: Bool

    /// A figure.
    public init(title: String, caption: String, plots: [Plot], data: FieldTable, hasLegend: Bool = false) {
        self.title = title
        self.caption = caption
        self.plots = plots
        self.data = data
        self.hasLegend = hasLegend
    }

    /// Whether there is anything to see.
    var isEmpty: Bool { !plots.contains { $0.series.contains { $0.points.contains { $0.y != nil } } } }

    /// The figure on a page.
    /// - Parameter id: a word that no other figure of the page has.
    func markup(id: String) throws -> Markup {
        let isSingle = plots.count == 1
        let drawings = plots.enumerated().map { index, plot -> Markup in
            let drawing = PlotRenderer(plot, size: isSingle ? .wide : .small, id: "\(id)-\(index)").markup()
            return isSingle
                ? drawing : .element("div", [("class", "panel")], [.element("h4", [], plot.title), drawing])
        }
        let gaps = plots.reduce(0) { $0 + $1.gaps }
        let note = gaps == 0 ? "" : " Values that are not defined are gaps: \(gaps)."
        return .element(
            "figure", [("id", id), ("class", isSingle ? "one" : "many")],
            [
                .element("h3", [], title), .element("figcaption", [], caption + note), legend,
                .element("div", [("class", isSingle ? "single" : "panels")], drawings),
                try data.markup(title: title),
            ])
    }

    /// Every series once, with its mark.
    private var legend: Markup {
        guard hasLegend else { return .empty }
        var seen: Set<String> = []
        let series = plots.flatMap(\.series).filter { seen.insert($0.name).inserted }
        return .element(
            "ul", [("class", "legend")],
            series.map { .element("li", [], [PlotRenderer.swatch($0), .text(" " + $0.name)]) })
    }
}

extension FieldTable {
    /// The data of a figure: a table that can be opened, and a file that needs no server.
    /// - Parameter title: of the figure; names the file.
    func markup(title: String) throws -> Markup {
        let header = Markup.element("tr", [], columns.map { .element("th", [("scope", "col")], $0) })
        let body = rows.map { row in Markup.element("tr", [], row.map(FieldTable.cell)) }
        return .element(
            "details", [("class", "data")],
            [
                .element("summary", [], "Data (\(rows.count) rows)"),
                .element(
                    "p", [],
                    [
                        .element(
                            "a", [("download", FieldTable.fileName(title)), ("href", try address())],
                            "Download as CSV")
                    ]),
                .element(
                    "div", [("class", "scroll")],
                    [
                        .element("table", [], [.element("thead", [], [header]), .element("tbody", [], body)])
                    ]),
            ])
    }

    private static func cell(_ field: Field) -> Markup {
        switch field {
        case .text(let text): .element("td", [], text)
        case .integer(let value): .element("td", [("class", "n")], String(value))
        case .number(let value): .element("td", [("class", "n")], Figure.value(value))
        case .none: .element("td", [("class", "n")], "-")
        default: .element("td", [], CSVWriter.text(field))
        }
    }

    /// The table as CSV in the address itself.
    func address() throws -> String {
        "data:text/csv;charset=utf-8;base64," + Data(try text(.csv).utf8).base64EncodedString()
    }

    /// A name for a file on any system.
    static func fileName(_ title: String) -> String {
        let words = title.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return String(words.joined(separator: "-").prefix(60)) + ".csv"
    }
}
