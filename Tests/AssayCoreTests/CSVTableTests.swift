import AssayCore
import Foundation
import Testing

@Suite struct CSVTableTests {
    private func table(_ text: String) throws -> CSVTable { try CSVTable(Data(text.utf8), name: "runs.csv") }

    private func message(_ text: String) -> String {
        do {
            _ = try table(text)
            return "no error"
        } catch { return "\(error)" }
    }

    @Test func quotesLineEndsAndTheByteOrderMarkFollowTheStandard() throws {
        let text = "\u{FEFF}name,\"with, comma\",z\r\n\"say \"\"hi\"\"\",\"two\r\nlines\",3\r\n plain , \"kept \" ,\n"
        let table = try table(text)
        #expect(table.columns == ["name", "with, comma", "z"])
        #expect(table.rows.map(\.fields) == [["say \"hi\"", "two\r\nlines", "3"], ["plain", "kept ", ""]])
        #expect(table.rows.map(\.line) == [2, 4])
    }

    @Test func allLineEndsAreTheSameAndEmptyLinesAreNoRows() throws {
        let rows = ["a,b", "1,2", "3,4"]
        let expected = try table(rows.joined(separator: "\n")).rows.map(\.fields)
        for end in ["\r\n", "\r", "\n"] {
            #expect(try table(rows.joined(separator: end)).rows.map(\.fields) == expected)
            #expect(try table(rows.joined(separator: end + end) + end + end).rows.map(\.fields) == expected)
        }
        #expect(try table("a,b\n1,2\n\n3,4\n").rows.map(\.line) == [2, 4])
    }

    @Test func malformedFilesNameTheLine() {
        #expect(message("a,b\n1,2\n3\n").contains("runs.csv:3: 1 fields, the header has 2"))
        #expect(message("a,b\n\"x\ny\",2\n3,4,5\n").contains("runs.csv:4: 3 fields"))
        #expect(message("a,b\n1,x\"y\n").contains("runs.csv:2: a quote within"))
        #expect(message("a,b\n\"1\"x,2\n").contains("runs.csv:2: text after a closing quote"))
        #expect(message("a,b\n1,2\n\"open,3\n4,5\n").contains("runs.csv:3: a quote that is never closed"))
        #expect(message("a,,c\n").contains("column 2 has no name"))
        #expect(message("a,b,a\n").contains("two columns are called 'a'"))
        #expect(message("").contains("empty") && message("\n\r\n").contains("empty"))
        let latin = Data([UInt8(ascii: "a"), 10, 0xE9, 10])
        #expect(throws: AssayError.self) { try CSVTable(latin, name: "x") }
        #expect(throws: AssayError.self) { try CSVTable(URL(fileURLWithPath: "/nowhere/x.csv")) }
    }

    @Test func aMissingColumnIsSuggested() throws {
        let table = try table("accuracy,size\n1,2\n")
        #expect(try table.index(of: "size") == 1)
        #expect { try table.index(of: "acuracy") } throws: { "\($0)".contains("Did you mean 'accuracy'?") }
        let other = try self.table("a;b\n1;2\n")
        #expect { try other.index(of: "a") } throws: { "\($0)".contains("separated by commas") }
    }

    @Test func listsOfNamesMayQuoteCommas() throws {
        #expect(try CSVTable.fields("a,\"b, or c\", d", name: "list") == ["a", "b, or c", "d"])
        #expect(try CSVTable.fields("", name: "list").isEmpty)
        #expect(throws: AssayError.self) { try CSVTable.fields("a\nb", name: "list") }
    }
}
