import Foundation

/// Draws a plot as SVG.
struct PlotRenderer {
    /// Sizes in user units; the page scales the whole.
    struct Size: Sendable {
        var width: Double
        var height: Double
        /// Room at the right for the names of series; 0 when they are not written there.
        var labels: Double

        /// A plot that has its row.
        static let wide = Size(width: 620, height: 270, labels: 200)
        /// One of many beside each other.
        static let small = Size(width: 300, height: 190, labels: 0)
    }

    private let plot: Plot
    private let size: Size
    private let x: AxisMap
    private let y: AxisMap
    private let id: String
    private static let textHeight = 13.0
    private static let margin = (top: 12.0, bottom: 44.0, left: 62.0, right: 14.0)

    /// - Parameter id: a word that no other plot of the page has.
    init(_ plot: Plot, size: Size = .wide, id: String) {
        var size = size
        let rows = Double(plot.series.count + plot.guides.count) * PlotRenderer.textHeight
        let chrome = PlotRenderer.margin.top + PlotRenderer.margin.bottom
        if size.labels > 0 { size.height = max(size.height, rows + chrome) }
        self.plot = plot
        self.size = size
        self.id = id
        let margin = PlotRenderer.margin
        let points = plot.series.flatMap(\.points)
        x = AxisMap(
            plot.x, showing: points.map(\.x), range: (margin.left, size.width - size.labels - margin.right))
        y = AxisMap(
            plot.y,
            showing: points.flatMap { [$0.y, $0.low, $0.high].compactMap { $0 } } + plot.guides.map(\.value),
            range: (size.height - margin.bottom, margin.top))
    }

    /// The drawing, with a title and a description for those who do not see it.
    func markup() -> Markup {
        var parts: [Markup] = [
            .element("title", [("id", "\(id)-t")], plot.title), .element("desc", [("id", "\(id)-d")], description),
        ]
        parts += grid() + guides()
        for (index, series) in plot.series.enumerated() { parts.append(draw(series, dodge(index))) }
        if size.labels > 0 { parts += labels() }
        return SVG.drawing(
            width: size.width, height: size.height,
            [("class", "plot"), ("role", "img"), ("aria-labelledby", "\(id)-t \(id)-d")], parts)
    }

    /// The plot in words: the axes, and where each series begins and ends.
    private var description: String {
        let lines = plot.series.map { series -> String in
            let defined = series.points.filter { $0.y != nil && plot.x.shows($0.x) }
            guard let first = defined.first, let last = defined.last else { return "\(series.name): no values." }
            let start = "\(series.name): \(Figure.value(first.y)) at \(place(first.x))"
            let events = series.points.compactMap(\.event).map { " \($0)." }.joined()
            return defined.count == 1
                ? start + "." + events : start + ", \(Figure.value(last.y)) at \(place(last.x))." + events
        }
        let guides = plot.guides.map { "\($0.label): \(Figure.value($0.value))." }
        return (["\(plot.y.label) over \(plot.x.label)."] + lines + guides).joined(separator: " ")
    }

    private func place(_ value: Double) -> String {
        if case .names(let names) = plot.x.scale, plot.x.shows(value) { return names[Int(value)] }
        return AxisMap.tickText(value)
    }

    // MARK: - Frame

    private func grid() -> [Markup] {
        let (left, right, bottom) = (x.range.start, x.range.end, y.range.start)
        var parts: [Markup] = []
        for tick in y.ticks {
            let at = y.place(tick)
            parts.append(SVG.line("grid", left, at, right, at))
            parts.append(SVG.text(y.text(tick), left - 6, at + 4, "end"))
        }
        let room = (right - left) / Double(max(1, x.ticks.count))
        let stride = tickStride(room)
        for (index, tick) in x.ticks.enumerated() {
            let at = x.place(tick)
            parts.append(SVG.line("axis", at, bottom, at, bottom + 4))
            guard index % stride == 0 else { continue }
            parts.append(
                SVG.text(
                    LabelText.short(x.text(tick), width: max(room * Double(stride), 34)), at, bottom + 17, "middle"))
        }
        parts.append(SVG.line("axis", left, bottom, right, bottom))
        parts.append(SVG.text(plot.x.label, (left + right) / 2, size.height - 8, "middle", "name"))
        let middle = (y.range.start + y.range.end) / 2
        parts.append(
            .element(
                "text",
                [
                    ("class", "name"), ("text-anchor", "middle"),
                    ("transform", "translate(13 \(SVG.number(middle))) rotate(-90)"),
                ], LabelText.short(plot.y.label, width: y.range.start - y.range.end)))
        return parts
    }

