import Foundation
import Testing

@testable import AssayCore

@Suite("Hashes, errors, names and files")
struct CoreTests {
    @Test("content hashes are SHA-256, whole or in pieces")
    func hashes() {
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(ContentHash(of: "abc").hexadecimal == known)
        var hasher = ContentHasher()
        hasher.update("a")
        hasher.update([UInt8(ascii: "b"), UInt8(ascii: "c")])
        #expect(hasher.finish().hexadecimal == known && hasher.leadingBits == 0xba78_16bf_8f01_cfea)
        #expect(ContentHash(hexadecimal: known)?.leadingBits == 0xba78_16bf_8f01_cfea)
    }

    @Test(
        "what is no digest is refused",
        arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "A", count: 64)])
    func malformedHash(_ text: String) {
        #expect(ContentHash(hexadecimal: text) == nil)
    }

    @Test("equal values have one canonical text, whatever the order of their keys")
    func canonical() throws {
        #expect(try CanonicalJSON.text(["b": 1, "a": 2]) == "{\"a\":2,\"b\":1}")
        #expect(throws: (any Error).self) { try CanonicalJSON.text([Double.nan]) }
    }

    @Test("a near name is suggested, a far one is not")
    func suggestions() {
        let known = ["gated-delta-net", "full", "sliding-window"]
        #expect(Suggestion.nearest(to: "gated-deltanet", among: known) == "gated-delta-net")
        #expect(Suggestion.nearest(to: "fulll", among: known) == "full")
        #expect(Suggestion.nearest(to: "slid", among: known) == "sliding-window")
        #expect(Suggestion.nearest(to: "mamba", among: known) == nil)
        #expect(Suggestion.distance("abcd", "abdc") == 1)
    }

    @Test("an error reads as one line: where, what, remedy")
    func errors() {
        let error = AssayError.badInput("width is 0", at: "a.yaml:3", remedy: "Write a positive number")
        #expect(error.description == "a.yaml:3: width is 0. Write a positive number")
        #expect(error.exitStatus == 65)
        #expect(AssayError(.usage, "x").exitStatus == 64)
    }

    @Test("an item's identity gives back its parts and orders by them")
    func itemIdentity() {
        let id = ItemID(cluster: 70_000, sequence: 3, question: 1_023)
        #expect((id.cluster, id.sequence, id.question) == (70_000, 3, 1_023))
        #expect(id < ItemID(cluster: 70_000, sequence: 4, question: 0))
    }

    @Test("a file is replaced whole, and a folder that cannot be written is an error that names it")
    func atomicFile() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appendingPathComponent("a/b.txt")
        try AtomicFile.write("one", to: file)
        try AtomicFile.write("two", to: file)
        #expect(try String(contentsOf: file, encoding: .utf8) == "two")
        #expect(try FileManager.default.contentsOfDirectory(atPath: file.deletingLastPathComponent().path) == ["b.txt"])
        #expect(throws: AssayError.self) { try AtomicFile.write("x", to: file.appendingPathComponent("c")) }
    }
}
