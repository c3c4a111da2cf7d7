import AssayCore

extension GGUFVocabulary {
    /// What the metadata of a file says of its tokenizer; nil when it says nothing.
    /// - Throws: ``AssayError`` naming the key whose value is of another type.
    init?(_ file: GGUFFile) throws {
        func wrong(_ key: String, _ expected: String) -> AssayError {
            .badInput("the metadata 'tokenizer.ggml.\(key)' is no \(expected)", at: file.location)
        }
        func scalar<Value>(_ key: String, _ expected: String, _ read: (GGUFValue) -> Value?) throws -> Value? {
            guard let value = file.metadata["tokenizer.ggml." + key] else { return nil }
            guard let result = read(value) else { throw wrong(key, expected) }
            return result
        }
        func array<Value>(_ key: String, _ expected: String, _ read: (GGUFValue) -> Value?) throws -> [Value]? {
            guard file.metadata["tokenizer.ggml." + key] != nil else { return nil }
            guard let members = try file.members("tokenizer.ggml." + key) else { throw wrong(key, "array") }
            return try members.map { member in
                guard let result = read(member) else { throw wrong(key, "array of \(expected)s") }
                return result
            }
        }
        func text(_ value: GGUFValue) -> String? { if case .text(let text) = value { text } else { nil } }
        func integer(_ value: GGUFValue) -> Int? { if case .integer(let number) = value { number } else { nil } }
        func truth(_ value: GGUFValue) -> Bool? { if case .boolean(let truth) = value { truth } else { nil } }
        func number(_ value: GGUFValue) -> Float? {
            switch value {
            case .number(let number): Float(number)
            case .integer(let number): Float(number)
            default: nil
            }
        }
        guard let model = try scalar("model", "text", text), let tokens = try array("tokens", "text", text) else {
            return nil
        }
        self.init(model: model, tokens: tokens)
        preTokenizer = try scalar("pre", "text", text)
        scores = try array("scores", "number", number)
        tokenTypes = try array("token_type", "whole number", integer)
        merges = try array("merges", "text", text)
        beginID = try scalar("bos_token_id", "whole number", integer)
        endID = try scalar("eos_token_id", "whole number", integer)
        unknownID = try scalar("unknown_token_id", "whole number", integer)
        addsBegin = try scalar("add_bos_token", "truth value", truth)
        addsEnd = try scalar("add_eos_token", "truth value", truth)
        addsSpacePrefix = try scalar("add_space_prefix", "truth value", truth)
    }
}