    /// Every how many ticks there is room for a number; every name is written, cut to the room that there is.
    private func tickStride(_ room: Double) -> Int {
        if case .names = plot.x.scale { return 1 }
        let widest = x.ticks.map { LabelText.width(x.text($0)) }.max() ?? 0
        return max(1, Int(((widest + 6) / room).rounded(.up)))
    }

    private var shownGuides: [Plot.Guide] {
        plot.guides.filter { plot.y.shows($0.value) && y.domain.contains($0.value) }
    }

    private func guides() -> [Markup] {
        shownGuides.map {
            SVG.line("guide", x.range.start, y.place($0.value), x.range.end, y.place($0.value))
        }
    }

    // MARK: - Series

    /// Over few places that all series share, they stand beside each other, so that their intervals do not hide one
    /// another.
    private func dodge(_ index: Int) -> Double {
        let measured = plot.series.indices.filter { plot.series[$0].style != .reference }
        guard measured.count > 1, isDiscrete, x.ticks.count > 1, let rank = measured.firstIndex(of: index) else {
            return 0
        }
        let places = x.ticks.map(x.place)
        let gap = zip(places, places.dropFirst()).map { $1 - $0 }.min() ?? 0
        let room = min(gap * 0.5, Double(measured.count - 1) * 7)
        return room * (Double(rank) / Double(measured.count - 1) - 0.5)
    }

    private var isDiscrete: Bool {
        if case .names = plot.x.scale { return true }
        return plot.x.ticks != nil
    }

    private func draw(_ series: Plot.Series, _ dodge: Double) -> Markup {
        var parts: [Markup] = []
        for run in runs(series) where run.count > 1 && series.line != .none {
            parts.append(path(run, series, dodge))
        }
        for point in series.points {
            guard let value = point.y, plot.x.shows(point.x), plot.y.shows(value) else { continue }
            let (across, up) = (x.place(point.x) + dodge, y.place(value))
            if let low = point.low, let high = point.high, plot.y.shows(low), plot.y.shows(high), low < high {
                parts.append(SVG.line("interval", across, y.place(low), across, y.place(high)))
            }
            if series.hasMarks { parts.append(mark(series, point, across, up)) }
            if point.event != nil {
                parts.append(SVG.circle("event", across, up, radius: 7))
            }
        }
        return .element("g", [("class", "series \(series.style.colour)")], parts)
    }

    /// The points in pieces without gaps.
    private func runs(_ series: Plot.Series) -> [[Plot.Point]] {
        var runs: [[Plot.Point]] = [[]]
        for point in series.points {
            if let value = point.y, plot.x.shows(point.x), plot.y.shows(value) {
                runs[runs.count - 1].append(point)
            } else {
                runs.append([])
            }
        }
        return runs
    }

    private func path(_ run: [Plot.Point], _ series: Plot.Series, _ dodge: Double) -> Markup {
        var source = ""
        for (index, point) in run.enumerated() {
            let (across, up) = (SVG.number(x.place(point.x) + dodge), SVG.number(y.place(point.y ?? 0)))
            switch (index, series.line) {
            case (0, _): source += "M\(across) \(up)"
            case (_, .stairs): source += "H\(across)V\(up)"
            default: source += "L\(across) \(up)"
            }
        }
        return Self.stroke(source, series.style)
    }

    private func mark(_ series: Plot.Series, _ point: Plot.Point, _ across: Double, _ up: Double) -> Markup {
        let interval =
            point.low == nil || point.high == nil
            ? "" : " [\(Figure.value(point.low)), \(Figure.value(point.high))]"
        let event = point.event.map { "; \($0)" } ?? ""
        let tip = "\(series.name), \(place(point.x)): \(Figure.value(point.y))\(interval)\(event)"
        return .element(
            "path", [("class", "mark"), ("d", Self.shape(series.style.mark, across, up))],
            [.element("title", [], tip)])
    }

