/// The alphabet of byte-level tokenizers: a printable scalar for each of the 256 bytes.
///
/// Source: `bytes_to_unicode` of GPT-2's encoder.
enum ByteAlphabet {
    /// The scalar of each byte: itself when printable, otherwise the next free one from 256 on.
    static let scalars: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (UInt32(0)..<256).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte) ?? " "
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? " "
            }
        }
    }()

    /// The byte of each scalar below 324; -1 for others.
    private static let bytes: [Int] = {
        var bytes = [Int](repeating: -1, count: 324)
        for (byte, scalar) in scalars.enumerated() { bytes[Int(scalar.value)] = byte }
        return bytes
    }()

    /// The bytes that a text spells; nil when it holds a scalar outside the alphabet.
    static func decode(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < 324, bytes[Int(scalar.value)] >= 0 else { return nil }
            result.append(UInt8(bytes[Int(scalar.value)]))
        }
        return result
    }
}
