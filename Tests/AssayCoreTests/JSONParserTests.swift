import AssayCore
import Foundation
import Testing

/// The message of the error that a text gives; nil when it is read.
private func problem(_ text: String, allowsNonFinite: Bool = false) -> String? {
    do {
        _ = try JSONParser.value(Data(text.utf8), location: "file", allowsNonFinite: allowsNonFinite)
        return nil
    } catch {
        return "\(error)"
    }
}

@Suite struct JSONParserTests {
    @Test func `values are read as they were written`() throws {
        let text =
            #"{"a": [1, -0, 9223372036854775807, 1.5e3, 18446744073709551616], "é": "\u00e9\ud83d\ude00\n\/", "a": null}"#
        guard case .object(let members) = try JSONParser.value(Data(text.utf8), location: "file"),
            case .list(let numbers) = members[0].value, case .text(let accents) = members[1].value
        else {
            Issue.record("another shape")
            return
        }
        #expect(members.map(\.name) == ["a", "é", "a"])
        #expect(accents == "é😀\n/")
        let whole = numbers.map { if case .integer(let value) = $0 { value } else { -1 } }
        #expect(whole == [1, 0, .max, -1, -1])
        guard case .number(let large) = numbers[4] else {
            Issue.record("no number")
            return
        }
        #expect(large == 0x1p64)
    }

    @Test func `what is not JSON is refused with its line`() {
        let wrong = [
            "", "{", "[1,]", "{\"a\":1,}", "{a:1}", "01", "1.", "-", "+1", ".5", "1e", "nul", "\"a", "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"", "\"\u{1}\"", "1 2", "NaN", "Infinity", "1e999", "[1 2]", "{\"a\" 1}", "\u{FEFF}1",
        ]
        for text in wrong { #expect(problem(text)?.hasPrefix("file:1: is not JSON") == true, "\(text)") }
        #expect(problem("[\n1,\n?]")?.hasPrefix("file:3") == true)
        #expect(problem(String(repeating: "[", count: 100_000))?.contains("nested") == true)
        #expect(throws: AssayError.self) { try JSONParser.value([0x22, 0xFF, 0x22], location: "file") }
        #expect(problem("[NaN, -Infinity, Infinity]", allowsNonFinite: true) == nil)
        let nested = [UInt8](#"{"a": {"b": [1]}, "c": {"b": 1}}"#.utf8)
        #expect((try? JSONParser.value(nested, location: "file", allowsRepeatedNames: false, depthLimit: 4)) != nil)
        for (text, depth) in [(#"{"a": {"b": 1, "b": 2}}"#, 4), (#"{"a": {"b": [1]}}"#, 3)] {
            #expect(throws: AssayError.self) {
                try JSONParser.value(
                    [UInt8](text.utf8), location: "file", allowsRepeatedNames: false, depthLimit: depth)
            }
        }
    }

    @Test func `fields are read by name and type, and errors name the path`() throws {
        let text = #"{"x": {"n": 5, "t": "a", "b": true, "l": [{}, 1], "o": {}, "two": 1, "two": 2, "nothing": null}}"#
        let outer = try JSONFields(try JSONParser.value(Data(text.utf8), location: "file"), location: "file")
        let fields = try outer.object("x")
        #expect(
            try fields.integer("n", in: 0...5) == 5 && fields.text("t") == "a" && fields.boolean("b", default: false))
        #expect(try fields.optionalText("nothing") == nil && fields.optionalObject("missing") == nil)
        let wrong: [(String, () throws -> Void)] = [
            ("x.n must be a whole number from 0 to 4", { _ = try fields.integer("n", in: 0...4) }),
            ("x.t must be true or false", { _ = try fields.optionalBoolean("t") }),
            ("x.n must be a text", { _ = try fields.text("n") }),
            ("x.gone is missing", { _ = try fields.list("gone") }),
            ("x.two is given twice", { _ = try fields.value("two") }),
            ("x.l[1] must be an object", { _ = try fields.objects("l") }),
            ("x.t must be an object", { _ = try fields.object("t") }),
        ]
        for (words, body) in wrong {
            do {
                try body()
                Issue.record("\(words): accepted")
            } catch {
                #expect("\(error)".contains(words), "\(error)")
            }
        }
    }
}
