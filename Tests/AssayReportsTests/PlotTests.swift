import Foundation
import Testing

@testable import AssayReports

@Suite struct PlotTests {
    private func plot(_ points: [Plot.Point], x: Axis = Axis("x"), y: Axis = Axis("y")) -> Plot {
        Plot(title: "t", x: x, y: y, series: [Plot.Series("s", .arm(0), points: points)])
    }

    private func drawn(_ plot: Plot) throws -> Element {
        try #require(parseXML(PlotRenderer(plot, id: "p").markup().source))
    }

    /// How many paths of a class the series have, the pieces beside their names left out.
    private func paths(_ root: Element, _ name: String) -> Int {
        root.all("g").filter { $0.attributes["class"]?.hasPrefix("series") == true }.flatMap { $0.all("path") }
            .count { $0.attributes["class"] == name }
    }

    @Test(arguments: [
        (0.0...1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-0.3...0.62, [-0.4, -0.2, 0, 0.2, 0.4, 0.6, 0.8]),
        (0...97, [0, 20, 40, 60, 80, 100]), (0.001...0.0042, [0.001, 0.002, 0.003, 0.004, 0.005]),
        (1e6...4e6, [1e6, 2e6, 3e6, 4e6]),
    ])
    func `ticks are round numbers that cover the span`(span: ClosedRange<Double>, expected: [Double]) {
        #expect(AxisMap.linearTicks(span) == expected)
    }

    @Test func `spans that are empty, huge or tiny give ticks all the same`() {
        for span in [0.0...0.0, 1e300...1.5e300, 1e-300...2e-300, 1e16...(1e16 + 2), 0...Double.leastNonzeroMagnitude] {
            let ticks = AxisMap.linearTicks(span)
            #expect((1...50).contains(ticks.count) && ticks.allSatisfy(\.isFinite))
        }
        #expect(AxisMap.logarithmicTicks(900...1_100_000) == [1e3, 1e4, 1e5, 1e6])
        #expect(AxisMap.logarithmicTicks(80_000...220_000) == [1e5, 2e5])
        #expect(AxisMap.logarithmicTicks(110...190) == [120, 140, 160, 180])
    }

    @Test(arguments: [
        (0.25, "0.25"), (1024, "1,024"), (1_048_576, "1.049M"), (32768, "32.77k"), (0, "0"), (-2, "-2"),
        (1e-5, "1e-05"), (-0.0005, "-0.0005"),
    ])
    func `ticks are short`(value: Double, text: String) {
        #expect(AxisMap.tickText(value) == text)
    }

    @Test func `values lie in proportion, logarithms too, and names at the middle of their places`() {
        let linear = AxisMap(Axis("x", domain: 0...10), showing: [], range: (100, 200))
        #expect([0.0, 2.5, 10].map(linear.place) == [100, 125, 200])
        let logarithmic = AxisMap(Axis("x", .logarithmic, domain: 1...100), showing: [], range: (0, 100))
        #expect(abs(logarithmic.place(10) - 50) < 1e-9)
        let names = AxisMap(Axis("x", .names(["a", "b"])), showing: [], range: (0, 100))
        #expect(names.place(0) == 25 && names.place(1) == 75)
        #expect(names.text(1) == "b")
    }

    @Test func `an undefined value is a gap, and NaN, infinity and zero on a logarithmic axis are never drawn`() throws
    {
        let points: [Plot.Point] = [
            .init(1, 0.1), .init(2, 0.2), .init(3, .nan), .init(4, nil), .init(5, 0.3), .init(6, .infinity),
        ]
        let root = try drawn(plot(points))
        #expect(paths(root, "line") == 1)
        #expect(paths(root, "mark") == 3)
        #expect(plot(points).gaps == 3)
        let zero = try drawn(plot([.init(0, 1), .init(1, 0), .init(2, 1)], y: Axis("y", .logarithmic)))
        #expect(paths(zero, "mark") == 2)
        for element in root.descendants + zero.descendants {
            #expect(element.attributes.values.allSatisfy { !$0.contains("nan") && !$0.contains("inf") })
        }
        #expect(try drawn(plot([])).element(id: "p-d")?.text == "y over x. s: no values.")
    }

