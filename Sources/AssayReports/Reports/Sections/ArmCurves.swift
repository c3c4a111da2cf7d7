import AssayMetrics
import AssayStore

/// A metric of every arm over a few places: hops, lengths, formats.
struct ArmCurves {
    /// A place along the horizontal axis and what is shown there.
    struct Place {
        var x: Double
        /// The place as it stands in the data.
        var name: Field
        var key: ValueKey
    }

    /// What is called what.
    struct Words {
        var title: String
        var caption: String
        /// The column of the places in the data.
        var column: String
    }

    let report: BatchReport
    let x: Axis
    let y: Axis
    let places: [Place]

    /// The figure; nil when there is nothing to see.
    /// - Parameters:
    ///   - words: the title and the rest.
    ///   - floors: what needs no understanding at each place; empty where there is no such thing.
    func figure(_ words: Words, floors: [Double] = [], guides: [Plot.Guide] = []) -> PlotFigure? {
        var data = FieldTable(columns: ["arm", words.column, "value", "low", "high", "seeds"])
        var series: [Plot.Series] = []
        for arm in report.arms {
            let values = places.map { report.values[arm, $0.key] }
            guard values.contains(where: { $0 != nil }) else { continue }
            series.append(
                Plot.Series(
                    arm, report.style(arm),
                    points: zip(places, values).map { Plot.Point($0.x, $1?.value, low: $1?.low, high: $1?.high) }))
            for (place, value) in zip(places, values) {
                data.rows.append([
                    .text(arm), place.name, .optional(value?.value), .optional(value?.low), .optional(value?.high),
                    .integer(value?.seeds ?? 0),
                ])
            }
        }
        if !floors.isEmpty {
            let points = zip(places, floors).map { Plot.Point($0.x, $1) }
            series.append(Plot.Series("floor", .reference, hasMarks: false, points: points))
            for (place, floor) in zip(places, floors) {
                data.rows.append([.text("floor"), place.name, .number(floor), .none, .none, .integer(0)])
            }
        }
        let plot = Plot(title: words.title, x: x, y: y, series: series, guides: guides)
        let figure = PlotFigure(title: words.title, caption: words.caption, plots: [plot], data: data)
        let isMeasured = places.contains { place in report.arms.contains { report.values[$0, place.key]?.value != nil }
        }
        return isMeasured ? figure : nil
    }

    /// The name of a metric with its unit, for an axis.
    static func label(_ metric: String) -> String {
        guard let definition = MetricCatalogue.definition(metric) else { return metric }
        return definition.unit.isEmpty ? definition.title : "\(definition.title) (\(definition.unit))"
    }

    /// What the intervals of a report's figures are.
    static func intervals(_ report: BatchReport) -> String {
        report.seeds > 1 ? "Bars: 95 % interval of the mean over seeds." : "Bars: 95 % interval over the items."
    }
}

/// A part of the page: some figures under a heading. Without figures there is no part.
struct ReportSection {
    let id: String
    let title: String
    let introduction: String
    let figures: [PlotFigure]
    /// Tables that are read as pictures, before the figures.
    var tables: [TableFigure] = []

    var isEmpty: Bool { figures.isEmpty && tables.isEmpty }
}
