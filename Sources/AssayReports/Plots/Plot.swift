/// A plot as a description: what is shown, not how it is drawn.
public struct Plot: Sendable, Hashable {
    /// What it shows, for its heading and for screen readers.
    public var title: String
    /// The horizontal axis.
    public var x: Axis
    /// The vertical axis.
    public var y: Axis
    /// The series, in the order of drawing and of the labels.
    public var series: [Series]
    /// Values of the vertical axis that deserve a line of their own.
    public var guides: [Guide]

    /// A plot.
    public init(title: String, x: Axis, y: Axis, series: [Series], guides: [Guide] = []) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
        self.guides = guides
    }

    /// A line across the plot at a value of the vertical axis.
    public struct Guide: Sendable, Hashable {
        /// The value.
        public var value: Double
        /// What it is.
        public var label: String

        /// A guide.
        public init(_ value: Double, _ label: String) {
            self.value = value
            self.label = label
        }
    }

    /// Points that belong together.
    public struct Series: Sendable, Hashable {
        /// How its points are joined.
        public enum Line: Sendable, Hashable {
            /// From point to point, with a gap where a value is not defined.
            case straight
            /// Along the horizontal axis and then up: the border of what is dominated.
            case stairs
            /// Not at all.
            case none
        }

        /// The name at its end.
        public var name: String
        /// Its colour, mark and dashes.
        public var style: SeriesStyle
        /// How its points are joined.
        public var line: Line
        /// Whether it has marks.
        public var hasMarks: Bool
        /// The points, by x.
        public var points: [Point]

        /// A series.
        public init(
            _ name: String, _ style: SeriesStyle, line: Line = .straight, hasMarks: Bool = true, points: [Point]
        ) {
            self.name = name
            self.style = style
            self.line = line
            self.hasMarks = hasMarks
            self.points = points
        }
    }

    /// A value with its interval.
    public struct Point: Sendable, Hashable {
        /// Along the horizontal axis.
        public var x: Double
        /// The value; nil where it is not defined, which is a gap.
        public var y: Double?
        /// The lower end of its interval.
        public var low: Double?
        /// The upper end.
        public var high: Double?
        /// Something happened here: shown as a mark with these words.
        public var event: String?

        /// A point; what is not finite is not defined.
        public init(_ x: Double, _ y: Double?, low: Double? = nil, high: Double? = nil, event: String? = nil) {
            func finite(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }
            self.x = x
            self.y = finite(y)
            self.low = finite(low)
            self.high = finite(high)
            self.event = event
        }
    }

    /// How many points have no value.
    var gaps: Int { series.reduce(0) { $0 + $1.points.count { $0.y == nil } } }
}
