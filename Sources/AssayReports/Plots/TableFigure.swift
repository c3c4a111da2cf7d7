/// A table that is read as a picture: rows and columns of words and figures, with the exact data beside it.
struct TableFigure: Sendable, Hashable {
    /// A cell.
    struct Cell: Sendable, Hashable {
        /// What it says.
        let text: String
        /// Classes of the style sheet; the text says the same.
        let kind: String

        init(_ text: String, _ kind: String = "") {
            self.text = text
            self.kind = kind
        }
    }

    /// The heading; names the file of the data.
    var title: String
    /// What a reader must know to read it.
    var caption: String
    /// The heads of the columns.
    var head: [String]
    /// The cells of each row; the first one names it.
    var rows: [[Cell]]
    /// The data, exact.
    var data: FieldTable

    /// The table on a page.
    /// - Parameter id: a word that no other figure of the page has.
    func markup(id: String) throws -> Markup {
        let head = Markup.element("tr", [], head.map { .element("th", [("scope", "col")], $0) })
        let body = rows.map { row in
            Markup.element(
                "tr", [],
                row.enumerated().map { place, cell in
                    place == 0
                        ? .element("th", [("scope", "row"), ("class", "name")], cell.text)
                        : .element("td", cell.kind.isEmpty ? [] : [("class", cell.kind)], cell.text)
                })
        }
        return .element(
            "figure", [("id", id), ("class", "many table")],
            [
                .element("h3", [], title), .element("figcaption", [], caption),
                .element(
                    "div", [("class", "scroll")],
                    [
                        .element(
                            "table", [("class", "matrix")],
                            [.element("thead", [], [head]), .element("tbody", [], body)])
                    ]), try data.markup(title: title),
            ])
    }
}
