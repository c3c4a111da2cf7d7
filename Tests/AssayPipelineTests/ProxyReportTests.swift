import AssayCore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ProxyReportTests {
    /// Two sizes of eight architectures with two runs each, whose order by `easy` is that of the target, by `loss` its
    /// reverse, and by `blind` has nothing to do with it.
    private static let table: String = {
        var lines = ["size,arch,note,easy,loss,blind,flat,hard"]
        for size in ["1B", "3B"] {
            for index in 0..<16 {
                let hard = Double(index) / 10 + (size == "3B" ? 5 : 0)
                let blind = (index * 7 + 3) % 16
                lines.append(
                    "\(size),a\(index / 2),\"run \(index), \(size)\",\(hard * 2 + 1),\(9 - hard),\(blind),4,\(hard)")
            }
        }
        return lines.joined(separator: "\r\n") + "\r\n"
    }()

    /// Writes a table to a file of its own and reports on it.
    private func report(
        _ text: String = ProxyReportTests.table, target: String = "hard", within: String? = "size",
        cluster: String? = "arch", lower: [String] = ["loss"], level: Double = 0.9
    ) throws -> ProxyReport {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("proxies-\(UUID().uuidString).csv")
        try Data(text.utf8).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        return try ProxyReport(
            from: url, columns: ProxyColumns(target: target, within: within, cluster: cluster, lower: lower),
            level: level)
    }

    private func refusal(_ text: String, target: String = "y", cluster: String? = nil, lower: [String] = []) -> String {
        do {
            _ = try report(text, target: target, within: nil, cluster: cluster, lower: lower)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func everyColumnOfNumbersIsJudgedInsideEachSize() throws {
        let rows = CSV.parse(try report().render(as: .csv))
        #expect(rows.map { $0["proxy"] } == ["easy", "easy", "loss", "loss", "blind", "blind", "flat", "flat"])
        #expect(rows.map { $0["within"] } == ["1B", "3B", "1B", "3B", "1B", "3B", "1B", "3B"])
        #expect(rows[0].keys.count == 9 && rows.allSatisfy { $0["pairs"] == "120" && $0["clusters"] == "8" })
        for row in rows.prefix(4) {
            #expect(row["decisionAccuracy"] == "1" && row["low"] == "1" && row["high"] == "1")
            #expect(row["spearman"] == "1" && row["kendall"] == "1")
        }
        let blind = try #require(rows[4]["decisionAccuracy"].flatMap(Double.init))
        // By hand: of the 120 pairs of 0 ..< 16 under 7 i + 3 modulo 16, those that keep their order.
        let order = (0..<16).map { ($0 * 7 + 3) % 16 }
        var kept = 0
        for i in 0..<16 { kept += order[..<i].count { $0 < order[i] } }
        #expect(blind == Double(kept) / 120)
        #expect(rows[6]["decisionAccuracy"] == "" && rows[6]["low"] == "" && rows[6]["spearman"] == "")
    }

    @Test func jsonHasTheSameFieldsInTheSameOrder() throws {
        let text = try report().render(as: .json)
        let parsed = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(parsed.count == 8 && parsed[0]["decisionAccuracy"] as? Double == 1)
        #expect(parsed[6]["kendall"] is NSNull && parsed[6]["pairs"] as? Int == 120)
        let fields = [
            "proxy", "within", "decisionAccuracy", "low", "high", "pairs", "clusters", "spearman", "kendall",
        ]
        let places = fields.compactMap { text.range(of: "\"\($0)\":")?.lowerBound }
        #expect(places.count == 9 && places == places.sorted())
        let whole = try report(within: nil).render(as: .json)
        #expect(whole.contains("\"within\":null"))
    }

    @Test func theTableRefusesToRankByWhatIsNoBetterThanACoin() throws {
        let text = try report().render(as: .table)
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.hasPrefix("easy") }.allSatisfy { $0.hasSuffix("ranks") })
        #expect(
            lines.filter { $0.hasPrefix("blind") }.allSatisfy { $0.contains("refuses to rank: the interval covers") })
        #expect(
            lines.filter { $0.hasPrefix("flat") }.allSatisfy { $0.contains("refuses to rank: the proxy is constant") })
        #expect(text.contains("90 % interval") && text.contains("Without numbers: note"))
        #expect(try report(level: 0.975).render(as: .table).contains("97.5 % interval"))
        // Without --lower the loss ranks the wrong way round, and the table says so.
        #expect(try report(lower: []).render(as: .table).contains("RANKS THE WRONG WAY ROUND"))
        #expect(try report().render(as: .markdown).hasPrefix("| proxy |"))
    }

    @Test func theReportIsTheSameOnEveryRun() throws {
        #expect(try report().render(as: .json) == report().render(as: .json))
    }

    @Test func missingCellsAreLeftOutAndWordsAreNamed() throws {
        let text = "x,z,y\n1,5,1\n,NA,2\n3,oops,3\nN/A,2,4\n"
        let report = try report(text, target: "y", within: nil, cluster: nil, lower: [])
        #expect(report.validities.map(\.proxy) == ["x"] && report.validities[0].pairs == 1)
        #expect(try report.render(as: .table).contains("'z': line 4 holds 'oops'"))
    }

    @Test func badTablesAreRefusedWithALineAndARemedy() {
        #expect(refusal("x,hard\n1,2\n2,3\n", target: "hrad").contains("Did you mean 'hard'?"))
        #expect(refusal("x,y\n1,2\n2,3\n", cluster: "arch").contains("no column 'arch'"))
        #expect(refusal("x,y\n1,2\n2,3\n", lower: ["xx"]).contains("Did you mean 'x'?"))
        #expect(refusal("x,y\n1,2\n").contains("1 rows have the target"))
        #expect(refusal("x,y\n").contains("0 rows have the target"))
        #expect(refusal("x,y\n1,2\n2,2\n").contains("is the same in all rows"))
        #expect(refusal("x,y\n1,2\n2,word\n").contains(".csv:3: the target 'y' is not a number: 'word'"))
        #expect(refusal("x,y\n1,2\nnan,3\n").contains(".csv:3: 'nan' in column 'x' is not a finite number"))
        #expect(refusal("x,y\n1,2\n1,-inf\n").contains("'-inf' in column 'y'"))
        #expect(refusal("x,y\n1e999,2\n1,3\n").contains("not a finite number"))
        #expect(refusal("x,y\n1,2\n1,2,3\n").contains(".csv:3: 3 fields, the header has 2"))
        #expect(refusal("x,y\na,2\nb,3\n").contains("no column of numbers besides the target"))
        #expect(refusal("x,y,c\n1,2,a\n2,3,\n", cluster: "c").contains(".csv:3: no value in column 'c'"))
        #expect(refusal("x,y\n1,2\n2,3\n", cluster: "y").contains("must name different columns"))
        #expect(refusal("x,c,y\n1,a,2\n2,b,3\n", lower: ["c"]).contains("not one of numbers"))
    }
}
