import AssayMetrics
import AssayStatistics
import Foundation
import Testing

@testable import AssayReports

@Suite struct IntervalStripTests {
    private func result(
        _ estimate: Double?, _ low: Double?, _ high: Double?, margin: Double? = 0.02,
        _ direction: MetricDirection = .higherIsBetter
    ) -> AssayMetrics.ComparisonResult {
        AssayMetrics.ComparisonResult(
            metric: "m", task: "t", condition: "parallel", slice: "all", estimate: estimate, low: low, high: high,
            margin: margin, pairs: 10, clusters: 10, verdict: .regression, direction: direction)
    }

    private func drawing(_ strip: IntervalStrip, _ result: AssayMetrics.ComparisonResult) throws -> Element {
        try #require(parseXML(strip.markup(result).source))
    }

    private func dot(_ root: Element) throws -> Double {
        try #require(root.all("circle").first?.attributes["cx"].flatMap(Double.init))
    }

    @Test func `right is better whichever way the metric goes, and zero is in the middle`() throws {
        let strip = IntervalStrip([result(-0.1, -0.2, 0.2)])
        #expect(try dot(drawing(strip, result(0, 0, 0))) == 110)
        #expect(try dot(drawing(strip, result(-0.1, -0.12, -0.08))) < 110)
        #expect(try dot(drawing(strip, result(-0.1, -0.12, -0.08, .lowerIsBetter))) > 110)
        // The ends of the widest row, ten margins, are the ends of the axis.
        let widest = try drawing(strip, result(-0.1, -0.2, 0.2)).all("line")[1]
        #expect(widest.attributes["x1"] == "10" && widest.attributes["x2"] == "210")
        // One margin lies where the logarithm puts it.
        let margin = try dot(drawing(strip, result(0.02, 0, 0.04)))
        #expect(abs(margin - (110 + 100 * log(2.0) / log(11.0))) < 0.01)
    }

    @Test func `an interval that leaves the axis ends in an arrow, and without interval or margin there is nothing`()
        throws
    {
        let strip = IntervalStrip([result(-0.01, -0.02, 0)])
        let far = try drawing(strip, result(-1, -2, -0.5))
        #expect(far.all("path").count == 1 && far.all("circle").isEmpty)
        #expect(strip.markup(result(-1, nil, nil)) == .empty)
        #expect(strip.markup(result(nil, -1, 1)) == .empty)
        #expect(strip.markup(result(-1, -2, 0, margin: 0)) == .empty)
        #expect(strip.markup(result(-1, -.infinity, 0)) == .empty)
        #expect(parseXML(IntervalStrip([]).axis().source)?.all("text").map(\.text) == ["-1", "0", "+1"])
    }

    @Test func `losses are ordered across metrics by margins, primary ones and regressions first`() throws {
        let folder = try TemporaryFolder()
        let sample = try SyntheticStore(
            folder.url.appendingPathComponent("a.sqlite"), arms: ["full", "a", "b", "c"], parts: [])
        let ranked = try sample.report().verdicts
        #expect(ranked.map(\.result.isPrimary) == ranked.map(\.result.isPrimary).sorted { $0 && !$1 })
        let regressions = ranked.filter { $0.result.isPrimary && $0.result.verdict == .regression }
        #expect(regressions.count > 1)
        #expect(regressions.map(\.loss) == regressions.map(\.loss).sorted(by: >))
    }

    @Test(arguments: [
        ("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;"), ("tab\tend\r\n", "tab&#9;end&#13;&#10;"),
        ("\u{0}\u{1B}\u{FFFF}", "\u{FFFD}\u{FFFD}\u{FFFD}"), ("é 漢 👩‍👩‍👧", "é 漢 👩‍👩‍👧"), ("plain", "plain"),
    ])
    func `texts are escaped for elements and attributes alike`(text: String, escaped: String) {
        #expect(Markup.escaped(text) == escaped)
        #expect(Markup.element("p", [("title", text)], text).source == "<p title=\"\(escaped)\">\(escaped)</p>")
    }

    @Test func `a name in a table of Markdown is no tag`() {
        #expect(
            MarkdownWriter.escaped("<script>a</script> <!-- p <0.0001") == "\\<script>a\\</script> \\<!-- p <0.0001")
    }
}
