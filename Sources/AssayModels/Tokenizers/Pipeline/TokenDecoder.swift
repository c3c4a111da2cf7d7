/// A step from tokens back to text.
///
/// Source: the package `tokenizers`, `decoders/`.
enum TokenDecoder: Sendable {
    /// Bytes that tokens spell in the byte alphabet.
    case byteLevel
    /// Tokens `<0x00>` ... `<0xFF>` in a row as the text of their bytes.
    case byteFallback
    /// All tokens as one.
    case fuse
    case replace(TextPattern, [UInt8])
    /// Removes up to so many scalars from the ends of every token.
    case strip([UInt8], start: Int, end: Int)
    /// The sign `▁` as a space, without the first token's when one was put there.
    case metaspace(sign: [UInt8], dropsFirst: Bool)

    /// The tokens after the step.
    func apply(_ tokens: [[UInt8]]) throws -> [[UInt8]] {
        switch self {
        case .byteLevel:
            let bytes = tokens.flatMap { ByteAlphabet.decode(String(decoding: $0, as: UTF8.self)) ?? $0 }
            return [Array(String(decoding: bytes, as: UTF8.self).utf8)]
        case .byteFallback: return TokenDecoder.joinBytes(tokens)
        case .fuse: return [tokens.flatMap { $0 }]
        case .replace(let pattern, let content): return try tokens.map { try pattern.replacing($0, with: content) }
        case .strip(let content, let start, let end):
            return tokens.map { token in
                var part = token[...]
                var left = start
                while left > 0, part.starts(with: content) {
                    part = part.dropFirst(content.count)
                    left -= 1
                }
                left = end
                while left > 0, part.suffix(content.count) == content[...] {
                    part = part.dropLast(content.count)
                    left -= 1
                }
                return Array(part)
            }
        case .metaspace(let sign, let dropsFirst):
            return tokens.enumerated().map { index, token in
                TokenDecoder.replace(sign, in: token, with: index == 0 && dropsFirst ? [] : [UInt8(ascii: " ")])
            }
        }
    }

    private static func replace(_ sign: [UInt8], in token: [UInt8], with content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var position = 0
        while position < token.count {
            if token[position...].starts(with: sign) {
                result += content
                position += sign.count
            } else {
                result.append(token[position])
                position += 1
            }
        }
        return result
    }

    private static func joinBytes(_ tokens: [[UInt8]]) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var bytes: [UInt8] = []
        func flush() {
            if bytes.isEmpty { return }
            let text = Array(String(decoding: bytes, as: UTF8.self).utf8)
            // Bytes that are no text are one sign of replacement each.
            result += text == bytes ? [text] : bytes.map { _ in Array("\u{FFFD}".utf8) }
            bytes = []
        }
        for token in tokens {
            if let byte = byte(of: token) {
                bytes.append(byte)
            } else {
                flush()
                result.append(token)
            }
        }
        flush()
        return result
    }

    private static func byte(of token: [UInt8]) -> UInt8? {
        guard token.count == 6, token.starts(with: Array("<0x".utf8)), token[5] == UInt8(ascii: ">") else { return nil }
        return UInt8(String(decoding: token[3..<5], as: UTF8.self), radix: 16)
    }
}
