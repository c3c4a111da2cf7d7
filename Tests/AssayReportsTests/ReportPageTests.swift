import AssayCore
import AssayStatistics
import AssayStore
import Foundation
import Testing

@testable import AssayReports

@Suite struct ReportPageTests {
    private static func page(_ sample: SyntheticStore) throws -> (text: String, root: Element) {
        let text = try sample.report().text(.html)
        return (text, try #require(parseXML(text)))
    }

    private static func store(
        _ folder: TemporaryFolder, name: String = "synthetic", arms: [String] = ["full", "hybrid", "window"],
        seeds: Int = 1, parts: SyntheticStore.Parts = .all
    ) throws -> SyntheticStore {
        try SyntheticStore(
            folder.url.appendingPathComponent("\(UUID().uuidString).sqlite"), name: name, arms: arms, seeds: seeds,
            parts: parts)
    }

    @Test func `the worst regression is on top in words, and verdicts follow from the worst on`() throws {
        let folder = try TemporaryFolder()
        let sample = try Self.store(folder)
        let (_, root) = try Self.page(sample)
        let summary = try #require(root.element(id: "summary"))
        // The largest loss of all, 0.06 on the third metric of the second arm.
        let facts = summary.all("dl")[0].all("dd").map(\.text)
        #expect(facts[0] == "window" && facts[2] == "recall")
        #expect(facts[3] == "-0.060 [-0.080, -0.040]")
        #expect(summary.wholeText.contains("window is worse than full in"))
        #expect(summary.wholeText.contains("3.000 times the loss that does not matter"))
        let section = try #require(root.element(id: "verdicts"))
        let primary = section.all("table")[0].all("tr").dropFirst()
        #expect(primary.count == 8)
        let order = primary.compactMap { $0.attributes["data-verdict"] }
        #expect(order.first == "regression")
        #expect(order == order.sorted { rank($0) < rank($1) })
        // Every row has the figures of its result, and a drawing of its interval.
        let first = try #require(primary.first)
        #expect(first.all("svg").count == 1)
        #expect(first.wholeText.contains("[-0.080, -0.040]"))
        #expect(section.all("details")[0].all("tr").count == 17)
    }

    private func rank(_ verdict: String) -> Int {
        ["regression", "undecided", "improvement", "no-regression"].firstIndex(of: verdict) ?? 9
    }

    @Test func `without a regression the page does not claim that all is well while something is undecided`() throws {
        let folder = try TemporaryFolder()
        // Arm 1 of this many metrics loses at most 0.03.
        let sample = try SyntheticStore(
            folder.url.appendingPathComponent("a.sqlite"), arms: ["full", "hybrid"], metrics: 3, slices: 0, parts: [])
        let (_, root) = try Self.page(sample)
        let summary = try #require(root.element(id: "summary"))
        #expect(summary.wholeText.contains("not all is decided"))
        #expect(summary.wholeText.contains("a loss is not ruled out"))
        #expect(!summary.wholeText.contains("Worst regression"))
    }

    @Test func `equal stores give equal bytes, and a second report the same`() throws {
        let folder = try TemporaryFolder()
        let (one, other) = (try Self.store(folder, seeds: 2), try Self.store(folder, seeds: 2))
        for format in DocumentFormat.allCases {
            let text = try one.report().text(format)
            #expect(text == (try one.report().text(format)))
            #expect(text == (try other.report().text(format)))
        }
    }

    @Test func `every plot has a title, a description and its data as CSV that reads back exactly`() throws {
        let folder = try TemporaryFolder()
        let sample = try Self.store(folder)
        let (_, root) = try Self.page(sample)
        let figures = root.all("figure")
        #expect(figures.count >= 8)
        for figure in figures {
            let plots = figure.all("svg")
            // What is read as a table is in words already.
            #expect(plots.isEmpty == figure.attributes["class"]?.contains("table"))
            for plot in plots {
                let ids = try #require(plot.attributes["aria-labelledby"]).split(separator: " ").map(String.init)
                #expect(plot.attributes["role"] == "img")
                #expect(ids.allSatisfy { plot.element(id: $0)?.text.isEmpty == false })
                #expect(!plot.all("path").isEmpty)
            }
            let link = try #require(figure.all("a").first?.attributes["href"])
            let data = try #require(Data(base64Encoded: String(link.split(separator: ",")[1])))
            let rows = try #require(parseCSV(String(decoding: data, as: UTF8.self)))
            let table = figure.all("details")[0].all("tr")
            #expect(rows.count == table.count)
            #expect(rows[0] == table[0].all("th").map(\.text))
        }
        let identities = root.descendants.compactMap { $0.attributes["id"] }
        #expect(Set(identities).count == identities.count)
    }

    @Test func `the data of a figure are the numbers of the store`() throws {
        let folder = try TemporaryFolder()
        let sample = try Self.store(folder)
        let figure = try #require(HopSection.section(try sample.report()).figures.first)
        let rows = try #require(parseCSV(try figure.data.text(.csv)))
        #expect(rows[0] == ["arm", "hops", "value", "low", "high", "seeds"])
        let hybrid = rows.filter { $0[0] == "hybrid" }
        // As the store was told: level / hops at the last of four steps.
        let level = 0.9 - 0.02 - 0.3 / 4
        #expect(hybrid.map { $0[1] } == ["1", "2", "3", "4"])
        #expect(Double(hybrid[1][2]) == level / 2)
        #expect(Double(hybrid[3][3]) == level / 4 - 0.05)
        #expect(hybrid[2][2...4] == ["", "", ""])
        #expect(figure.plots[0].gaps == 3)
        #expect(try figure.markup(id: "x").source.contains("Values that are not defined are gaps: 3."))
    }

    @Test func `several seeds are a mean with the interval of the t distribution`() throws {
        let folder = try TemporaryFolder()
        let sample = try Self.store(folder, seeds: 3)
        let report = try sample.report()
        let value = try #require(
            report.values["hybrid", ValueKey(metric: "accuracy", task: "recall", condition: "parallel", slice: "all")])
        // Seeds 0.01 apart: sd 0.01, t(0.975, 2) = 4.302653.
        #expect(value.seeds == 3)
        let (mean, high) = (try #require(value.value), try #require(value.high))
        let half = 4.302653 * 0.01 / 3.0.squareRoot()
        #expect(abs(mean - 0.815) < 1e-12)
        #expect(abs(high - mean - half) < 1e-7)
    }

    @Test(arguments: [
        (SyntheticStore.Parts.hops, "hops"), (.lengths, "lengths"), (.checkpoints, "checkpoints"),
        (.precision, "precision"), (.memory, "memory"), (.faults, "faults"),
    ])
    func `a section without data is left out wholly`(part: SyntheticStore.Parts, id: String) throws {
        let folder = try TemporaryFolder()
        let sections = ["hops", "lengths", "checkpoints", "precision", "memory", "faults"]
        let (_, alone) = try Self.page(try Self.store(folder, parts: part))
        #expect(sections.filter { alone.element(id: $0) != nil } == [id])
        let (text, without) = try Self.page(try Self.store(folder, parts: SyntheticStore.Parts.all.subtracting(part)))
        #expect(sections.filter { without.element(id: $0) != nil } == sections.filter { $0 != id })
        #expect(!text.contains("href=\"#\(id)\""))
    }

    @Test func `proxies stand best first, each with its card, and only those that rank are said to`() throws {
        let folder = try TemporaryFolder()
        let sample = try Self.store(folder, parts: [])
        let root = try #require(parseXML(try sample.report(proxies: SyntheticStore.evidence()).text(.html)))
        let section = try #require(root.element(id: "proxies"))
        let cards = section.all("table")[0].all("tr").dropFirst()
        #expect(cards.map { $0.all("th")[0].text } == ["nll/chain", "nll/chain@100", "nll/recall", "loss"])
        let uses = cards.map { $0.all("td")[0].text }
        #expect(uses[0] == "ranks" && uses[2] == "refuses to rank: the interval covers one half")
        #expect(uses[3] == "RANKS THE WRONG WAY ROUND")
        // A panel for the best proxy of each task, with a mark for each run that has both values.
        let panels = section.all("figure")[1].all("svg").filter { $0.attributes["role"] == "img" }
        #expect(panels.count == 3 && panels.allSatisfy { $0.all("path").count == 23 })
        let legend = section.all("ul")[0].all("li").map(\.text)
        #expect(legend.count == 8 && legend[0] == " full")
        #expect(
            Set(panels[0].all("path").compactMap { $0.all("title").first?.text.split(separator: ",")[0] }).count == 8)
    }

