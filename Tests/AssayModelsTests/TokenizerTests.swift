import AssayCore
import Foundation
import Testing

@testable import AssayModels

/// A byte-pair tokenizer of three tokens, with members of the file replaced.
private func small(_ members: [String: String] = [:]) throws -> Tokenizer {
    try Tokenizer(json: try smallFile(members), location: "small")
}

private func smallFile(_ members: [String: String]) throws -> JSONValue {
    let model = #"{"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "▁": 3, ".": 4}, "merges": ["a b"]}"#
    let all = ["version": #""1.0""#, "model": model].merging(members) { $1 }
    let text = "{" + all.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",") + "}"
    return try JSONParser.value(Data(text.utf8), location: "small")
}

/// The message of the error that a file gives; nil when it gives none.
private func problem(_ members: [String: String]) -> String? {
    do {
        _ = try small(members)
        return nil
    } catch {
        return "\(error)"
    }
}

/// A file with many components, to be mutated.
private let mutationSource = #"""
    {"version":"1.0","added_tokens":[{"id":6,"content":"<x>","special":true,"lstrip":true}],
    "normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Strip"}]},
    "pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":
    "(?i:'s|'t)|[^\\r\\n\\p{L}]?\\p{L}{1,3}+|\\s+(?!\\S)|[a-c&&[^b]]*"},"behavior":"Isolated","invert":false},
    {"type":"Metaspace","replacement":"_"}]},"decoder":{"type":"Strip","content":" ","start":1,"stop":0},
    "model":{"type":"BPE","unk_token":"a","vocab":{"a":0,"b":1,"ab":2,"_":3,".":4,"aba":5},"merges":["a b",["ab","a"]]}}
    """#

@Suite struct TokenizerTests {
    @Test func `ids and texts are those of the tokenizers package for every family and text`() throws {
        let fixture = try TokenizerFixture.committed()
        #expect(fixture.families.count >= 15)
        for family in fixture.families {
            let differences = try family.differences(fixture)
            #expect(differences.isEmpty, "\(differences.count) differ: \(differences.prefix(3))")
        }
    }

    @Test func `tokens and ids are looked up both ways, canonically equivalent ones apart`() throws {
        let tokenizer = try small([
            "model": #"{"vocab": {"\u00e9": 0, "e\u0301": 1}, "merges": []}"#,
            "added_tokens": #"[{"id": 2, "content": "<x>", "special": true}]"#,
        ])
        #expect(tokenizer.id(of: "\u{e9}") == 0 && tokenizer.id(of: "e\u{301}") == 1)
        #expect(tokenizer.token(2) == "<x>" && tokenizer.id(of: "<x>") == 2 && tokenizer.isSpecial("<x>"))
        #expect(tokenizer.token(3) == nil && tokenizer.token(-1) == nil && tokenizer.vocabularySize == 3)
        #expect(try tokenizer.decode([0, 99, -5, Int.max]) == "\u{e9}")
    }

    @Test func `a component that is not supported is named`() {
        let cases = [
            ("normalizer", #"{"type": "Precompiled"}"#, "Precompiled"),
            ("pre_tokenizer", #"{"type": "UnicodeScripts"}"#, "UnicodeScripts"),
            ("pre_tokenizer", #"{"type": "Sequence", "pretokenizers": [{"type": "Bert"}]}"#, "pretokenizers[0].type"),
            ("decoder", #"{"type": "CTC"}"#, "CTC"),
            ("post_processor", #"{"type": "RobertaProcessing"}"#, "RobertaProcessing"),
            ("model", #"{"type": "Unigram"}"#, "Unigram"),
            ("model", #"{"vocab": {}, "merges": [], "end_of_word_suffix": "</w>"}"#, "end_of_word_suffix"),
            ("model", #"{"vocab": {}, "merges": [], "dropout": 0.1}"#, "dropout"),
            ("pre_tokenizer", #"{"type": "Split", "pattern": {"Regex": "(a)\\1"}, "behavior": "Isolated"}"#, "\\1"),
            (
                "pre_tokenizer",
                #"{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel"}, {"type": "WhitespaceSplit"}]}"#,
                "after ByteLevel"
            ),
            ("version", #""2.0""#, "version"),
        ]
        for (member, value, word) in cases {
            let problem = problem([member: value])
            #expect(problem?.contains(word) == true, "\(member) \(value): \(problem ?? "no error")")
        }
    }

    @Test func `contradictory vocabularies, merges and added tokens are refused with what is wrong`() {
        let cases = [
            (#"{"vocab": {"a": 0, "b": 0}, "merges": []}"#, "two tokens have the number 0"),
            (#"{"vocab": {"a": 0, "a": 1}, "merges": []}"#, "given twice"),
            (#"{"vocab": {"a": 1e99}, "merges": []}"#, "a whole number"),
            (#"{"vocab": {"a": -1}, "merges": []}"#, "out of range"),
            (#"{"vocab": {"a": 4294967296}, "merges": []}"#, "out of range"),
            (#"{"vocab": {"a": true}, "merges": []}"#, "a truth value"),
            (#"{"vocab": {"a": 0}, "merges": ["a a"]}"#, "'aa'"),
            (#"{"vocab": {"a": 0}, "merges": ["a b"]}"#, "'b'"),
            (#"{"vocab": {"a": 0}, "merges": ["a"]}"#, "merges[0]"),
            (#"{"vocab": {"a": 0}, "merges": [["a", "a", "a"]]}"#, "merges[0]"),
            (#"{"vocab": {"a": 0}, "merges": [7]}"#, "merges[0]"),
            (#"{"vocab": [], "merges": []}"#, "model.vocab"),
            (#"{"merges": []}"#, "model.vocab"),
        ]
        for (model, words) in cases {
            let problem = problem(["model": model])
            #expect(problem?.contains(words) == true, "\(model): \(problem ?? "no error")")
        }
        let gap = problem(["added_tokens": #"[{"id": 9, "content": "<x>"}]"#])
        #expect(gap?.contains("takes 5") == true, "\(gap ?? "no error")")
        let twice = problem([
            "added_tokens": #"[{"id": 5, "content": "<x>"}, {"id": 5, "content": "<x>", "special": true}]"#
        ])
        #expect(twice?.contains("given twice") == true, "\(twice ?? "no error")")
    }

    @Test func `merges that lead round in a circle end`() throws {
        // "a"+"" cannot be written, but a merge may make a token that it consumes: the text still shrinks.
        let tokenizer = try small([
            "model": #"{"vocab": {"a": 0, "aa": 1, "aaa": 2, "aaaa": 3}, "merges": ["a a", "aa a", "a aa", "aa aa"]}"#
        ])
        for count in [1, 2, 3, 7, 100, 1_001] {
            let ids = try tokenizer.encode(String(repeating: "a", count: count))
            #expect(try tokenizer.decode(ids).filter { $0 == "a" }.count == count)
        }
    }

    @Test func `an unknown token that is missing is an error only when it is needed`() throws {
        let tokenizer = try small(["model": #"{"vocab": {"a": 0}, "merges": [], "unk_token": "[UNK]"}"#])
        #expect(try tokenizer.encode("aa") == [0, 0])
        #expect(throws: AssayError.self) { try tokenizer.encode("ab") }
    }

    @Test func `thousands of mutated files are read or refused but never crash`() throws {
        let fixture = try TokenizerFixture.committed()
        let source = Array(mutationSource.utf8)
        var random = CounterRandom(domain: "tokenizer mutations", index: 0)
        let pieces = [
            "\"", "{", "}", "[", "]", ",", "-1", "1e308", "99999999999", "null", "true", "\\u0000", "(", ")", "*",
            "{9,}",
            "(?", "\\p{", "&&", "[^", "+", "|", "\u{10FFFF}",
        ].map { Array($0.utf8) }
        var sound = 0
        for _ in 0..<3_000 {
            var bytes = source
            for _ in 0...Int(random.next() % 3) {
                let place = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 4 {
                case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: pieces[Int(random.next() % UInt64(pieces.count))], at: place)
                default: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 20)))
                }
            }
            do {
                let json = try JSONParser.value(bytes, location: "mutated")
                let tokenizer = try Tokenizer(json: json, location: "mutated")
                for text in fixture.texts.prefix(20) { _ = try tokenizer.decode(try tokenizer.encode(text)) }
                sound += 1
            } catch {
                #expect(error is AssayError, "\(error)")
            }
        }
        #expect(sound > 50)
    }
}
