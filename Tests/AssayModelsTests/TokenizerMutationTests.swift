import AssayCore
import Foundation
import Testing

@testable import AssayModels

/// Damaged tokenizers: each is read, or refused by a typed error, and what is read encodes and decodes without a crash.
/// `ASSAY_MUTATIONS` sets the number of cases of each test.
@Suite struct TokenizerMutationTests {
    private static let cases = ProcessInfo.processInfo.environment["ASSAY_MUTATIONS"].flatMap(UInt64.init) ?? 300

    private static let texts = ["", "Hello, world! 123", " naïve\u{301} 東京 🤖🏽 \u{0}\r\n\t<s></s>", "aaaaaaaaaaaa"]

    /// Uses a tokenizer; a pattern that needs too many steps, or a missing unknown token, is an error with a type.
    private func use(_ tokenizer: Tokenizer) throws {
        for text in Self.texts {
            let ids = try tokenizer.encode(text)
            _ = try tokenizer.decode(ids + [-1, 1 << 40], skipsSpecialTokens: false)
        }
    }

    /// Runs cases, and counts those that were refused.
    private func refused(_ body: (inout Mutation, UInt64) throws -> Void) -> UInt64 {
        var count: UInt64 = 0
        for seed in 0..<Self.cases {
            var mutation = Mutation(seed: seed)
            do {
                try body(&mutation, seed)
            } catch let error as AssayError {
                count += 1
                #expect(error.kind == .badInput, "case \(seed): \(error)")
            } catch {
                Issue.record("case \(seed): an error without a type: \(error)")
            }
        }
        return count
    }

    @Test("a tokenizer.json with wrong values is read or refused")
    func values() throws {
        let families = try TokenizerFixture.committed().families
        let count = refused { mutation, seed in
            let family = families[Int(seed) % families.count]
            var content = family.content
            for _ in 0...Int(seed % 3) { content = mutation.json(content) }
            try use(try Tokenizer(json: content, location: "tokenizer.json"))
        }
        #expect(count > Self.cases / 4 && count < Self.cases)
    }

    @Test("a tokenizer.json with damaged bytes is read or refused")
    func bytes() throws {
        let families = try TokenizerFixture.committed().families.filter {
            ["lowercase", "whitespace", "behaviours", "mistral"].contains($0.name)
        }
        let texts = families.map { Data($0.content.written.utf8) }
        for (family, text) in zip(families, texts) {
            #expect(try JSONParser.value(text, location: "").written == family.content.written)
        }
        let count = refused { mutation, seed in
            let damaged = mutation.bytes(texts[Int(seed) % texts.count])
            try use(
                try Tokenizer(
                    json: try JSONParser.value(damaged, location: "tokenizer.json"), location: "tokenizer.json"))
        }
        #expect(count > Self.cases / 4)
    }

    @Test("a damaged vocabulary of a GGUF file is read or refused")
    func vocabularies() throws {
        var sound = GGUFVocabulary(
            model: "llama",
            tokens: ["<unk>", "<s>", "</s>"] + (0..<256).map { BytePairModel.byteToken($0) }
                + ["▁", "a", "b", "ab", "▁ab"])
        sound.scores = sound.tokens.indices.map { -Float($0) }
        sound.tokenTypes = [2, 3, 3] + Array(repeating: 6, count: 256) + [1, 1, 1, 1, 1]
        (sound.beginID, sound.endID, sound.unknownID) = (1, 2, 0)
        var merged = sound
        (merged.model, merged.preTokenizer) = ("gpt2", "llama-bpe")
        merged.tokens = (0..<256).map { String(ByteAlphabet.scalars[$0]) } + ["ab", "abc", "<|end|>"]
        merged.merges = ["a b", "ab c"]
        (merged.scores, merged.tokenTypes) = (nil, Array(repeating: 1, count: 258) + [3])
        (merged.beginID, merged.endID, merged.unknownID) = (258, 258, nil)
        for vocabulary in [sound, merged] { try use(try Tokenizer(vocabulary, location: "model.gguf")) }
        let count = refused { mutation, seed in
            try use(
                try Tokenizer(mutation.vocabulary(seed % 2 == 0 ? sound : merged), location: "model.gguf"))
        }
        #expect(count > Self.cases / 5)
    }
}

extension JSONValue {
    /// As text, members in their order.
    var written: String {
        switch self {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): Self.quoted(value)
        case .list(let values): "[" + values.map(\.written).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { "\(Self.quoted($0.name)):\($0.value.written)" }.joined(separator: ",") + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar -> String in
            if scalar == "\"" || scalar == "\\" { return "\\\(scalar)" }
            return scalar.value < 0x20
                ? "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16) : "\(scalar)"
        }
        return "\"" + escaped.joined() + "\""
    }
}
