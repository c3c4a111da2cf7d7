import AssayCore
import Foundation

/// A pattern of the paths of checkpoints: `*` stands for any characters of a name, `?` for one, `{seed}` for each seed of
/// a batch in turn. Names that begin with a dot are no checkpoints: that is where unfinished files are kept.
struct CheckpointPattern: Sendable, Hashable {
    /// What stands for a seed.
    static let seedMark = "{seed}"

    /// The whole path.
    let path: String
    /// Whether only folders are meant: the pattern ends in `/`.
    let wantsFolders: Bool

    /// A pattern relative to the folder of the batch file, for one seed.
    init(_ text: String, folder: URL, seed: UInt64) {
        let own = text.replacing(CheckpointPattern.seedMark, with: "\(seed)")
        wantsFolders = own.hasSuffix("/")
        path = URL(fileURLWithPath: own, relativeTo: folder).standardizedFileURL.path
    }

    /// Whether it may mean several paths.
    var hasWildcards: Bool { path.contains("*") || path.contains("?") }

    /// A path that fits, and the training step that its name tells.
    struct Match: Sendable, Hashable {
        let url: URL
        let step: Int
    }

    /// The paths that fit, by step, then by name.
    func matches() -> [Match] {
        var found: [(path: String, step: Int)] = [("", CheckpointPattern.namedStep(path) ?? 0)]
        for component in path.split(separator: "/").map(String.init) {
            guard component.contains(where: { $0 == "*" || $0 == "?" }) else {
                found = found.map { ("\($0.path)/\(component)", $0.step) }
                continue
            }
            found = found.flatMap { parent in
                CheckpointPattern.names(in: parent.path, like: component).map { name in
                    ("\(parent.path)/\(name)", CheckpointPattern.step(of: name, like: component) ?? parent.step)
                }
            }
        }
        return found.compactMap { path, step in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                isFolder.boolValue || !wantsFolders
            else { return nil }
            return Match(url: URL(fileURLWithPath: path, isDirectory: isFolder.boolValue), step: step)
        }
        .sorted { ($0.step, $0.url.path) < ($1.step, $1.url.path) }
    }

    private static func names(in folder: String, like pattern: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.isEmpty ? "/" : folder)) ?? []
        let wanted = Array(pattern.unicodeScalars)
        return names.filter { !$0.hasPrefix(".") && fits(Array($0.unicodeScalars)[...], wanted[...]) }
    }

    /// Whether a name fits a pattern with `*` and `?`.
    static func fits(_ name: ArraySlice<Unicode.Scalar>, _ pattern: ArraySlice<Unicode.Scalar>) -> Bool {
        var (name, pattern) = (name, pattern)
        // Where to go back to when what follows the last star does not fit.
        var star: (name: ArraySlice<Unicode.Scalar>, pattern: ArraySlice<Unicode.Scalar>)?
        while let next = name.first {
            if pattern.first == "*" {
                pattern = pattern.dropFirst()
                star = (name, pattern)
            } else if let wanted = pattern.first, wanted == "?" || wanted == next {
                (name, pattern) = (name.dropFirst(), pattern.dropFirst())
            } else if let last = star {
                (name, pattern) = (last.name.dropFirst(), last.pattern)
                star = (name, pattern)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == "*" }
    }

    // MARK: - Steps

    /// The step that a name tells: the number after `step`, else the last number of what the wildcards stand for.
    static func step(of name: String, like pattern: String) -> Int? {
        if let named = namedStep(name) { return named }
        let isWild = { (character: Character) in character == "*" || character == "?" }
        guard let first = pattern.firstIndex(where: isWild), let last = pattern.lastIndex(where: isWild) else {
            return nil
        }
        let before = pattern.distance(from: pattern.startIndex, to: first)
        let after = pattern.distance(from: last, to: pattern.endIndex) - 1
        return numbers(in: name.dropFirst(before).dropLast(after)).last?.value
    }

    /// The number after the last `step` of a path, such as 1000 in `step-1000` or `step1000-tokens2B`.
    static func namedStep(_ text: String) -> Int? {
        let lower = text.lowercased()
        return numbers(in: lower[...]).last { number in
            var before = lower[..<number.start]
            if let last = before.last, "-_=".contains(last) { before = before.dropLast() }
            return before.hasSuffix("step") || before.hasSuffix("steps")
        }?.value
    }

    /// The whole numbers of a text; `k` and `m` after a number make thousands and millions of it.
    private static func numbers(in text: Substring) -> [(start: String.Index, value: Int)] {
        var found: [(start: String.Index, value: Int)] = []
        var rest = text
        while let start = rest.firstIndex(where: { $0.isASCII && $0.isNumber }) {
            let digits = rest[start...].prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...]
            guard var value = Int(digits) else { continue }
            if let unit = rest.first?.lowercased(), let factor = ["k": 1_000, "m": 1_000_000][unit],
                rest.dropFirst().first.map({ !$0.isLetter }) ?? true
            {
                value = value.multipliedReportingOverflow(by: factor).partialValue
            }
            found.append((start, value))
        }
        return found
    }
}