    @Test func `the fault matrix says on how many tasks each metric fired`() throws {
        let folder = try TemporaryFolder()
        let (_, root) = try Self.page(try Self.store(folder, parts: .faults))
        let figures = try #require(root.element(id: "faults")).all("figure")
        let matrix = figures[0].all("table")[0]
        let rows = matrix.all("tr").dropFirst().map { [$0.all("th")[0].text] + $0.all("td").map(\.text) }
        #expect(matrix.all("tr")[0].all("th").map(\.text).suffix(3) == ["accuracy", "hop-decay", "nll"])
        #expect(rows.first { $0[0] == "head removed" }?.suffix(3) == ["1/1", "1/1", "1/1"])
        #expect(rows.first { $0[0] == "nothing (no damage)" }?.suffix(3) == ["0/1", "0/1", "0/1"])
        #expect(figures[0].all("h3")[0].text == "Fault matrix of the models")
        #expect(figures[1].wholeText.contains("of them may raise an alarm"))
        #expect(figures[2].wholeText.contains("0.805"))
    }

    @Test func `a batch without results is a page that says so`() throws {
        let folder = try TemporaryFolder()
        let store = try Store(url: folder.url.appendingPathComponent("a.sqlite"), mode: .readWrite)
        let batch = BatchRecord(identity: ContentHash(of: "b"), name: "b", control: "full", definition: "{}")
        try store.record(batch)
        let report = try BatchReport(store: store, batch: batch)
        let root = try #require(parseXML(try report.text(.html)))
        #expect(root.wholeText.contains("Nothing was compared"))
        #expect(root.element(id: "verdicts") == nil && root.all("figure").isEmpty)
        #expect(parseXML(try report.text(.junit)) != nil)
        #expect(try report.text(.markdown).hasPrefix("## b\n"))
    }

