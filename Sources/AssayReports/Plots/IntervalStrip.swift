import AssayMetrics
import Foundation

/// The dot and interval of a verdict, small enough for a row of a table: all rows share one axis, which counts in
/// margins, turned so that right is better.
struct IntervalStrip {
    /// The ends of the axis, in margins.
    private let limit: Double
    private static let width = 220.0
    private static let height = 18.0
    private static let inset = 10.0

    /// An axis on which the rows fit whole, up to 1,000 margins.
    init(_ results: [AssayMetrics.ComparisonResult]) {
        let ends = results.compactMap(IntervalStrip.margins).flatMap { [abs($0.low), abs($0.high)] }
        limit = min(1000, max(3, ends.max() ?? 0))
    }

    /// A difference and its interval in margins, positive is better; nil without an interval or a margin.
    static func margins(_ result: AssayMetrics.ComparisonResult) -> (estimate: Double, low: Double, high: Double)? {
        guard let estimate = result.estimate, let low = result.low, let high = result.high,
            let margin = result.margin, margin > 0, [estimate, low, high].allSatisfy(\.isFinite)
        else { return nil }
        let sign = result.direction.sign / margin
        return (estimate * sign, min(low * sign, high * sign), max(low * sign, high * sign))
    }

    /// The drawing of a row; nothing without an interval.
    func markup(_ result: AssayMetrics.ComparisonResult) -> Markup {
        guard let (estimate, low, high) = IntervalStrip.margins(result) else { return .empty }
        let middle = IntervalStrip.height / 2
        let words =
            "\(Figure.difference(result.estimate)), from \(Figure.difference(result.low)) to "
            + Figure.difference(result.high)
        var parts: [Markup] = [.element("title", [], words)]
        parts.append(band)
        parts.append(SVG.line("zero", place(0), 0, place(0), IntervalStrip.height))
        parts.append(SVG.line("interval", place(low), middle, place(high), middle))
        // An interval that goes on beyond the axis ends in an arrow.
        if low < -limit { parts.append(arrow(at: place(-limit), towards: -1)) }
        if high > limit { parts.append(arrow(at: place(limit), towards: 1)) }
        if abs(estimate) <= limit {
            parts.append(SVG.circle("dot", place(estimate), middle, radius: 3.5))
        }
        return svg(parts, [("class", "strip v-\(result.verdict.rawValue)"), ("role", "img")])
    }

    /// The axis, for the head of the column.
    func axis() -> Markup {
        let powers = [1.0, 10, 100].filter { $0 <= limit }
        let ticks = powers.reversed().map { -$0 } + [0] + powers
        let parts = ticks.map { tick in
            SVG.text((tick > 0 ? "+" : "") + AxisMap.tickText(tick), place(tick), 13, "middle")
        }
        return svg(parts, [("class", "strip"), ("aria-hidden", "true")])
    }

    private var band: Markup {
        .element(
            "rect",
            [
                ("class", "band"), ("x", SVG.number(place(-1))), ("y", "0"),
                ("width", SVG.number(place(1) - place(-1))), ("height", SVG.number(IntervalStrip.height)),
            ])
    }

    private func arrow(at x: Double, towards sign: Double) -> Markup {
        let middle = IntervalStrip.height / 2
        let (tip, back) = (SVG.number(x + 6 * sign), SVG.number(x))
        return .element(
            "path",
            [
                ("class", "arrow"),
                (
                    "d",
                    "M\(tip) \(SVG.number(middle))L\(back) \(SVG.number(middle - 4))V"
                        + "\(SVG.number(middle + 4))Z"
                ),
            ])
    }

    /// By the logarithm of 1 + margins on either side: around the margin differences count, far from it ratios.
    private func place(_ margins: Double) -> Double {
        let length = log1p(min(limit, abs(margins))) / log1p(limit)
        let share = ((margins < 0 ? -length : length) + 1) / 2
        return IntervalStrip.inset + share * (IntervalStrip.width - 2 * IntervalStrip.inset)
    }

    private func svg(_ parts: [Markup], _ attributes: [Markup.Attribute]) -> Markup {
        SVG.drawing(width: IntervalStrip.width, height: IntervalStrip.height, attributes, parts)
    }
}
