import AssayCore
import Foundation
import Yams

/// A value in a file, with its place and the keys that lead to it; gives nothing but the type that is asked for.
struct ConfigurationValue {
    let node: Node
    let mark: SourceMark
    /// The keys that lead here, such as `arms.full.recipe`; empty at the top.
    let path: String

    /// An error about this value.
    func failure(_ problem: String, remedy: String?) -> AssayError {
        .badInput((path.isEmpty ? "the file" : "'\(path)'") + " " + problem, at: mark.description, remedy: remedy)
    }

    // MARK: - Scalars

    /// A text that is not empty.
    func text() throws -> String {
        let scalar = try scalar(as: "text")
        guard !scalar.string.trimmingCharacters(in: .whitespaces).isEmpty else {
            throw failure("is empty", remedy: "Write a text")
        }
        return scalar.string
    }

    /// A name of an arm, a task, a batch: it becomes part of paths and of `ARM:seed=SEED@STEP`.
    func name() throws -> String {
        let text = try text()
        try ConfigurationValue.checkName(text, failure)
        return text
    }

    /// A name, and where it stands.
    func markedName() throws -> Marked<String> { Marked(try name(), at: mark) }

    /// Refuses names that could not be typed or would lead out of a folder.
    static func checkName(_ name: String, _ failure: (String, String?) -> AssayError) throws {
        let isPlain = name.utf8.allSatisfy {
            (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "-_.".utf8.contains($0)
        }
        guard isPlain, let first = name.first, first.isLetter || first.isNumber, name.utf8.count <= 100 else {
            throw failure(
                "is no name: '\(name)'", "Use letters, digits, '-', '_' and '.', a letter or digit first")
        }
    }

    /// One of some words.
    func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type = Word.self) throws -> Word
    where Word.RawValue == String {
        let text = try text()
        guard let word = Word(rawValue: text) else {
            throw failure(
                "cannot be '\(text)'", remedy: Suggestion.remedy(for: text, among: Word.allCases.map(\.rawValue)))
        }
        return word
    }

    /// `true` or `false`.
    func boolean() throws -> Bool {
        switch try plain(as: "true or false") {
        case "true": return true
        case "false": return false
        case let other: throw failure("is '\(other)', not true or false", remedy: "Write true or false")
        }
    }

    /// A whole number in a range.
    func integer(in range: ClosedRange<Int>) throws -> Int {
        let text = try plain(as: "a whole number")
        guard let value = Int(ConfigurationValue.digits(text)) else {
            throw failure(
                "is '\(text)', not a whole number", remedy: "Write a whole number \(ConfigurationValue.span(range))")
        }
        guard range.contains(value) else {
            throw failure("is \(text)", remedy: "Write a whole number \(ConfigurationValue.span(range))")
        }
        return value
    }

    /// A whole number of 64 bits without sign.
    func seed() throws -> UInt64 {
        let text = try plain(as: "a whole number")
        guard let value = UInt64(ConfigurationValue.digits(text)) else {
            throw failure("is '\(text)', not a seed", remedy: "Write a whole number from 0")
        }
        return value
    }

    /// A finite number in a range.
    func number(in range: ClosedRange<Double>, above exclusive: Double? = nil) throws -> Double {
        let span =
            exclusive.map {
                "above \(ConfigurationValue.short($0)) and at most \(ConfigurationValue.short(range.upperBound))"
            }
            ?? "from \(ConfigurationValue.short(range.lowerBound)) to \(ConfigurationValue.short(range.upperBound))"
        let text = try plain(as: "a number")
        let isDecimal = text.utf8.allSatisfy { (48...57).contains($0) || "+-.eE_".utf8.contains($0) }
        guard isDecimal, let value = Double(ConfigurationValue.digits(text)), value.isFinite else {
            throw failure("is '\(text)', not a number", remedy: "Write a number \(span)")
        }
        guard range.contains(value), exclusive.map({ value > $0 }) ?? true else {
            throw failure("is \(text)", remedy: "Write a number \(span)")
        }
        return value
    }

    /// A scalar of whatever type it was written as.
    func anyScalar() throws -> ConfigurationScalar {
        let scalar = try scalar(as: "a single value")
        guard scalar.style == .plain || scalar.style == .any else { return .text(scalar.string) }
        switch scalar.string {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "", "~", "null": throw failure("is empty", remedy: "Write a value, or leave the key out")
        default: break
        }
        let isDecimal = scalar.string.utf8.allSatisfy { (48...57).contains($0) || "+-.eE_".utf8.contains($0) }
        if isDecimal, let value = Double(ConfigurationValue.digits(scalar.string)), value.isFinite {
            return .number(value)
        }
        return .text(scalar.string)
    }

    // MARK: - Collections

    /// The values of a list.
    func list() throws -> [ConfigurationValue] {
        guard case .sequence(let sequence) = node else { throw wrongType("a list") }
        return sequence.enumerated().map { index, node in
            ConfigurationValue(node: node, mark: place(of: node), path: "\(path)[\(index)]")
        }
    }

