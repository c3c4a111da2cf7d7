import AssayCore

/// Layer patterns such as `[gated-delta-net x3, full] x4`: mixer names and bracketed lists, each repeated `xN` times.
public enum ArchitecturePattern {
    /// Layers that a pattern may expand to.
    static let limit = 256

    /// The mixer name of every layer.
    /// - Throws: ``AssayError`` that says at which character the pattern is wrong.
    public static func parse(_ text: String) throws -> [String] {
        var parser = Parser(text: text)
        let names = try parser.list(isNested: false)
        return names
    }

    private struct Parser {
        let text: String
        let characters: [Character]
        var index = 0

        init(text: String) {
            self.text = text
            characters = Array(text)
        }

        var current: Character? { index < characters.count ? characters[index] : nil }

        func failure(_ problem: String, at position: Int? = nil) -> AssayError {
            .badInput(
                "layer pattern '\(text)': \(problem) at character \((position ?? index) + 1)",
                remedy: "Write mixer names separated by commas, such as '[gated-delta-net x3, full] x2'")
        }

        mutating func skipSpace() {
            while let character = current, character.isWhitespace { index += 1 }
        }

        mutating func list(isNested: Bool) throws -> [String] {
            var names: [String] = []
            while true {
                names += try item()
                if names.count > ArchitecturePattern.limit {
                    throw failure("more than \(ArchitecturePattern.limit) layers")
                }
                skipSpace()
                switch current {
                case ",": index += 1
                case nil where !isNested: return names
                case "]" where isNested:
                    index += 1
                    return names
                case nil: throw failure("a ']' is missing")
                case let character?: throw failure("unexpected '\(character)'")
                }
            }
        }

        mutating func item() throws -> [String] {
            skipSpace()
            var names: [String]
            if current == "[" {
                index += 1
                names = try list(isNested: true)
            } else {
                names = [try name()]
            }
            skipSpace()
            guard current == "x" else { return names }
            let start = index
            index += 1
            guard let count = number(), (1...ArchitecturePattern.limit).contains(count) else {
                throw failure("a repeat is xN with N from 1 to \(ArchitecturePattern.limit)", at: start)
            }
            guard names.count * count <= ArchitecturePattern.limit else {
                throw failure("more than \(ArchitecturePattern.limit) layers", at: start)
            }
            names = (0..<count).flatMap { _ in names }
            return names
        }

        mutating func name() throws -> String {
            let start = index
            while let character = current,
                character.isASCII, character.isLetter || character.isNumber || character == "-" || character == "_"
            {
                index += 1
            }
            guard index > start else {
                throw failure(current.map { "unexpected '\($0)'" } ?? "a mixer name is missing")
            }
            return String(characters[start..<index])
        }

        mutating func number() -> Int? {
            let start = index
            while let character = current, character.isASCII, character.isNumber { index += 1 }
            return Int(String(characters[start..<index]))
        }
    }
}
