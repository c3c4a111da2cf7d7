import AssayCore
import Foundation
import Testing

@testable import AssayReports

struct FormatTests {
    static let columns = ["name", "value", "flag", "detail"]
    static let rows: [[Field]] = [
        [.text("plain"), .number(0.1 + 0.2), .boolean(true), .none],
        [.text("a,b"), .number(1e-7), .boolean(false), .numbers(["y": 2, "x": .nan])],
        [.text("say \"hi\""), .number(.nan), .none, .numbers([:])],
        [.text("two\r\nlines\nand\rmore"), .number(-.infinity), .none, .text("tab\tand \u{1} bell")],
        [.text(""), .integer(.min), .unsigned(.max), .text("é 漢 👩‍👩‍👧")],
        [.text("-0"), .number(-0.0), .none, .number(1e300)],
    ]

    static func text(_ format: ExportFormat) throws -> String {
        let output = StringOutput()
        var writer = format.writer(columns: columns, to: output)
        try writer.begin()
        for row in rows { try writer.write(row) }
        try writer.end()
        return output.text
    }

    @Test func `CSV reads back by RFC 4180, with quotes, commas and line ends inside fields`() throws {
        let parsed = try #require(parseCSV(try FormatTests.text(.csv)))
        #expect(parsed.count == FormatTests.rows.count + 1)
        #expect(parsed[0] == FormatTests.columns)
        #expect(parsed[1] == ["plain", "0.30000000000000004", "true", ""])
        #expect(parsed[2] == ["a,b", "1e-07", "false", "{\"x\":null,\"y\":2}"])
        #expect(parsed[3] == ["say \"hi\"", "", "", ""])
        #expect(parsed[4] == ["two\r\nlines\nand\rmore", "-inf", "", "tab\tand \u{1} bell"])
        #expect(parsed[5] == ["", "-9223372036854775808", "18446744073709551615", "é 漢 👩‍👩‍👧"])
    }

    @Test func `CSV quotes only what needs it and ends lines with CR LF`() {
        #expect(CSVWriter.quoted("plain text; 'so'") == "plain text; 'so'")
        #expect(CSVWriter.quoted("a\"b") == "\"a\"\"b\"")
        #expect(CSVWriter.quoted("a\rb") == "\"a\rb\"")
    }

    @Test(arguments: [
        0.1, 1.0 / 3, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 123456789012345680, -0.0, 2.5e-5, 4,
    ])
    func `numbers are the shortest texts that read back exactly`(value: Double) throws {
        let text = try #require(NumberText.exact(value))
        #expect(Double(text)?.bitPattern == value.bitPattern)
        #expect(!text.hasSuffix(".0"))
        // No decimal text of fewer digits reads back as the same number.
        for digits in 1..<17 {
            let other = String(format: "%.\(digits - 1)e", value)
            guard Double(other) == value else { continue }
            let significant = text.lowercased().split(separator: "e")[0].filter(\.isNumber)
            let trimmed = significant.drop { $0 == "0" }.reversed().drop { $0 == "0" }
            #expect(trimmed.count <= digits)
            break
        }
    }

    @Test func `JSON is valid, keeps the order of keys, and has null for what is no number`() throws {
        let text = try FormatTests.text(.json)
        let objects = try #require(
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
        #expect(objects.count == FormatTests.rows.count)
        #expect(objects[2]["value"] is NSNull)
        #expect(objects[3]["value"] is NSNull)
        #expect(objects[3]["name"] as? String == "two\r\nlines\nand\rmore")
        #expect(objects[3]["detail"] as? String == "tab\tand \u{1} bell")
        #expect((objects[1]["detail"] as? [String: Any])?["y"] as? Int == 2)
        #expect(text.contains("{\"name\":\"plain\",\"value\":0.30000000000000004,\"flag\":true,\"detail\":null}"))
    }

    @Test func `JSON without rows is an empty list`() throws {
        let output = StringOutput()
        var writer = ExportFormat.json.writer(columns: ["a"], to: output)
        try writer.begin()
        try writer.end()
        #expect(output.text == "[]\n")
    }

    @Test func `Markdown keeps every row on one line with the same number of cells`() throws {
        let lines = try FormatTests.text(.markdown).split(separator: "\n")
        #expect(lines.count == FormatTests.rows.count + 2)
        #expect(MarkdownWriter.escaped("a|b\\c") == "a\\|b\\\\c")
        for line in lines { #expect(line.hasPrefix("|") && line.hasSuffix("|")) }
    }

    @Test func `a file is there when it is finished, whole, and not before`() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appendingPathComponent("deep/report.csv")
        do {
            let abandoned = try FileOutput(url)
            try abandoned.write("half")
        }
        #expect(!FileManager.default.fileExists(atPath: url.path))
        let output = try FileOutput(url)
        for _ in 0..<10_000 { try output.write("0123456789") }
        #expect(!FileManager.default.fileExists(atPath: url.path))
        try output.finish()
        #expect(try Data(contentsOf: url).count == 100_000)
        let left = try FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)
        #expect(left == ["report.csv"])
    }

    @Test func `a file that cannot be written is an error that names it`() {
        #expect {
            _ = try FileOutput(URL(fileURLWithPath: "/proc/none/report.csv"))
        } throws: { error in
            (error as? AssayError)?.kind == .system && (error as? AssayError)?.location == "/proc/none/report.csv"
        }
    }
}
