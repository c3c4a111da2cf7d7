/// Names in plots: as long as there is room, and never on top of each other.
enum LabelText {
    /// Units that a column of text takes at the size of plots.
    private static let columnWidth = 6.4

    /// Units that a text takes.
    static func width(_ text: String) -> Double { Double(TextWidth.columns(text)) * columnWidth }

    /// A text cut in its middle to fit: beginnings tell families apart, endings tell members.
    static func short(_ text: String, width: Double) -> String {
        let columns = max(3, Int(width / columnWidth))
        let text = TextTable.oneLine(text)
        guard TextWidth.columns(text) > columns else { return text }
        let characters = Array(text)
        var (head, tail) = (characters.count, 0)
        func cut() -> String { String(characters[..<head]) + "…" + String(characters[(characters.count - tail)...]) }
        (head, tail) = (columns / 2, (columns - 1) / 2)
        while TextWidth.columns(cut()) > columns, head > 1 {
            if tail > 0, tail >= head { tail -= 1 } else { head -= 1 }
        }
        return cut()
    }

    /// Places near those wished for, a height apart, in the same order from top to bottom, within bounds when all fit.
    /// - Returns: the places in the order of the wishes.
    static func spread(_ wishes: [Double], height: Double, within bounds: (top: Double, bottom: Double)) -> [Double] {
        let order = wishes.indices.sorted { (wishes[$0], $0) < (wishes[$1], $1) }
        var places = wishes
        var next = bounds.top
        for index in order {
            places[index] = max(wishes[index], next)
            next = places[index] + height
        }
        // Pushed beyond the bottom, they move up again from the last one on.
        var limit = bounds.bottom
        for index in order.reversed() {
            places[index] = min(places[index], limit)
            limit = places[index] - height
        }
        return places
    }
}
