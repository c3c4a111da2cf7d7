import AssayCore
import Foundation

@testable import AssayModels

/// Tokenizers, texts, and what the package `tokenizers` makes of them (Tests/Fixtures/make_tokenizer_fixtures.py).
struct TokenizerFixture {
    /// One tokenizer and what is expected of it, in the order of the texts.
    struct Family {
        let name: String
        let content: JSONValue
        let ids: [[Int]]
        let decoded: [String]
        let decodedWithoutSpecial: [String]
        /// The ids of the first texts without what is put around them.
        let idsWithoutSpecial: [[Int]]
    }

    /// The texts, wrong bytes replaced.
    let texts: [String]
    /// The bytes of the texts that are not UTF-8, by the place of the text.
    let invalid: [Int: [UInt8]]
    let families: [Family]

    /// What is committed beside the tests.
    static func committed() throws -> TokenizerFixture {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/tokenizers.json")
        return try TokenizerFixture(file)
    }

    init(_ url: URL) throws {
        let fields = try JSONFields(try JSONParser.file(url), location: url.lastPathComponent)
        var texts: [String] = []
        var invalid: [Int: [UInt8]] = [:]
        for (index, entry) in try fields.objects("cases").enumerated() {
            if let digits = try entry.optionalText("bytes") {
                let characters = Array(digits)
                let bytes = stride(from: 0, to: characters.count, by: 2).compactMap {
                    UInt8(String(characters[$0...$0 + 1]), radix: 16)
                }
                invalid[index] = bytes
                texts.append(String(decoding: bytes, as: UTF8.self))
            } else {
                texts.append(try entry.text("text"))
            }
        }
        self.texts = texts
        self.invalid = invalid
        families = try fields.objects("families").map { try TokenizerFixture.family($0, texts) }
    }

    private static func family(_ fields: JSONFields, _ texts: [String]) throws -> Family {
        func numbers(_ name: String) throws -> [[Int]] {
            try fields.list(name).map { value in
                guard case .text(let text) = value else { throw fields.fault(name, "is no text") }
                return text.split(separator: " ").compactMap { Int($0) }
            }
        }
        /// Texts of a member; null stands for those that are as given.
        func replaced(_ name: String, _ given: [String]) throws -> [String] {
            zip(try fields.list(name), given).map { value, given in
                if case .text(let text) = value { text } else { given }
            }
        }
        let decoded = try replaced("decoded", texts)
        return Family(
            name: try fields.text("name"), content: try fields.value("tokenizer") ?? .null, ids: try numbers("ids"),
            decoded: decoded, decodedWithoutSpecial: try replaced("plain", decoded),
            idsWithoutSpecial: try numbers("withoutSpecial"))
    }
}

extension TokenizerFixture.Family {
    /// The tokenizer itself.
    func tokenizer() throws -> Tokenizer { try Tokenizer(json: content, location: name) }

    /// What differs from the package, in words; empty when nothing does.
    func differences(_ fixture: TokenizerFixture) throws -> [String] {
        let tokenizer = try tokenizer()
        var differences: [String] = []
        for (index, text) in fixture.texts.enumerated() {
            let found =
                try fixture.invalid[index].map { try tokenizer.encode(bytes: $0) } ?? tokenizer.encode(text)
            if found != ids[index] {
                differences.append("\(name) \(index) \(text.debugDescription): ids \(found), not \(ids[index])")
            }
            let decodings = [(false, decoded[index]), (true, decodedWithoutSpecial[index])]
            for (skips, wanted) in decodings {
                let back = try tokenizer.decode(ids[index], skipsSpecialTokens: skips)
                if !back.utf8.elementsEqual(wanted.utf8) {
                    differences.append(
                        "\(name) \(index): decoded \(back.debugDescription), not \(wanted.debugDescription)")
                }
            }
        }
        for (text, wanted) in zip(fixture.texts, idsWithoutSpecial) {
            let found = try tokenizer.encode(text, addsSpecialTokens: false)
            if found != wanted { differences.append("\(name) without special tokens: \(found), not \(wanted)") }
        }
        return differences
    }
}
