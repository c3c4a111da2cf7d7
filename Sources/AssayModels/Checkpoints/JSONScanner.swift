/// Reads JSON from bytes, piece by piece. What is made of the pieces is the business of its callers.
struct JSONScanner {
    /// What is wrong with the text, as a sentence without a full stop.
    struct Fault: Error {
        let problem: String
        init(_ problem: String) { self.problem = problem }
    }

    let bytes: [UInt8]
    /// What the text is called in messages, such as `the header`.
    let subject: String
    private(set) var cursor = 0

    init(_ bytes: [UInt8], called subject: String) {
        self.bytes = bytes
        self.subject = subject
    }

    /// The byte that comes next, after any space.
    mutating func peek() -> UInt8? {
        skipSpace()
        return cursor < bytes.count ? bytes[cursor] : nil
    }

    /// Takes a word that comes next, such as `null`.
    mutating func take(word: String) -> Bool {
        skipSpace()
        guard bytes[cursor...].starts(with: word.utf8) else { return false }
        cursor += word.utf8.count
        return true
    }

    /// Takes bytes while they are of a kind.
    mutating func take(while isWanted: (UInt8) -> Bool) -> String {
        let start = cursor
        while cursor < bytes.count, isWanted(bytes[cursor]) { cursor += 1 }
        return String(decoding: bytes[start..<cursor], as: UTF8.self)
    }

    /// Refuses anything but space before the end.
    mutating func finish() throws(Fault) {
        skipSpace()
        guard cursor == bytes.count else { throw Fault("\(subject) has text after its end") }
    }

    mutating func object(_ member: (inout JSONScanner, String) throws(Fault) -> Void) throws(Fault) {
        try expect("{")
        if take("}") { return }
        repeat {
            let key = try string()
            try expect(":")
            try member(&self, key)
        } while take(",")
        try expect("}")
    }

    mutating func integers() throws(Fault) -> [Int] {
        try expect("[")
        var values: [Int] = []
        if take("]") { return values }
        repeat { values.append(try integer()) } while take(",")
        try expect("]")
        return values
    }

    mutating func integer() throws(Fault) -> Int {
        skipSpace()
        let start = cursor
        var value = 0
        while cursor < bytes.count, case let digit = Int(bytes[cursor]) - 48, (0...9).contains(digit) {
            let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = tens.addingReportingOverflow(digit)
            guard !overflow, !carry else { throw Fault("a number at byte \(start) of \(subject) is too large") }
            value = sum
            cursor += 1
        }
        guard cursor > start, cursor == start + 1 || bytes[start] != UInt8(ascii: "0") else {
            throw Fault("a whole number is expected at byte \(start) of \(subject)")
        }
        return value
    }

    mutating func string() throws(Fault) -> String {
        try expect("\"")
        let start = cursor
        var text: [UInt8] = []
        while true {
            guard cursor < bytes.count else { throw Fault("a text at byte \(start) of \(subject) does not end") }
            let byte = bytes[cursor]
            cursor += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let value = String(bytes: text, encoding: .utf8) else {
                    throw Fault("a text at byte \(start) of \(subject) is not UTF-8")
                }
                return value
            case UInt8(ascii: "\\"): try escape(into: &text)
            case 0..<32: throw Fault("a text at byte \(start) of \(subject) holds a control character")
            default: text.append(byte)
            }
        }
    }

    mutating func escape(into text: inout [UInt8]) throws(Fault) {
        guard cursor < bytes.count else { throw Fault("a text of \(subject) does not end") }
        let byte = bytes[cursor]
        cursor += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "u"):
            var units = [try codeUnit()]
            if UTF16.isLeadSurrogate(units[0]), cursor + 1 < bytes.count, bytes[cursor] == UInt8(ascii: "\\"),
                bytes[cursor + 1] == UInt8(ascii: "u")
            {
                cursor += 2
                units.append(try codeUnit())
            }
            let isWrong = transcode(
                units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true,
                into: { text.append($0) })
            if isWrong { throw Fault("a text of \(subject) holds half of a surrogate pair") }
        default: throw Fault("a text of \(subject) holds an unknown escape")
        }
    }

    mutating func codeUnit() throws(Fault) -> UInt16 {
        guard cursor + 4 <= bytes.count,
            bytes[cursor..<cursor + 4].allSatisfy({ $0 < 128 && Character(UnicodeScalar($0)).isHexDigit }),
            let value = UInt16(String(decoding: bytes[cursor..<cursor + 4], as: UTF8.self), radix: 16)
        else { throw Fault("a text of \(subject) holds a wrong \\u escape") }
        cursor += 4
        return value
    }

    mutating func skipSpace() {
        while cursor < bytes.count, [9, 10, 13, 32].contains(bytes[cursor]) { cursor += 1 }
    }

    mutating func take(_ character: Character) -> Bool {
        skipSpace()
        guard cursor < bytes.count, bytes[cursor] == character.asciiValue else { return false }
        cursor += 1
        return true
    }

    mutating func expect(_ character: Character) throws(Fault) {
        guard take(character) else { throw Fault("'\(character)' is expected at byte \(cursor) of \(subject)") }
    }
}
