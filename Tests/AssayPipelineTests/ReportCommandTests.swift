import AssayCore
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ReportCommandTests {
    private func run(_ arguments: String...) throws -> Command.Result {
        try Command(arguments, in: try Finished.tiny.get().folder).wait()
    }

    @Test func aReportOfNoBatchIsRefused() throws {
        let result = try run("report", "tinny")
        #expect(result.status == 64 && result.errors.contains("Did you mean 'tiny'?"), "\(result.errors)")
        #expect(try run("report", "--format", "csv").status == 64)
    }

    @Test func aBatchWritesTheReportsThatItsFileNamesAndTheCommandTheSameBytes() throws {
        let bench = try Workbench()
        try bench.edit("evals/batches/tiny.yaml", "reports: [csv, json, markdown]", "reports: [html, junit]")
        try bench.run()
        let folder = bench.results.appendingPathComponent("tiny")
        #expect(try Set(FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["report.html", "junit.xml"])
        let file = folder.appendingPathComponent("report.html")
        let page = try String(contentsOf: file, encoding: .utf8)
        #expect(page.hasPrefix("<!DOCTYPE html>") && page.hasSuffix("</html>\n"))
        #expect(page.contains("id=\"verdicts\"") && page.contains("id=\"checkpoints\""))
        try FileManager.default.removeItem(at: file)
        #expect(try Command.run("report", in: bench.folder).status == 0)
        #expect(try String(contentsOf: file, encoding: .utf8) == page)
        #expect(try Command.run("report", "tiny", "--output", "page.html", in: bench.folder).status == 0)
        #expect(try String(contentsOf: bench.url("page.html"), encoding: .utf8) == page)
        // A store of another run of the same batch.
        #expect(try run("report", "--output", "-").output == page)
        let junit = try run("report", "--format", "junit", "--output", "-").output
        #expect(try String(contentsOf: folder.appendingPathComponent("junit.xml"), encoding: .utf8) == junit)
        #expect(junit.contains("<testsuite name=\"hybrid against full\""))
    }

    @Test func diffGivesJUnitWithTheSameStatus() throws {
        let result = try run("diff", "full@12", "full@0", "--format", "junit")
        #expect(result.status == 1)
        #expect(result.output.contains("<failure type=\"REGRESSION\""))
        #expect(result.output.contains("full@0 is worse than full@12"))
    }

    @Test func driftShowsTheCourseOfEachMetricInOneCell() throws {
        let lines = try run("drift", "window").output.split(separator: "\n")
        let column = try #require(lines.first).components(separatedBy: "  ").filter { !$0.isEmpty }.firstIndex {
            $0.trimmingCharacters(in: .whitespaces) == "difference"
        }
        #expect(column == 2)
        // Four checkpoints are four blocks, where the metric is defined everywhere.
        let blocks = Set("▁▂▃▄▅▆▇█")
        #expect(
            lines.contains { $0.split(separator: " ").contains { $0.count == 4 && $0.allSatisfy(blocks.contains) } })
    }
}
