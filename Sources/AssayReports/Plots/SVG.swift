/// Pieces of drawings.
enum SVG {
    /// A coordinate: two digits after the point are finer than any screen.
    static func number(_ value: Double) -> String {
        let rounded = (value * 100).rounded() / 100
        // No negative zero.
        return NumberText.exact(rounded == 0 ? 0 : rounded) ?? "0"
    }

    /// A drawing of a size in user units; the page scales the whole.
    static func drawing(
        width: Double, height: Double, _ attributes: [Markup.Attribute], _ parts: [Markup]
    ) -> Markup {
        let frame: [Markup.Attribute] = [
            ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 \(number(width)) \(number(height))"),
        ]
        return .element("svg", frame + attributes, parts)
    }

    /// A line of a class of the style sheet.
    static func line(_ name: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> Markup {
        .element(
            "line",
            [
                ("class", name), ("x1", number(x1)), ("y1", number(y1)), ("x2", number(x2)), ("y2", number(y2)),
            ])
    }

    /// A circle of a class of the style sheet.
    static func circle(_ name: String, _ x: Double, _ y: Double, radius: Double) -> Markup {
        .element("circle", [("class", name), ("cx", number(x)), ("cy", number(y)), ("r", number(radius))])
    }

    /// A text of a class of the style sheet.
    /// - Parameter anchor: which end of the text is at the place: `start`, `middle`, `end`.
    static func text(_ text: String, _ x: Double, _ y: Double, _ anchor: String, _ name: String = "tick") -> Markup {
        .element("text", [("class", name), ("x", number(x)), ("y", number(y)), ("text-anchor", anchor)], text)
    }
}
