import AssayCore
import Foundation
import Testing

@testable import AssayTasks

/// Sequences that a reader can verify by eye: each must pass its checker, and must not when a single thing is wrong.
@Suite struct RetrievalKnownCaseTests {
    typealias Known = HandWritten.Known

    /// The sequence passes; with one word put in the place of another it does not.
    private func expectSound(
        _ task: any TaskGenerator, _ text: String, _ known: [Known], notWhen word: String, becomes other: String
    ) {
        #expect(task.check(HandWritten.sequence(text, known)) == [])
        guard let place = text.range(of: word) else {
            Issue.record("'\(word)' does not occur")
            return
        }
        let broken = text.replacingCharacters(in: place, with: other)
        #expect(!task.check(HandWritten.sequence(broken, known)).isEmpty, "\(broken)")
    }

    @Test("MQAR: the value that stands behind the key in the context, asked for without being written")
    func mqar() throws {
        let v = SymbolRange.values
        expectSound(
            try MQAR(["pairs": 2, "length": 16, "symbols": 8]),
            "<s> mqar k1 v5 k2 v6 n0 n1 k2 [n2] n3 n4 k1 [n5] n6 n7",
            [
                Known(facts: 2, distance: 4, load: 2, position: 1, hidden: v[6]),
                Known(facts: 2, distance: 10, load: 2, position: 0, hidden: v[5]),
            ], notWhen: "k1 v5", becomes: "k1 v7")
    }

    @Test("compositional keys: the first part alone would give v1, the second alone v2")
    func compositional() throws {
        expectSound(
            try CompositionalRecall(
                ["first-parts": 2, "second-parts": 2, "queries": 1, "length": 27, "symbols": 8]),
            "<s> composed k0 w0 v1 k1 w1 v2 n0 k0 w1 v3 k1 w0 v4 n*8 ? k0 w1 [v3]",
            [Known(facts: 4, distance: 15, load: 4, position: 0.7)], notWhen: "k0 w1 v3", becomes: "k0 w1 v5")
    }

    @Test("noisy recall: a pair told twice is one fact, as far away as its latest mention")
    func noisy() throws {
        expectSound(
            try NoisyRecall(["keys": 2, "queries": 1, "length": 24, "symbols": 8]),
            "<s> noisy k0 v1 k3 v2 k0 v1 n0 k3 v2 n1 n2 n*8 ? k0 [v1]",
            [Known(facts: 2, distance: 16, load: 2, position: 4 / 9)], notWhen: "k0 v1 n0", becomes: "k0 v4 n0")
    }

    @Test("fuzzy recall: k1 is a key, and the end of another key; noise fills the question up")
    func fuzzy() throws {
        expectSound(
            try FuzzyRecall(["pairs": 2, "motif": 2, "queries": 1, "length": 24, "symbols": 8]),
            "<s> fuzzy k2 k1 v3 v4 n0 k1 v5 n1 n*8 ? k1 [v5 </s>] n2 n3",
            [Known(facts: 2, distance: 12, load: 2, position: 5 / 6)], notWhen: "k1 v5 n1", becomes: "k1 v6 n1")
    }

    @Test("phone book: only the whole name leads to the number")
    func phoneBook() throws {
        expectSound(
            try PhoneBook(["entries": 2, "digits": 2, "queries": 1, "length": 23, "symbols": 8]),
            "<s> phone-book k4 w7 v0 v9 k4 w8 v0 v8 n*8 ? k4 w7 [v0 v9]",
            [Known(facts: 2, distance: 17, load: 2, position: 0)], notWhen: "k4 w7 v0 v9", becomes: "k4 w7 v1 v9")
    }

    @Test("needles in text: k7 and v7 stand in the text and are no needle")
    func needleInText() throws {
        let task = try NeedleHaystack(["keys": 2, "length": 27, "symbols": 8])
        expectSound(
            task, "<s> haystack w1 k7 w2 k3 w5 v4 w9 k0 w5 v2 w0 w0 w0 w0 v7 w0 w0 w0 w0 w0 w0 ? k3 w5 [v4]",
            [Known(facts: 2, distance: 19, load: 2, position: 0.3)], notWhen: "k3 w5 v4", becomes: "k3 w5 v5")
        let several = try NeedleHaystack(["keys": 2, "values": 2, "haystack": 0, "length": 30, "symbols": 8])
        expectSound(
            several, "<s> haystack k3 w5 v4 k0 w5 v2 k3 w5 v1 k0 w5 v3 n*8 n0 n0 ? k3 w5 [v4 v1 </s>]",
            [Known(facts: 4, distance: 23, load: 4, position: 0, grading: .set)], notWhen: "k3 w5 v1",
            becomes: "k3 w5 v0")
    }

    @Test("associative needle: the synonym of a key asks for its needle in two hops, the key itself in one")
    func associative() throws {
        let task = try AssociativeNeedle(["needles": 2, "queries": 1, "length": 21, "symbols": 8])
        // With eight words, key i has the synonym 5 i + 3 modulo 8: k2 ~ w5, k4 ~ w7.
        #expect(task.synonym(of: SymbolRange.keys[2]) == SymbolRange.words[5])
        expectSound(
            task, "<s> associative # k2 v1 # k4 v6 n0 n0 n*8 ? w5 [v1]",
            [Known(hops: 2, facts: 2, distance: 16, load: 2, position: 0)], notWhen: "? w5", becomes: "? w7")
        expectSound(
            task, "<s> associative # k2 v1 # k4 v6 n0 n0 n*8 ? k2 [v1]",
            [Known(hops: 1, facts: 2, distance: 16, load: 2, position: 0)], notWhen: "? k2", becomes: "? k4")
    }

