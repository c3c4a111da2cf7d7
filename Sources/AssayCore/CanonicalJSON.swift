import Foundation

/// JSON with one spelling for one value: sorted keys, no white space, so that equal values have equal hashes.
public enum CanonicalJSON {
    /// The canonical text of a value.
    /// - Throws: `EncodingError` for values that JSON cannot hold, such as NaN.
    public static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Reads a value back.
    public static func value<T: Decodable>(_ type: T.Type = T.self, from text: String) throws -> T {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
