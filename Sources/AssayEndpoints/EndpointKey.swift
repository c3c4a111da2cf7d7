import AssayCore
import Foundation

/// The key of an endpoint: what is sent with requests, and taken out of everything that is told.
struct EndpointKey: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let secret: String

    /// Reads the variable.
    /// - Throws: ``AssayError`` when it is not set, or holds what cannot stand in a header.
    init(variable: String, environment: [String: String]) throws {
        guard let value = environment[variable], !value.isEmpty else {
            throw AssayError(
                .usage, "the environment variable '\(variable)', the key of an endpoint, is not set",
                remedy: "export \(variable)=... in the shell that runs assay")
        }
        guard value.unicodeScalars.allSatisfy({ (0x21...0x7e).contains($0.value) }) else {
            throw AssayError(
                .usage, "the environment variable '\(variable)' holds spaces or other characters that no key has",
                remedy: "Look for a line break at its end")
        }
        secret = value
    }

    /// The header that carries it.
    var header: String { "Bearer \(secret)" }

    /// A text without the key, which servers like to repeat in their errors.
    func redacted(_ text: String) -> String { text.replacing(secret, with: "[key]") }

    var description: String { "[key]" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: []) }
}