    @Test("copying, selective copying and palindromes of three tokens")
    func copies() throws {
        func known(_ distances: [Int], _ positions: [Double]) -> [Known] {
            zip(distances, positions).map { Known(facts: 3, distance: $0, load: 3, position: $1) }
        }
        expectSound(
            try Copying(.verbatim, ["tokens": 3, "length": 18, "symbols": 8]),
            "<s> copying n0 v4 v2 v7 n*8 ? [v4] [v2] [v7]", known([12, 12, 12], [1 / 3, 2 / 3, 1]),
            notWhen: "v4 v2 v7", becomes: "v4 v7 v2")
        expectSound(
            try Copying(.selective, ["tokens": 3, "length": 20, "symbols": 8]),
            "<s> selective v4 n0 v2 n1 n2 v7 n*8 ? [v4] [v2] [v7]", known([15, 14, 12], [0, 0.4, 1]),
            notWhen: "v2 n1", becomes: "v3 n1")
        expectSound(
            try Copying(.palindrome, ["tokens": 3, "length": 18, "symbols": 8]),
            "<s> palindrome n0 v4 v2 v7 n*8 ? [v7] [v2] [v4]", known([10, 12, 14], [1, 2 / 3, 1 / 3]),
            notWhen: "v4 v2", becomes: "v5 v2")
    }

    @Test("stacks: the pop before the gap took v5 away, so v3 is the top again")
    func stacks() throws {
        expectSound(
            try Stacks(["stacks": 1, "pushes": 3, "pops": 1, "queries": 1, "length": 25, "symbols": 8]),
            "<s> stacks push k0 v1 push k0 v3 push k0 v5 pop k0 v5 n*8 pop k0 [v3]",
            [Known(facts: 3, distance: 17, load: 2, position: 1 / 3)], notWhen: "pop k0 v5", becomes: "pop k0 v3")
    }

    @Test("induction: ten tokens twice; the same place in both halves")
    func induction() throws {
        let half = "v0 v3 v1 v7 v2 v6 v4 v5"
        expectSound(
            try Induction(["questions": 1, "length": 22, "symbols": 8]),
            "<s> induction \(half) v0 [v1] \(half) v0 [v1]",
            [
                Known(hops: 0, facts: 10, distance: 0, load: 10, position: 1),
                Known(hops: 1, facts: 10, distance: 10, load: 10, position: 1),
            ], notWhen: "v7 v2 v6", becomes: "v7 v2 v2")
    }

    @Test("common words: s1 three times, s2 twice, s3 twice")
    func commonWords() throws {
        expectSound(
            try WordAggregation(.common, ["common": 1, "often": 3, "others": 2, "seldom": 2, "length": 20]),
            "<s> common s2 s1 s3 s1 s2 s3 s1 n*8 ? [s1 </s>]",
            [Known(facts: 7, distance: 15, load: 3, position: 1 / 6, grading: .set)], notWhen: "s1 s3", becomes: "s4 s3"
        )
    }

    @Test("conversation: told in the first turn, asked for in the last")
    func conversation() throws {
        expectSound(
            try Conversation(["facts": 2, "queries": 1, "length": 34, "symbols": 8]),
            "<s> conversation user n0 n1 n2 k1 v4 assistant n3 user n0 n1 n2 k5 v2 assistant n3 "
                + "user n0 n1 n2 n3 n4 assistant n5 user n0 n1 n2 ? k1 assistant [v4]",
            [Known(facts: 2, distance: 26, load: 2, position: 0)], notWhen: "k1 v4", becomes: "k1 v5")
    }

    @Test("instruction: the second part is asked for, however many tokens ago that was said")
    func instruction() throws {
        let far = "<s> instruction say part-2 k1 v1 v2 k2 v3 v4 n*8 ? k1 [v2]"
        expectSound(
            try InstructionPersistence(["facts": 2, "distance": 17, "length": 21, "symbols": 8]), far,
            [Known(facts: 2, distance: 17, load: 2, position: 0)], notWhen: "part-2", becomes: "part-1")
        expectSound(
            try InstructionPersistence(["facts": 2, "placement": 1, "length": 21, "symbols": 8]),
            "<s> instruction k1 v1 v2 k2 v3 v4 n*8 say part-1 ? k2 [v3]",
            [Known(facts: 2, distance: 3, load: 2, position: 14 / 19)], notWhen: "part-1", becomes: "part-2")
    }

    @Test("reading twice: the context comes again, noise and all")
    func reread() throws {
        expectSound(
            try RereadRecall(["pairs": 2, "order": 1, "passes": 2, "length": 24, "symbols": 8]),
            "<s> reread ? k2 k1 v1 n0 k2 v2 k1 v1 n0 k2 v2 n*8 = [v2]",
            [Known(facts: 2, distance: 10, load: 2, position: 1)], notWhen: "n0 k2 v2 n", becomes: "n1 k2 v2 n")
    }
}