    @Test func `intervals are bars from low to high, and the description tells the ends and the events`() throws {
        let root = try drawn(
            plot(
                [.init(1, 0.5, low: 0.25, high: 0.75), .init(2, 0.5, event: "worse since 2")],
                y: Axis("y", domain: 0...1)))
        let bars = root.all("line").filter { $0.attributes["class"] == "interval" }
        #expect(bars.count == 1)
        let (low, high) = (bars[0].attributes["y1"].flatMap(Double.init), bars[0].attributes["y2"].flatMap(Double.init))
        #expect(low == 226 - 0.25 * 214 && high == 226 - 0.75 * 214)
        #expect(root.element(id: "p-d")?.text == "y over x. s: 0.500 at 1, 0.500 at 2. worse since 2.")
        #expect(root.all("circle").count { $0.attributes["class"] == "event" } == 1)
    }

    @Test func `labels never lie on each other and stay inside when there is room`() {
        let wishes = [50.0, 50, 51, 10, 199, 200, 200]
        let places = LabelText.spread(wishes, height: 12, within: (0, 200))
        let sorted = places.sorted()
        #expect(zip(sorted, sorted.dropFirst()).allSatisfy { $1 - $0 >= 12 - 1e-9 })
        #expect(sorted.first ?? -1 >= 0 && sorted.last ?? 999 <= 200)
        #expect(places[3] == 10)
    }

    @Test func `thirty series make the plot as high as their names need`() throws {
        let series = (0..<30).map { Plot.Series("arm-\($0)", .arm($0), points: [.init(0, 0.5), .init(1, 0.5)]) }
        let root = try drawn(Plot(title: "t", x: Axis("x"), y: Axis("y"), series: series))
        let labels = root.all("g").filter { $0.attributes["class"]?.hasPrefix("label") == true }
        let places = labels.compactMap { $0.all("text").first?.attributes["y"].flatMap(Double.init) }.sorted()
        #expect(places.count == 30)
        #expect(zip(places, places.dropFirst()).allSatisfy { $1 - $0 >= 12.9 })
        let height = try #require(
            root.all("svg")[0].attributes["viewBox"]?.split(separator: " ").last.flatMap { Double($0) })
        #expect(places[0] > 0 && places[29] < height)
        // Colour, mark and dashes together tell all of them apart.
        #expect(Set((0..<24).map { SeriesStyle.arm($0) }).count == 24)
    }

    @Test func `long names keep their beginning and their end`() {
        #expect(LabelText.short("gated-delta-net", width: 200) == "gated-delta-net")
        let short = LabelText.short("gated-delta-net-hybrid-three-to-one-seed-7", width: 128)
        #expect(short == "gated-delt…ne-seed-7")
        #expect(TextWidth.columns(LabelText.short(String(repeating: "漢字", count: 50), width: 64)) <= 10)
        #expect(LabelText.short("two\nlines", width: 200) == "two\\nlines")
    }

    @Test func `a sparkline spans its values, shows gaps, and is never wider than asked`() {
        #expect(Sparkline.text([0, 0.5, 1]) == "▁▅█")
        #expect(Sparkline.text([3, 3, 3]) == "▅▅▅")
        #expect(Sparkline.text([1, nil, .nan, 0]) == "█··▁")
        #expect(Sparkline.text([nil, .infinity]) == "-")
        #expect(Sparkline.text([]) == "-")
        let long = Sparkline.text((0..<1000).map(Double.init), width: 24)
        #expect(long.count == 24 && long.first == "▁" && long.last == "█")
        #expect(Sparkline.text([-Double.greatestFiniteMagnitude, .greatestFiniteMagnitude]) == "▁█")
    }
}
