import AssayCore

/// A value as a JSON file that carries its own digest: one changed byte, were it only a space, and it is refused.
public enum SealedJSON {
    /// The file of a value: canonical JSON with its SHA-256, and an end of line.
    public static func text(_ value: some Codable) throws -> String {
        try CanonicalJSON.text(Sealed(content: value, seal: ContentHash(canonical: value))) + "\n"
    }

    /// Reads a value that must be exactly as ``text(_:)`` writes it.
    /// - Throws: ``AssayError`` when a single byte is different.
    public static func value<T: Codable>(
        _ type: T.Type = T.self, from text: String, location: String, remedy: String
    ) throws -> T {
        guard let sealed = try? CanonicalJSON.value(Sealed<T>.self, from: text), try self.text(sealed.content) == text
        else { throw AssayError.badInput("was altered, or is of another version", at: location, remedy: remedy) }
        return sealed.content
    }

    private struct Sealed<Content: Codable>: Codable {
        var content: Content
        var seal: ContentHash
    }
}
