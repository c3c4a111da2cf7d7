import Foundation

/// One of the two directions of a plot.
public struct Axis: Sendable, Hashable {
    /// How values lie along it.
    public enum Scale: Sendable, Hashable {
        /// Equal differences are equally far apart.
        case linear
        /// Equal ratios are equally far apart; values of zero and less have no place.
        case logarithmic
        /// Names, one a place: value 0 is the first.
        case names([String])
    }

    /// What it shows, with the unit.
    public var label: String
    /// How values lie.
    public var scale: Scale
    /// The ends, when the data should not decide; places of ticks are inside.
    public var domain: ClosedRange<Double>?
    /// Where ticks are, when the data's own values are the best ones.
    public var ticks: [Double]?

    /// An axis.
    public init(
        _ label: String, _ scale: Scale = .linear, domain: ClosedRange<Double>? = nil, ticks: [Double]? = nil
    ) {
        self.label = label
        self.scale = scale
        self.domain = domain
        self.ticks = ticks
    }

    /// Whether a value has a place on it.
    func shows(_ value: Double) -> Bool {
        switch scale {
        case .linear: value.isFinite
        case .logarithmic: value.isFinite && value > 0
        case .names(let names): value >= 0 && value < Double(names.count)
        }
    }
}

/// Maps the values of an axis to a length of the drawing.
struct AxisMap {
    let scale: Axis.Scale
    let domain: ClosedRange<Double>
    /// Values that have a tick, ascending.
    let ticks: [Double]
    /// The drawing's coordinates of the ends of the domain.
    let range: (start: Double, end: Double)

    /// A map that has room for values.
    /// - Parameters:
    ///   - values: what must be seen, in any order.
    ///   - range: the drawing's coordinates of the lower and the upper end.
    init(_ axis: Axis, showing values: [Double], range: (start: Double, end: Double)) {
        scale = axis.scale
        self.range = range
        let shown = values.filter(axis.shows)
        switch axis.scale {
        case .names(let names):
            domain = -0.5...(Double(max(1, names.count)) - 0.5)
            ticks = names.indices.map(Double.init)
        case .linear:
            let (low, high) = (shown.min() ?? 0, shown.max() ?? 1)
            let span = axis.domain ?? AxisMap.widened(low, high)
            let places = axis.ticks ?? AxisMap.linearTicks(span)
            if axis.domain == nil, axis.ticks == nil, let first = places.first, let last = places.last {
                domain = min(first, span.lowerBound)...max(last, span.upperBound)
            } else {
                domain = span
            }
            ticks = AxisMap.thinned(places.filter(domain.contains))
        case .logarithmic:
            let (low, high) = (shown.min() ?? 1, shown.max() ?? 10)
            let pad = low == high ? 2 : pow(high / low, 0.04)
            domain = axis.domain ?? (low / pad)...(high * pad)
            ticks = AxisMap.thinned((axis.ticks ?? AxisMap.logarithmicTicks(domain)).filter(domain.contains))
        }
    }

    /// Where a value lies.
    func place(_ value: Double) -> Double {
        let (low, high) = (transformed(domain.lowerBound), transformed(domain.upperBound))
        let share = high > low ? (transformed(value) - low) / (high - low) : 0.5
        return range.start + share * (range.end - range.start)
    }

    /// The text of a tick.
    func text(_ tick: Double) -> String {
        if case .names(let names) = scale { return names[Int(tick)] }
        return AxisMap.tickText(tick)
    }

    private func transformed(_ value: Double) -> Double { scale == .logarithmic ? log(value) : value }

    /// A little more than the span of the data; equal values get one around them.
    private static func widened(_ low: Double, _ high: Double) -> ClosedRange<Double> {
        guard low == high else { return low...high }
        let half = max(abs(low) * 0.1, 1e-3)
        return (low - half)...(high + half)
    }

    /// Multiples of 1, 2 or 5 times a power of ten, about five of them, that cover a span.
    static func linearTicks(_ span: ClosedRange<Double>) -> [Double] {
        let width = span.upperBound - span.lowerBound
        guard width > 0, width.isFinite else { return [span.lowerBound] }
        let rough = width / 5
        let power = pow(10, log10(rough).rounded(.down))
        let step = ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10) * power
        let (first, last) = ((span.lowerBound / step).rounded(.down), (span.upperBound / step).rounded(.up))
        guard last - first < 50 else { return [span.lowerBound, span.upperBound] }
        // Rounded, so that 3 x 0.1 is written 0.3.
        return (0...Int(last - first)).map { AxisMap.rounded((first + Double($0)) * step) }
    }

    /// Powers of ten, or where there are not two of them 1, 2 and 5 times those; else as on a linear axis.
    static func logarithmicTicks(_ domain: ClosedRange<Double>) -> [Double] {
        let first = Int(log10(domain.lowerBound).rounded(.down))
        let last = Int(log10(domain.upperBound).rounded(.up))
        for factors in [[1.0], [1, 2, 5]] {
            let ticks = (first...last).flatMap { power in factors.map { rounded($0 * pow(10, Double(power))) } }
                .filter(domain.contains)
            if ticks.count >= 2 { return ticks }
        }
        return linearTicks(domain).filter(domain.contains)
    }

    /// At most twelve, with the first and evenly spaced.
    private static func thinned(_ ticks: [Double]) -> [Double] {
        let stride = (ticks.count + 11) / 12
        return stride < 2 ? ticks : ticks.indices.filter { $0 % stride == 0 }.map { ticks[$0] }
    }

    /// Twelve significant digits: takes away what binary fractions add.
    private static func rounded(_ value: Double) -> Double { Double(String(format: "%.12g", value)) ?? value }

    /// A tick as short as it can be: 0.25, 1,024, 1M.
    static func tickText(_ value: Double) -> String {
        let size = abs(value)
        if size >= 1e4 || (size > 0 && size < 1e-4) {
            for (unit, name) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where size >= unit {
                return String(format: "%.4g", value / unit) + name
            }
            return String(format: "%.3g", value)
        }
        return value == value.rounded() ? Figure.grouped(Int(value)) : String(format: "%.4g", value)
    }
}
