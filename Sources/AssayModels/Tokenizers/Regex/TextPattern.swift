import AssayCore

/// A compiled pattern: a regular expression, a text, or a class of scalars.
struct TextPattern: Sendable {
    /// What it looks for, for error messages.
    let source: String
    private let program: PatternProgram

    /// Compiles a regular expression.
    init(regex: String) throws(PatternFault) {
        source = regex
        program = try PatternProgram(try PatternParser.parse(regex))
    }

    /// A text, every scalar of which stands for itself.
    init(literal: String) throws(PatternFault) {
        source = literal
        program = try PatternProgram(.sequence(literal.unicodeScalars.map { .set(ScalarSet([$0])) }))
    }

    /// One scalar of a set.
    init(_ set: ScalarSet, named name: String) throws(PatternFault) {
        source = name
        program = try PatternProgram(.set(set))
    }

    /// A run of scalars of one of several sets.
    init(runsOf sets: [ScalarSet], named name: String) throws(PatternFault) {
        source = name
        program = try PatternProgram(
            .alternatives(sets.map { .repeated(.set($0), minimum: 1, maximum: nil, .greedy) }))
    }

    /// The matches in a text, from left to right, without overlap: byte offsets.
    ///
    /// An empty match counts unless it touches the end of the one before it, as in the crate `onig`.
    /// - Parameter text: valid UTF-8.
    /// - Throws: ``AssayError`` when the pattern needs more steps than a sound one can.
    func matches(in text: UnsafeBufferPointer<UInt8>, _ body: (Range<Int>) -> Void) throws {
        try program.instructions.withUnsafeBufferPointer { instructions in
            var matcher = PatternMatcher(instructions, words: PatternProgram.words.view, text: text)
            var position = 0
            var lastEnd: Int?
            do {
                while position <= text.count {
                    guard let end = try matcher.match(at: position) else {
                        position = TextPattern.after(position, in: text)
                        continue
                    }
                    if end == position, lastEnd == end {
                        position = TextPattern.after(position, in: text)
                        continue
                    }
                    body(position..<end)
                    lastEnd = end
                    position = end
                }
            } catch let fault as PatternFault {
                throw AssayError.badInput("the pattern '\(source)' cannot be used: \(fault.problem)")
            }
        }
    }

    /// The text with every match replaced.
    func replacing(_ text: [UInt8], with content: [UInt8]) throws -> [UInt8] {
        var result: [UInt8] = []
        var copied = 0
        try text.withUnsafeBufferPointer { buffer in
            try matches(in: buffer) { range in
                result += buffer[copied..<range.lowerBound]
                result += content
                copied = range.upperBound
            }
            if copied > 0 || !result.isEmpty { result += buffer[copied...] }
        }
        return copied == 0 && result.isEmpty ? text : result
    }

    private static func after(_ position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
        var position = position + 1
        while position < text.count, text[position] & 0xC0 == 0x80 { position += 1 }
        return position
    }
}
