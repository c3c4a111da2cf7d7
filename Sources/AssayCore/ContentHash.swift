import CKernels
import Foundation

/// The SHA-256 digest of some content: the identity of weights, items, cells and plans.
public struct ContentHash: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public let hexadecimal: String

    /// Takes a digest that was printed before; nil unless it is 64 lower-case hexadecimal digits.
    public init?(hexadecimal: String) {
        guard hexadecimal.utf8.count == 64,
            hexadecimal.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
        else { return nil }
        self.hexadecimal = hexadecimal
    }

    fileprivate init(digest: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        hexadecimal = String(decoding: text, as: UTF8.self)
    }

    /// The digest of a text's UTF-8 bytes.
    public init(of text: String) {
        var hasher = ContentHasher()
        hasher.update(text)
        self = hasher.finish()
    }

    /// The digest of a value's canonical JSON (``CanonicalJSON``).
    public init(canonical value: some Encodable) throws {
        self.init(of: try CanonicalJSON.text(value))
    }

    /// The first twelve digits, for people.
    public var short: String { String(hexadecimal.prefix(12)) }

    /// The first eight bytes as a number, for seeds and compact keys.
    public var leadingBits: UInt64 { UInt64(hexadecimal.prefix(16), radix: 16) ?? 0 }

    /// All 64 digits.
    public var description: String { hexadecimal }

    /// Orders digests by their digits.
    public static func < (a: ContentHash, b: ContentHash) -> Bool { a.hexadecimal < b.hexadecimal }

    /// Writes the digits as a plain string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hexadecimal)
    }

    /// Reads the digits from a plain string.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let hash = ContentHash(hexadecimal: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a SHA-256 digest: \(text)")
        }
        self = hash
    }
}

/// Takes content piece by piece and gives its ``ContentHash``.
public struct ContentHasher: Sendable {
    private var state = ck_sha256()

    /// An empty content.
    public init() { ck_sha256_start(&state) }

    /// Appends bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        ck_sha256_update(&state, base, bytes.count)
    }

    /// Appends the UTF-8 bytes of a text.
    public mutating func update(_ text: String) {
        var text = text
        text.withUTF8 { update(UnsafeRawBufferPointer($0)) }
    }

    /// Appends the bytes of trivial values, in this machine's (little-endian) order.
    public mutating func update<T: BitwiseCopyable>(_ values: [T]) {
        values.withUnsafeBytes { update($0) }
    }

    /// The digest of what was appended so far; more can be appended afterwards.
    public func finish() -> ContentHash { ContentHash(digest: digest) }

    /// The first eight bytes of the digest as a number: the ``ContentHash/leadingBits`` of ``finish()``, without its text.
    public var leadingBits: UInt64 { digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } }

    private var digest: [UInt8] {
        var copy = state
        var digest = [UInt8](repeating: 0, count: 32)
        ck_sha256_finish(&copy, &digest)
        return digest
    }
}
