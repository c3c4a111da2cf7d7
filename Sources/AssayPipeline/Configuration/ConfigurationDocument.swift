import AssayCore
import Foundation
import Yams

/// A YAML file as it was written: one document whose top is a map.
enum ConfigurationDocument {
    /// Larger files are refused: a plan is written by hand.
    static let sizeLimit = 1 << 20

    /// Reads the map at the top of a file.
    /// - Parameters:
    ///   - url: the file.
    ///   - kind: what the file is, such as `recipe`, for messages.
    static func read(_ url: URL, kind: String) throws -> ConfigurationValue {
        let file = url.displayPath
        guard let data = try? Data(contentsOf: url) else {
            throw AssayError.badInput("cannot read the \(kind)", at: file, remedy: "Check the name and the permissions")
        }
        guard data.count <= sizeLimit else {
            throw AssayError.badInput(
                "the \(kind) has \(data.count) bytes", at: file, remedy: "A plan has at most \(sizeLimit)")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw AssayError.badInput("the \(kind) is not UTF-8 text", at: file, remedy: "Save it as UTF-8")
        }
        return try parse(text, file: file, kind: kind)
    }

    /// Reads the map at the top of a text.
    static func parse(_ text: String, file: String, kind: String) throws -> ConfigurationValue {
        let node: Node?
        do {
            node = try compose(yaml: text, .default, .default, .utf8)
        } catch let error as YamlError {
            throw explain(error, text: text, file: file)
        }
        guard let node else {
            throw AssayError.badInput("the \(kind) is empty", at: "\(file):1", remedy: "Write its keys")
        }
        return ConfigurationValue(node: node, mark: SourceMark(file: file, line: node.mark?.line ?? 1), path: "")
    }

    /// What the parser complains about, as one line with its place.
    private static func explain(_ error: YamlError, text: String, file: String) -> AssayError {
        let remedy = "Check the indentation, and put texts that begin with '[' or hold ': ' into quotes"
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return .badInput("not valid YAML: \(problem)", at: "\(file):\(mark.line)", remedy: remedy)
        case .reader(let problem, let offset, _, _):
            let before = text.utf8.prefix(offset ?? 0)
            let line = 1 + before.count { $0 == UInt8(ascii: "\n") }
            return .badInput("not valid YAML: \(problem)", at: "\(file):\(line)", remedy: remedy)
        case .duplicatedKeysInMapping(let keys, let context):
            let key = keys.first ?? ""
            let first = context.mark.line
            let second = repetition(of: key, after: context.mark, in: text) ?? first
            return .badInput(
                "'\(key)' is there twice" + (second == first ? "" : ", first on line \(first)"),
                at: "\(file):\(second)", remedy: "Keep one of them")
        default:
            return .badInput("not valid YAML: \(error)", at: file, remedy: remedy)
        }
    }

    /// The line on which a key of a map in block style stands again.
    private static func repetition(of key: String, after mark: Mark, in text: String) -> Int? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let indent = String(repeating: " ", count: mark.column - 1)
        for line in lines.indices.dropFirst(mark.line) {
            let rest = lines[line].dropFirst(indent.count)
            guard lines[line].hasPrefix(indent), !rest.hasPrefix(" ") else { continue }
            if ["", "\"", "'"].contains(where: { rest.hasPrefix("\($0)\(key)\($0):") }) { return line + 1 }
        }
        return nil
    }
}

extension URL {
    /// The path as a person would type it: relative to the working folder when it lies inside.
    var displayPath: String {
        let folder = FileManager.default.currentDirectoryPath
        let path = standardizedFileURL.path
        return path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
    }
}
