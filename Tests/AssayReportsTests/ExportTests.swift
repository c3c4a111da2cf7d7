import AssayCore
import AssayStore
import Foundation
import Testing

@testable import AssayReports

struct ExportTests {
    @Test(arguments: ExportSubject.allCases)
    func `every export has its columns in every format, and the same bytes again`(subject: ExportSubject) throws {
        let folder = try TemporaryFolder()
        let sample = try SampleStore(folder.url.appendingPathComponent("a.sqlite"))
        for batch in [sample.batch, nil] {
            let exporter = Exporter(store: sample.store, batch: batch)
            let csv = StringOutput()
            let rows = try exporter.export(subject, .csv, to: csv)
            #expect(rows > 0)
            let parsed = try #require(parseCSV(csv.text))
            #expect(parsed.count == rows + 1)
            #expect(parsed[0] == subject.columns)
            #expect(parsed.allSatisfy { $0.count == subject.columns.count })
            let json = StringOutput()
            #expect(try exporter.export(subject, .json, to: json) == rows)
            let objects = try #require(
                try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [[String: Any]])
            #expect(objects.count == rows)
            let markdown = StringOutput()
            #expect(try exporter.export(subject, .markdown, to: markdown) == rows)
            #expect(markdown.text.split(separator: "\n").count == rows + 2)
            let again = StringOutput()
            try exporter.export(subject, .csv, to: again)
            #expect(again.text == csv.text)
        }
    }

    @Test func `responses carry item, covariates, score, output and detail, under the names of the batch`() throws {
        let folder = try TemporaryFolder()
        let sample = try SampleStore(folder.url.appendingPathComponent("a.sqlite"))
        let output = StringOutput()
        try Exporter(store: sample.store, batch: sample.batch).export(.responses, .csv, to: output)
        let parsed = try #require(parseCSV(output.text))
        let first = Dictionary(uniqueKeysWithValues: zip(parsed[0], parsed[1]))
        #expect(parsed.count == 81)
        #expect(first["arm"] == "arm-full")
        #expect(first["task"] == "renamed")
        #expect(first["seed"] == "18446744073709551615")
        #expect(first["status"] == "graded")
        #expect(first["score"].flatMap(Double.init) == 1.0 / 3)
        #expect(first["output"] == SampleStore.nasty)
        #expect(first["detail"] == "{\"kl\":1e-07,\"steps\":7}")
        let second = Dictionary(uniqueKeysWithValues: zip(parsed[0], parsed[2]))
        #expect(second["status"] == "error")
        #expect(second["score"] == "")
        #expect(second["position"].flatMap(Double.init) == 1.0 / 3)
    }

    @Test func `runs say how they ended, with the last logged step`() throws {
        let folder = try TemporaryFolder()
        let sample = try SampleStore(folder.url.appendingPathComponent("a.sqlite"))
        let output = StringOutput()
        try Exporter(store: sample.store).export(.runs, .csv, to: output)
        let parsed = try #require(parseCSV(output.text))
        #expect(Array(parsed[1][1..<9]) == ["full", "18446744073709551615", "finished", "", "2", "1024", "", "inf"])
        #expect(parsed[2][3...4] == ["failed", "loss spike, \"bad\""])
    }

    @Test func `a batch exports nothing that belongs to others`() throws {
        let folder = try TemporaryFolder()
        let sample = try SampleStore(folder.url.appendingPathComponent("a.sqlite"))
        let other = ContentHash(of: "other")
        try sample.store.record(BatchRecord(identity: other, name: "other", control: "x", definition: "{}"))
        for subject in ExportSubject.allCases {
            #expect(try Exporter(store: sample.store, batch: other).export(subject, .csv, to: StringOutput()) == 0)
        }
    }

    #if os(Linux)
        @Test func `exporting many responses holds neither the rows nor the text`() async throws {
            let folder = try TemporaryFolder()
            let url = folder.url.appendingPathComponent("a.sqlite")
            try SampleStore(url, responses: 40_000).store.close()
            let path = url.path
            // In a process of its own: the peak is that of the whole process.
            await #expect(processExitsWith: .success) { [path = path as String] in
                let store = try Store(url: URL(fileURLWithPath: path), mode: .readOnly)
                let before = peakMemory()
                let target = URL(fileURLWithPath: path + ".csv")
                let rows = try Exporter(store: store).export(.responses, .csv, to: target)
                // The rows would take 70 MB, the text 13 MB.
                let grown = peakMemory() - before
                try #require(rows == 80_000)
                try #require(grown < 12 << 20)
            }
        }
    #endif
}

/// Bytes of the process at its largest.
private func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM") }
    return (line?.split(whereSeparator: { !$0.isNumber }).last.flatMap { Int($0) } ?? 0) << 10
}
