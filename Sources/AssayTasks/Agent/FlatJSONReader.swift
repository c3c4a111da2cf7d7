/// Reads JSON (RFC 8259) strictly, as far as tool calls need it: objects of strings, numbers, literals and objects. Anything
/// else, a key that comes twice, nesting beyond four levels, or anything after the end is refused.
struct FlatJSONReader {
    /// A value.
    enum Value: Hashable {
        case text(String)
        case object([String: Value])
        /// A number, true, false, null or an array: not what any argument is, but well-formed.
        case other
    }

    private let bytes: [UInt8]
    private var at = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The object that the bytes are; nil when they are none.
    mutating func document() -> [String: Value]? {
        skipSpace()
        guard case .object(let object)? = value(depth: 0) else { return nil }
        skipSpace()
        return at == bytes.count ? object : nil
    }

    private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { at += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        at += 1
        return true
    }

    private mutating func value(depth: Int) -> Value? {
        guard depth < 4 else { return nil }
        switch next {
        case UInt8(ascii: "\""): return string().map(Value.text)
        case UInt8(ascii: "{"): return object(depth: depth).map(Value.object)
        case UInt8(ascii: "["): return array(depth: depth) ? .other : nil
        case UInt8(ascii: "t"): return literal("true")
        case UInt8(ascii: "f"): return literal("false")
        case UInt8(ascii: "n"): return literal("null")
        default: return number() ? .other : nil
        }
    }

    private mutating func literal(_ word: String) -> Value? {
        guard bytes[at...].starts(with: word.utf8) else { return nil }
        at += word.utf8.count
        return .other
    }

    private mutating func object(depth: Int) -> [String: Value]? {
        guard take("{") else { return nil }
        var object: [String: Value] = [:]
        skipSpace()
        if take("}") { return object }
        repeat {
            skipSpace()
            guard let key = string() else { return nil }
            skipSpace()
            guard take(":") else { return nil }
            skipSpace()
            guard let value = value(depth: depth + 1), object.updateValue(value, forKey: key) == nil else { return nil }
            skipSpace()
        } while take(",")
        return take("}") ? object : nil
    }

    private mutating func array(depth: Int) -> Bool {
        guard take("[") else { return false }
        skipSpace()
        if take("]") { return true }
        repeat {
            skipSpace()
            guard value(depth: depth + 1) != nil else { return false }
            skipSpace()
        } while take(",")
        return take("]")
    }

    /// `-? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?`
    private mutating func number() -> Bool {
        func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }
        _ = take("-")
        guard isDigit(next) else { return false }
        if !take("0") { while isDigit(next) { at += 1 } }
        if take(".") {
            guard isDigit(next) else { return false }
            while isDigit(next) { at += 1 }
        }
        if take("e") || take("E") {
            if !take("+") { _ = take("-") }
            guard isDigit(next) else { return false }
            while isDigit(next) { at += 1 }
        }
        return true
    }

    private mutating func string() -> String? {
        guard take("\"") else { return nil }
        var text: [UInt8] = []
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\""):
                let string = String(decoding: text, as: UTF8.self)
                return string.utf8.elementsEqual(text) ? string : nil
            case 0..<0x20: return nil
            case UInt8(ascii: "\\"):
                guard let scalar = escape() else { return nil }
                text += Array(String(Character(scalar)).utf8)
            default: text.append(byte)
            }
        }
        return nil
    }

    private mutating func escape() -> Unicode.Scalar? {
        guard let byte = next else { return nil }
        at += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return unicodeEscape()
        default: return nil
        }
    }

    /// Four hexadecimal digits, or two such escapes that are a surrogate pair.
    private mutating func unicodeEscape() -> Unicode.Scalar? {
        guard let high = hexadecimal() else { return nil }
        guard (0xD800..<0xDC00).contains(high) else { return Unicode.Scalar(high) }
        guard take("\\"), take("u"), let low = hexadecimal(), (0xDC00..<0xE000).contains(low) else { return nil }
        return Unicode.Scalar(0x1_0000 + (high - 0xD800) << 10 + (low - 0xDC00))
    }

    private mutating func hexadecimal() -> UInt32? {
        guard at + 4 <= bytes.count else { return nil }
        var value: UInt32 = 0
        for byte in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }
}
