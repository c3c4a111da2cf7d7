import AssayCore
import Testing

@testable import AssayModels

/// The pieces of a text when its matches are isolated.
private func pieces(_ regex: String, _ text: String) throws -> [String] {
    let splitter = TextSplitter(pattern: try TextPattern(regex: regex), behaviour: .isolated)
    var ranges: [Range<Int>] = []
    let bytes = Array(text.utf8)
    try bytes.withUnsafeBufferPointer { try splitter.split($0, 0..<bytes.count, into: &ranges) }
    return ranges.map { String(decoding: bytes[$0], as: UTF8.self) }
}

@Suite struct TextPatternTests {
    /// Expected: what `Split(Regex(...), "isolated")` of the package tokenizers 0.23 returns.
    @Test func `expressions match as in Oniguruma`() throws {
        let cases: [(String, String, [String])] = [
            ("^b", "a\nb", ["a\n", "b"]), ("a$", "a\nb", ["a", "\nb"]), ("(?i:'s)", "x'ſ", ["x", "'ſ"]),
            (#"[\p{Lo}&&[^\p{Han}]]"#, "あ漢", ["あ", "漢"]), (#"\p{N}{1,3}+"#, "1234567", ["1234567"]),
            ("a??", "aa", ["a", "a"]), (".", "a\n", ["a", "\n"]), ("(?<=a)b", "ab", ["a", "b"]),
            (#"\p{Letter}"#, "a1", ["a", "1"]), (#"\P{L}"#, "a1", ["a", "1"]), (#"\p{^L}"#, "a1", ["a", "1"]),
            (#"\x{41}"#, "AB", ["A", "B"]), (#"[^\S\r\n]+"#, "a \n", ["a", " ", "\n"]),
            ("(?i:[a-z]k)", "aK", ["aK"]), ("a{2,3}?", "aaaaa", ["aa", "aa", "a"]), ("(?>a+)b|a", "aab", ["aab"]),
            ("(ab|a)(c|bcd)", "abcd", ["abc", "d"]), ("(?:ab){2,}", "abababx", ["ababab", "x"]),
            (#"\bfoo\b"#, "foo foobar", ["foo", " foobar"]), ("a(?=b)|b(?!a)", "abba", ["a", "b", "ba"]),
            ("x{,2}y", "xxxy", ["x", "xxy"]), ("a{x", "a{x", ["a{x"]), ("[]-a]x|[a-]b", "]x-b", []),
        ]
        for (regex, text, wanted) in cases where !wanted.isEmpty {
            #expect(try pieces(regex, text) == wanted, "\(regex)")
        }
    }

    @Test func `what is not supported or wrong is an error that says so`() {
        let cases = [
            ("(a", "does not end"), ("a)", "')'"), ("[a", "']'"), ("*a", "nothing to repeat"), (#"\1"#, #"\1"#),
            (#"\p{Klingon}"#, "Klingon"), ("(?<name>a)", "(?<na"), ("[[:alpha:]]", "POSIX"),
            ("(?<=ab)c", "look-behind"),
            ("(a*)*b", "may be empty"), ("a{9999}", "1000"), ("[z-a]", "ascending"), ("a{3,2}", "ascending"),
            (#"\"#, "escaped"), (#"\G"#, #"\G"#), ("((a{1000}){1000}){1000}", "too long"),
            (String(repeating: "(", count: 500), "too deeply"), ("(?i:\\p{Lu})", "case is ignored"),
        ]
        for (regex, words) in cases {
            do {
                _ = try TextPattern(regex: regex)
                Issue.record("\(regex) was accepted")
            } catch {
                #expect(error.problem.contains(words), "\(regex): \(error.problem)")
            }
        }
    }

    @Test func `an expression that explodes is stopped, and long texts are not`() throws {
        let text = String(repeating: "a", count: 200)
        #expect(throws: AssayError.self) { try pieces("(a+)+(a+)+(a+)+b", text) }
        let spaces = String(repeating: " ", count: 20_000) + "x"
        #expect(try pieces(#"\s*[\r\n]+|\s+(?!\S)|\s+"#, spaces).count == 3)
        let letters = String(repeating: "中", count: 20_000)
        #expect(try pieces(#"[\p{Lu}\p{Lo}]*[\p{Ll}\p{Lo}]+"#, letters) == [letters])
    }

    @Test func `sets of scalars keep the laws of sets`() {
        let letters = UnicodeProperties.property("L") ?? .none
        let marks = UnicodeProperties.property("Mn") ?? .none
        #expect(letters.inverted.inverted == letters && letters.intersection(marks) == .none)
        #expect(letters.union(letters.inverted) == .all && ScalarSet.none.inverted == .all)
        let table = ScalarTable(letters)
        for scalar in stride(from: UInt32(0), through: 0x10FFFF, by: 7) {
            #expect(table.view.contains(scalar) == letters.contains(scalar))
        }
    }
}

@Suite struct BytePairMergingTests {
    @Test func `the search and the heap join the same pairs`() {
        var random = CounterRandom(domain: "merges", index: 1)
        // Tokens 0 ..< 6 and what two tokens join into, at ranks that are often equal.
        var pairs: [(left: UInt32, right: UInt32, merge: MergeTable.Merge)] = []
        for left in 0..<UInt32(12) {
            for right in 0..<UInt32(12) where random.next() % 3 > 0 {
                let rank = UInt32(random.next() % 20)
                // Every pair makes a token of its own, as in a vocabulary; the first few join further.
                pairs.append((left, right, MergeTable.Merge(rank: rank, result: 6 + UInt32(pairs.count))))
            }
        }
        var merging = BytePairMerging(MergeTable(pairs))
        for _ in 0..<500 {
            let tokens = (0..<Int(2 + random.next() % 60)).map { _ in UInt32(random.next() % 6) }
            var searched: [UInt32] = [99] + tokens
            var joined = searched
            merging.merge(&searched, from: 1, searchLimit: .max)
            merging.merge(&joined, from: 1, searchLimit: 1)
            #expect(searched == joined && searched.first == 99)
        }
    }
}
