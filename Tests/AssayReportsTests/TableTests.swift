import AssayMetrics
import Testing

@testable import AssayReports

struct TableTests {
    @Test func `columns are aligned, with wide and combining characters`() {
        var table = TextTable([.init("name"), .init("value", .right), .init("note")])
        table.append(["full", "1.5", "ok"])
        table.append(["漢字", "100.25", ""])
        table.append(["cafe\u{301}", "-", "two\nlines"])
        table.append(["👩‍👩‍👧"])
        #expect(
            table.text() == """
                name   value  note
                ----  ------  ----------
                full     1.5  ok
                漢字  100.25
                cafe\u{301}       -  two\\nlines
                👩‍👩‍👧

                """)
    }

    @Test func `a rule for terminals is drawn with lines`() {
        var table = TextTable([.init("a"), .init("b")])
        table.append(["long", "x"])
        #expect(table.text(isFramed: true) == "a     b\n────  ─\nlong  x\n")
        #expect(TextTable([.init("title", .right)]).text() == "title\n-----\n")
    }

    @Test func `Markdown has the same figures and escapes bars`() {
        var table = TextTable([.init("a"), .init("b", .right)])
        table.append(["x|y", "1"])
        #expect(table.markdown == "| a | b |\n| --- | --: |\n| x\\|y | 1 |\n")
    }

    @Test(arguments: [
        ("abc", 3), ("", 0), ("é", 1), ("e\u{301}", 1), ("漢", 2), ("ｱ", 1), ("Ａ", 2), ("👍🏽", 2), ("🇩🇪", 2), ("❤️", 2),
        ("a\u{200B}b", 2), ("한국", 4), ("─█", 2),
    ])
    func `the width of a text is that of a terminal`(text: String, width: Int) {
        #expect(TextWidth.columns(text) == width)
    }

    @Test(arguments: [
        (0.0, "0.000"), (0.8125, "0.812"), (-0.25, "-0.250"), (12.345, "12.35"), (123.45, "123.5"), (1234.4, "1,234"),
        (12_582_912, "12,582,912"), (1e-7, "1.0e-07"), (3.2e12, "3.20e+12"), (Double.infinity, "inf"),
    ])
    func `figures have as many digits as can be read`(value: Double, text: String) {
        #expect(Figure.value(value) == text)
    }

    @Test func `differences have signs, p values a floor, times their units`() {
        #expect(Figure.difference(0.25) == "+0.250")
        #expect(Figure.difference(-0.25) == "-0.250")
        #expect(Figure.difference(nil) == "-")
        #expect(Figure.value(.nan) == "-")
        #expect(Figure.p(0.00001) == "<0.0001")
        #expect(Figure.p(0.04) == "0.0400")
        #expect(Figure.duration(8.4) == "8 s")
        #expect(Figure.duration(130) == "2 min 10 s")
        #expect(Figure.duration(3900) == "1 h 05 min")
        #expect(Figure.duration(.infinity) == "-")
        #expect(Figure.grouped(-1_234_567) == "-1,234,567")
        #expect(Figure.grouped(123) == "123")
    }

    @Test
    func `the verdict table shows values, difference with interval, adjusted p, MDE, verdict and what is missing`()
        throws
    {
        let folder = try TemporaryFolder()
        let result = try SampleStore(folder.url.appendingPathComponent("a.sqlite"), responses: 2).result
        let open = ComparisonResult(
            metric: "nll", task: "needle", condition: "recurrent", slice: "hops=1", pairs: 10, clusters: 5,
            unit: .seeds, verdict: .undecided, itemsNeeded: 12_000, note: "5 clusters, a decision needs 6",
            direction: .lowerIsBetter)
        let table = VerdictTable.table([result, open], baseline: "full", candidate: "swa")
        let lines = table.text().split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(lines[0] == "metric task slice full swa difference interval adj. p MDE verdict note")
        #expect(
            lines[2]
                == "hop-accuracy successor all 0.812 0.700 -0.113 [-0.140, -0.090] <0.0001 0.030 REGRESSION "
                + "mind, the gap")
        #expect(
            lines[3]
                == "nll needle (recurrent) hops=1 - - - - - - UNDECIDED 5 clusters, a decision needs 6; "
                + "needs 12,000 seeds")
        #expect(VerdictTable.summary([result, open, open]) == "1 REGRESSION, 2 UNDECIDED")
        #expect(VerdictTable.summary([]) == "nothing")
    }
}
