import AssayCore
import Foundation

/// Finds the files that a batch names: in the folders beside its own, or by path.
struct ConfigurationLibrary {
    /// The kinds of files that are found by name, and the folders that they are in.
    enum Kind: String {
        case suite = "suites"
        case recipe = "recipes"
        case architecture = "architectures"

        /// What one file is, for messages.
        var title: String {
            switch self {
            case .suite: "suite"
            case .recipe: "recipe"
            case .architecture: "architecture"
            }
        }
    }

    /// The folder of the batch file.
    let folder: URL

    /// The file that a name or a path means.
    /// - Throws: ``AssayError`` that says where it was looked for and what near names there are.
    func find(_ kind: Kind, _ reference: Marked<String>) throws -> URL {
        let text = reference.value
        if text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml") {
            let url = URL(fileURLWithPath: text, relativeTo: folder).standardizedFileURL
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw missing(kind, reference, looked: [url], near: url.deletingLastPathComponent())
            }
            return url
        }
        let sibling = folder.deletingLastPathComponent().appendingPathComponent(kind.rawValue, isDirectory: true)
        let candidates = [sibling, folder].map { $0.appendingPathComponent("\(text).yaml") }
        guard let url = candidates.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw missing(kind, reference, looked: candidates, near: sibling)
        }
        return url.standardizedFileURL
    }

    private func missing(_ kind: Kind, _ reference: Marked<String>, looked: [URL], near: URL) -> AssayError {
        let name = URL(fileURLWithPath: reference.value).deletingPathExtension().lastPathComponent
        let there = ConfigurationLibrary.names(in: near)
        let places = looked.map { "'\($0.displayPath)'" }.joined(separator: " or ")
        return .badInput(
            "there is no \(kind.title) '\(reference.value)': looked for \(places)", at: reference.mark.description,
            remedy: there.isEmpty
                ? "There are no files in '\(near.displayPath)'" : Suggestion.remedy(for: name, among: there))
    }

    /// The names of the YAML files in a folder, sorted.
    static func names(in folder: URL) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
    }

    /// The name that a file gives what is in it.
    static func name(of url: URL) -> String { url.deletingPathExtension().lastPathComponent }

    /// Holds a `name` that a file states against the name of the file, by which others refer to it.
    static func checkName(_ stated: ConfigurationValue?, of url: URL, kind: Kind) throws {
        guard let stated, try stated.name() != name(of: url) else { return }
        throw stated.failure(
            "is '\(try stated.name())', but the file is called '\(url.lastPathComponent)'",
            remedy: "Batches name a \(kind.title) by its file: make both the same, or leave 'name' out")
    }
}