    @Test func `hostile names are text and nothing else`() throws {
        let folder = try TemporaryFolder()
        let nasty = [
            "<script>alert(1)</script>", "\"><img src=x onerror='alert(1)'>", "]]>&lt;!--", "👩‍👩‍👧 \u{202E}rtl",
            String(repeating: "long-", count: 100), "a\u{1}b\u{1B}[31m\u{FFFF}\r\nc",
        ]
        let sample = try Self.store(folder, name: "</title><script>", arms: ["<b>full</b>"] + nasty)
        let (text, root) = try Self.page(sample)
        #expect(root.all("script").count == 1)
        #expect(root.all("img").isEmpty && root.all("b").isEmpty)
        #expect(root.descendants.allSatisfy { $0.attributes.keys.allSatisfy { !$0.hasPrefix("on") } })
        #expect(text.components(separatedBy: "<script>").count == 2)
        let cells = root.all("td").map(\.text)
        #expect(cells.contains(nasty[0]) && cells.contains(nasty[1]) && cells.contains(nasty[4]))
        // Nothing is loaded: every address is a place of the page or data.
        for element in root.descendants {
            for name in ["href", "src", "srcset", "data", "action"] {
                guard let value = element.attributes[name] else { continue }
                #expect(value.hasPrefix("#") || value.hasPrefix("data:text/csv"), "\(value.prefix(60))")
            }
        }
        let outside = text.replacing("http://www.w3.org/2000/svg", with: "")
            .replacing("http://www.w3.org/1999/xhtml", with: "")
        #expect(!outside.contains("http://") && !outside.contains("https://") && !outside.contains("url("))
        let junit = try #require(parseXML(try sample.report().text(.junit)))
        #expect(junit.all("testsuite").contains { $0.attributes["name"] == "\(nasty[0]) against <b>full</b>" })
        let markdown = try sample.report().text(.markdown)
        #expect(!markdown.contains("\n<script>") && markdown.contains("\\<script\\>"))
    }

    @Test func `a report of thirty arms and twenty checkpoints takes less than five seconds`() throws {
        let folder = try TemporaryFolder()
        let sample = try SyntheticStore(
            folder.url.appendingPathComponent("a.sqlite"), arms: (0..<30).map { "arm-\($0)" }, steps: 20, metrics: 12,
            slices: 5)
        let clock = ContinuousClock()
        let start = clock.now
        let url = folder.url.appendingPathComponent("report.html")
        try sample.report(proxies: SyntheticStore.evidence(runs: 30)).write(.html, to: url)
        let seconds = (clock.now - start) / .seconds(1)
        print("report of 30 arms x 20 checkpoints: \(seconds) s, \(try Data(contentsOf: url).count) bytes")
        #expect(seconds < 5)
    }
}
