import AssayCore
import Foundation
import Testing

@testable import AssayModels

/// The values that a GGUF file of a fixture's tokenizer has.
private func vocabulary(_ family: TokenizerFixture.Family, model: String, pre: String?) throws -> GGUFVocabulary {
    let fields = try JSONFields(family.content, location: family.name)
    let parts = try fields.object("model")
    let tokenizer = try family.tokenizer()
    let tokens = try (0..<tokenizer.vocabularySize).map { try #require(tokenizer.token($0)) }
    var vocabulary = GGUFVocabulary(model: model, tokens: tokens)
    vocabulary.preTokenizer = pre
    let added = try fields.objects("added_tokens")
    let special = Set(try added.filter { try $0.boolean("special", default: false) }.map { try $0.text("content") })
    let others = Set(try added.map { try $0.text("content") }).subtracting(special)
    vocabulary.tokenTypes = tokens.map {
        if special.contains($0) { return 3 }
        if others.contains($0) { return 4 }
        return model == "llama" && $0.hasPrefix("<0x") && $0.utf8.count == 6 ? 6 : 1
    }
    if model == "llama" {
        vocabulary.scores = tokens.indices.map { -Float($0) }
        vocabulary.unknownID = 0
        vocabulary.beginID = 1
    } else {
        vocabulary.merges = try parts.list("merges").map { value in
            guard case .text(let text) = value else { throw parts.fault("merges", "is no text") }
            return text
        }
    }
    return vocabulary
}

@Suite struct GGUFTokenizerTests {
    /// The ids are those of the package for the same vocabulary: a GGUF file holds no more than this.
    @Test(arguments: [
        ("llama3", "gpt2", "llama-bpe"), ("smollm2", "gpt2", "smollm"), ("deepseek-v3", "gpt2", "deepseek-v3"),
        ("gpt-4o", "gpt2", "gpt-4o"), ("llama2", "llama", ""),
    ])
    func `the tokenizer of a GGUF file gives the ids of tokenizer.json`(
        name: String, model: String, pre: String
    ) throws {
        let fixture = try TokenizerFixture.committed()
        let family = try #require(fixture.families.first { $0.name == name })
        var vocabulary = try vocabulary(family, model: model, pre: pre.isEmpty ? nil : pre)
        let first = family.ids[0].first ?? 0
        vocabulary.addsBegin = !family.ids[0].isEmpty
        if !family.ids[0].isEmpty { vocabulary.beginID = first }
        let tokenizer = try Tokenizer(vocabulary, location: name)
        for (text, ids) in zip(fixture.texts, family.ids) {
            #expect(try tokenizer.encode(text) == ids, "\(text.debugDescription)")
        }
        for (ids, decoded) in zip(family.ids, family.decoded) where model == "gpt2" {
            #expect(try tokenizer.decode(ids, skipsSpecialTokens: false).utf8.elementsEqual(decoded.utf8))
        }
    }

    @Test func `spaces and bytes come back from a vocabulary with scores`() throws {
        let fixture = try TokenizerFixture.committed()
        let family = try #require(fixture.families.first { $0.name == "llama2" })
        let tokenizer = try Tokenizer(try vocabulary(family, model: "llama", pre: nil), location: "llama2")
        for text in ["Hello  world 中𠀀", " a", "a b "] {
            #expect(try tokenizer.decode(try tokenizer.encode(text)) == text)
        }
    }

    @Test func `values that are missing or contradictory are refused by their key`() {
        func problem(_ change: (inout GGUFVocabulary) -> Void) -> String {
            var vocabulary = GGUFVocabulary(model: "gpt2", tokens: ["a", "b", "ab"])
            vocabulary.preTokenizer = "qwen2"
            vocabulary.merges = ["a b"]
            change(&vocabulary)
            do {
                _ = try Tokenizer(vocabulary, location: "model.gguf")
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        #expect(problem { _ in } == "no error")
        #expect(problem { $0.model = "t5" }.contains("tokenizer.ggml.model"))
        #expect(problem { $0.preTokenizer = "poro" }.contains("poro"))
        #expect(problem { $0.preTokenizer = nil }.contains("tokenizer.ggml.pre is missing"))
        #expect(problem { $0.merges = nil }.contains("merges"))
        #expect(problem { $0.merges = ["ab"] }.contains("merges"))
        #expect(problem { $0.merges = ["a c"] }.contains("'c'"))
        #expect(problem { $0.tokens = [] }.contains("tokens"))
        #expect(problem { $0.tokens = ["a", "a", "ab"] }.contains("given twice"))
        #expect(problem { $0.scores = [1] }.contains("scores"))
        #expect(problem { $0.tokenTypes = [1, 2, 77] }.contains("77"))
        #expect(problem { $0.beginID = 3 }.contains("bos_token_id"))
        #expect(problem { $0.addsBegin = true }.contains("bos_token_id"))
        #expect(problem { $0.model = "llama" }.contains("scores"))
        #expect(
            problem {
                $0.model = "llama"
                $0.scores = [.nan, 0, 0]
            }.contains("finite"))
    }
}

@Suite struct GGUFTextTests {
    @Test func `a text of a file keeps a byte order mark, which begins tokens of Gemma`() throws {
        let bytes: [UInt8] = [0xEF, 0xBB, 0xBF, 0x2F, 0x2F]
        var cursor = GGUFCursor(data: Data([UInt8(bytes.count), 0, 0, 0, 0, 0, 0, 0] + bytes))
        #expect(try cursor.text().utf8.elementsEqual(bytes))
        var wrong = GGUFCursor(data: Data([2, 0, 0, 0, 0, 0, 0, 0, 0xC3, 0x28]))
        #expect(throws: GGUFCursor.Fault.self) { try wrong.text() }
    }
}