    /// A map whose keys are all known.
    /// - Parameters:
    ///   - kind: what the map describes, such as `recipe`, for messages.
    ///   - keys: the keys that it may have.
    func mapping(_ kind: String, keys: [String]) throws -> ConfigurationReader {
        let entries = try entries()
        for entry in entries where !keys.contains(entry.key) {
            throw AssayError.badInput(
                "'\(entry.key)' is not a key of \("aeiou".contains(kind.prefix(1)) ? "an" : "a") \(kind)",
                at: entry.mark.description,
                remedy: Suggestion.remedy(for: entry.key, among: keys))
        }
        return ConfigurationReader(kind: kind, keys: keys, entries: entries, place: self)
    }

    /// A map with free keys, in the order of the file; `<<` takes over the entries of other maps.
    func entries() throws -> [ConfigurationEntry] {
        guard case .mapping(let mapping) = node else { throw wrongType("a map of keys and values") }
        var entries: [ConfigurationEntry] = []
        var merged: [ConfigurationEntry] = []
        for (key, value) in mapping {
            let mark = place(of: key)
            guard case .scalar(let scalar) = key else {
                throw AssayError.badInput(
                    "a key is not a plain word", at: mark.description, remedy: "Write 'key: value'")
            }
            if scalar.string == "<<", scalar.style == .plain {
                merged += try merge(value, at: mark)
                continue
            }
            entries.append(
                ConfigurationEntry(
                    key: scalar.string, mark: mark,
                    value: ConfigurationValue(
                        node: value, mark: place(of: value, keyedAt: mark),
                        path: path.isEmpty ? scalar.string : "\(path).\(scalar.string)")))
        }
        var known = Set(entries.map(\.key))
        return entries + merged.filter { known.insert($0.key).inserted }
    }

    private func merge(_ node: Node, at mark: SourceMark) throws -> [ConfigurationEntry] {
        let source = ConfigurationValue(node: node, mark: mark, path: path.isEmpty ? "<<" : path + ".<<")
        if case .sequence = node { return try source.list().flatMap { try merge($0.node, at: mark) } }
        return try source.entries().map { entry in
            var entry = entry
            entry.value = ConfigurationValue(
                node: entry.value.node, mark: entry.value.mark, path: path.isEmpty ? entry.key : "\(path).\(entry.key)")
            return entry
        }
    }

    // MARK: - Details

    private func place(of node: Node, keyedAt key: SourceMark? = nil) -> SourceMark {
        // An empty value may carry the place of what follows it.
        if let key, case .scalar(let scalar) = node, scalar.string.isEmpty { return key }
        return SourceMark(file: mark.file, line: node.mark?.line ?? mark.line)
    }

    private func scalar(as wanted: String) throws -> Node.Scalar {
        guard case .scalar(let scalar) = node else { throw wrongType(wanted) }
        return scalar
    }

    /// The text of a scalar without quotes: quoted ones are texts.
    private func plain(as wanted: String) throws -> String {
        let scalar = try scalar(as: wanted)
        guard scalar.style == .plain || scalar.style == .any else {
            throw failure("is the text '\(scalar.string)', not \(wanted)", remedy: "Leave the quotes out")
        }
        guard !["", "~", "null"].contains(scalar.string) else {
            throw failure("is empty, not \(wanted)", remedy: "Write \(wanted), or leave the key out")
        }
        return scalar.string
    }

    private func wrongType(_ wanted: String) -> AssayError {
        let found =
            switch node {
            case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "the single value '\(scalar.string)'"
            case .sequence: "a list"
            case .mapping: "a map of keys and values"
            case .alias: "an alias"
            }
        return failure("is \(found), not \(wanted)", remedy: "Write \(wanted)")
    }

    /// A number's text without the underscores that group its digits.
    private static func digits(_ text: String) -> String {
        guard text.contains("_"), !text.hasPrefix("_"), !text.hasSuffix("_"), !text.contains("__") else { return text }
        return text.replacing("_", with: "")
    }

    private static func span(_ range: ClosedRange<Int>) -> String {
        range.upperBound == .max ? "from \(range.lowerBound)" : "from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : value.description
    }
}

/// A single value whose type is decided elsewhere.
public enum ConfigurationScalar: Sendable, Hashable {
    /// `true` or `false`.
    case boolean(Bool)
    /// A number.
    case number(Double)
    /// A text.
    case text(String)
}

/// A key and its value.
struct ConfigurationEntry {
    let key: String
    let mark: SourceMark
    var value: ConfigurationValue

    /// The key as a name of an arm or a task.
    func name() throws -> String {
        try ConfigurationValue.checkName(key) { .badInput("'\(value.path)' \($0)", at: mark.description, remedy: $1) }
        return key
    }
}