    private static func shape(_ mark: SeriesStyle.Mark, _ x: Double, _ y: Double, radius r: Double = 3.4) -> String {
        func at(_ dx: Double, _ dy: Double) -> String { "\(SVG.number(x + dx)) \(SVG.number(y + dy))" }
        switch mark {
        case .circle:
            let (radius, width) = (SVG.number(r), SVG.number(2 * r))
            let half = "a\(radius) \(radius) 0 1 0 "
            return "M\(at(-r, 0))\(half)\(width) 0\(half)-\(width) 0Z"
        case .square: return "M\(at(-r, -r))H\(SVG.number(x + r))V\(SVG.number(y + r))H\(SVG.number(x - r))Z"
        case .triangle: return "M\(at(0, -1.2 * r))L\(at(1.2 * r, r))L\(at(-1.2 * r, r))Z"
        case .diamond: return "M\(at(0, -1.4 * r))L\(at(1.4 * r, 0))L\(at(0, 1.4 * r))L\(at(-1.4 * r, 0))Z"
        }
    }

    // MARK: - Labels

    /// Where a name belongs.
    private struct End {
        let name: String
        /// The series; nil for a guide.
        let series: Plot.Series?
        let x: Double
        let y: Double
    }

    /// Ends farther from the names than this are not joined to them: the leader would cross the plot.
    private static let longestLeader = 60.0

    /// The names of series and guides at the right, each as near to its end as the others leave room for.
    private func labels() -> [Markup] {
        let start = x.range.end
        var ends = plot.series.enumerated().map { index, series -> End in
            let last = series.points.last { $0.y.map(plot.y.shows) == true && plot.x.shows($0.x) }
            return End(
                name: series.name, series: series, x: last.map { x.place($0.x) + dodge(index) } ?? 0,
                y: last.flatMap(\.y).map(y.place) ?? y.range.start)
        }
        ends += shownGuides.map { End(name: $0.label, series: nil, x: start, y: y.place($0.value)) }
        let places = LabelText.spread(
            ends.map(\.y), height: Self.textHeight, within: (y.range.end, y.range.start + Self.textHeight))
        return zip(ends, places).map { end, place in
            let isNear = start - end.x <= Self.longestLeader
            let leader =
                isNear
                ? [SVG.line("leader", end.x + 5, end.y, start + 14, place)] : Self.swatch(end.series, start + 2, place)
            let name = SVG.text(LabelText.short(end.name, width: size.labels - 26), start + 20, place + 4, "start")
            return .element(
                "g", [("class", "label \(end.series?.style.colour ?? SeriesStyle.reference.colour)")], leader + [name])
        }
    }

    /// A piece of a series as a drawing of its own, for a legend.
    static func swatch(_ series: Plot.Series) -> Markup {
        SVG.drawing(
            width: 18, height: 12, [("class", "plot swatch \(series.style.colour)"), ("aria-hidden", "true")],
            swatch(series, 2, 6))
    }

    /// A piece of a series, beside its name.
    private static func swatch(_ series: Plot.Series?, _ x: Double, _ y: Double) -> [Markup] {
        guard let series else { return [] }
        var parts: [Markup] = []
        if series.line != .none {
            parts.append(Self.stroke("M\(SVG.number(x)) \(SVG.number(y))H\(SVG.number(x + 14))", series.style))
        }
        if series.hasMarks {
            parts.append(
                .element("path", [("class", "mark"), ("d", Self.shape(series.style.mark, x + 7, y))]))
        }
        return parts
    }

    private static func stroke(_ path: String, _ style: SeriesStyle) -> Markup {
        var attributes: [Markup.Attribute] = [
            ("class", "line"), ("d", path), ("stroke-width", SVG.number(style.width)),
        ]
        if !style.dashes.isEmpty { attributes.append(("stroke-dasharray", style.dashes)) }
        return .element("path", attributes)
    }
}
