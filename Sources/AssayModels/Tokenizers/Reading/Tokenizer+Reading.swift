import AssayCore
import Foundation

extension Tokenizer {
    /// The name of the file in a model's folder.
    public static let fileName = "tokenizer.json"

    /// Reads a `tokenizer.json`, or the one of a folder.
    /// - Throws: ``AssayError`` naming the file, and the field or the component that is wrong or not supported.
    public static func read(_ url: URL) throws -> Tokenizer {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw AssayError.badInput("does not exist", at: url.path)
        }
        let file = isFolder.boolValue ? url.appendingPathComponent(fileName) : url
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw AssayError.badInput(
                "has no \(fileName)", at: url.path,
                remedy: "Tokenizers of other formats must be converted with the package transformers first")
        }
        return try Tokenizer(json: try JSONParser.file(file), location: file.path)
    }

    /// Reads a `tokenizer.json` that was parsed.
    /// - Parameter location: where it is from, for error messages.
    /// - Throws: ``AssayError`` naming the field or the component that is wrong or not supported.
    public init(json: JSONValue, location: String) throws {
        let fields = try JSONFields(json, location: location)
        if let version = try fields.optionalText("version"), version != "1.0" {
            throw fields.fault("version", "is '\(version)', and only 1.0 is known")
        }
        let reader = TokenizerComponents(location: location)
        let preTokenizers = try reader.preTokenizers(try fields.optionalObject("pre_tokenizer"))
        var isByteLevel = false
        for (index, step) in preTokenizers.enumerated() {
            guard case .byteLevel = step else { continue }
            isByteLevel = true
            guard index == preTokenizers.count - 1 else {
                throw fields.fault("pre_tokenizer", "has a step after ByteLevel, which is not supported")
            }
        }
        let model = try BytePairModel(
            fields: try fields.object("model"), isByteLevel: isByteLevel, location: location)
        let ends = try TokenTemplate(try fields.optionalObject("post_processor"))
        var parts = Parts(model: model)
        parts.preTokenizers = preTokenizers
        parts.normalizers = try reader.normalizers(try fields.optionalObject("normalizer"))
        parts.decoders = try fields.optionalObject("decoder").map { try reader.decoders($0) }
        (parts.prefix, parts.suffix) = (ends.prefix, ends.suffix)
        parts.added = try Tokenizer.addedTokens(fields, model: model)
        try self.init(parts, location: location)
    }

    /// The added tokens with the numbers that the package gives them: that of the vocabulary, or the next free one.
    private static func addedTokens(
        _ fields: JSONFields, model: BytePairModel
    ) throws -> [(token: AddedToken, id: UInt32)] {
        var added: [(token: AddedToken, id: UInt32)] = []
        var known: [[UInt8]: Int] = [:]
        var next = model.count
        for entry in try fields.value("added_tokens") == nil ? [] : fields.objects("added_tokens") {
            let token = try AddedToken(entry)
            let id = try entry.integer("id", in: 0...Int(Int32.max) - 1)
            if token.text.isEmpty { continue }
            if let index = known[Array(token.text.utf8)] {
                guard added[index].token == token, Int(added[index].id) == id else {
                    throw entry.fault("content", "'\(token.text)' is given twice, and not alike")
                }
                continue
            }
            let expected = model.id(of: token.text) ?? next
            guard id == expected else {
                throw entry.fault(
                    "id",
                    "is \(id) for the added token '\(token.text)', where the package tokenizers takes \(expected)",
                    remedy: "Save the tokenizer again with the package, so that the numbers agree")
            }
            next = max(next, id + 1)
            known[Array(token.text.utf8)] = added.count
            added.append((token, UInt32(id)))
        }
        return added
    }
}

extension AddedToken {
    fileprivate init(_ fields: JSONFields) throws {
        text = try fields.text("content")
        isSpecial = try fields.boolean("special", default: false)
        isNormalized = try fields.boolean("normalized", default: !isSpecial)
        isSingleWord = try fields.boolean("single_word", default: false)
        stripsLeft = try fields.boolean("lstrip", default: false)
        stripsRight = try fields.boolean("rstrip", default: false)
    }
}

extension BytePairModel {
    /// Reads the member `model`.
    fileprivate init(fields: JSONFields, isByteLevel: Bool, location: String) throws {
        if let type = try fields.optionalText("type"), type != "BPE" {
            throw fields.fault("type", "is '\(type)', and only BPE is supported")
        }
        if case .number(let dropout)? = try fields.value("dropout"), dropout != 0 {
            throw fields.fault("dropout", "is \(dropout): merges at random are not supported")
        }
        for name in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard try fields.optionalText(name) ?? "" == "" else { throw fields.fault(name, "is not supported") }
        }
        var options = Options()
        options.isByteLevel = isByteLevel
        options.unknown = try fields.optionalText("unk_token")
        options.fusesUnknown = try fields.boolean("fuse_unk", default: false)
        options.usesByteFallback = try fields.boolean("byte_fallback", default: false)
        options.prefersWholeWords = try fields.boolean("ignore_merges", default: false)
        let vocabulary = try fields.object("vocab")
        let entries = try vocabulary.members.map { member -> Entry in
            guard case .integer(let id) = member.value else {
                throw vocabulary.fault(member.name, "must be a whole number, not \(member.value.kind)")
            }
            return (member.name, id)
        }
        let merges = try BytePairModel.merges(try fields.list("merges"), fields)
        try self.init(vocabulary: entries, merges: merges, options: options, location: location)
    }

    private static func merges(_ list: [JSONValue], _ fields: JSONFields) throws -> [RankedMerge] {
        var merges: [RankedMerge] = []
        merges.reserveCapacity(list.count)
        for (index, element) in list.enumerated() {
            switch element {
            case .text(let text):
                if text.hasPrefix("#version") { continue }
                guard let (left, right) = halves(of: text) else {
                    throw fields.fault("merges[\(index)]", "must be two tokens with a space between them")
                }
                merges.append((left, right, merges.count))
            case .list(let pair):
                guard pair.count == 2, case .text(let left) = pair[0], case .text(let right) = pair[1] else {
                    throw fields.fault("merges[\(index)]", "must be a list of two texts")
                }
                merges.append((left, right, merges.count))
            default: throw fields.fault("merges[\(index)]", "must be a text or a list of two, not \(element.kind)")
            }
        }
        return merges
    }

    /// The two parts of a merge that is written with one space; nil when there is not exactly one.
    static func halves(of text: String) -> (String, String)? {
        let bytes = text.utf8
        guard let space = bytes.firstIndex(of: UInt8(ascii: " ")),
            case let rest = bytes.index(after: space), !bytes[rest...].contains(UInt8(ascii: " "))
        else { return nil }
        return (String(text[..<space]), String(text[rest...]))
    }
}
