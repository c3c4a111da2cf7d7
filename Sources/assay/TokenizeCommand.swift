import ArgumentParser
import AssayCore
import AssayModels
import AssayPipeline
import AssayReports
import Foundation

/// `assay tokenize`.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Turn texts into ids and tokens with a tokenizer.json, or ids back into a text.",
        discussion: """
            Ids are those of the package tokenizers. Without texts, the lines of standard input are taken, and bytes in \
            them that are not UTF-8 become U+FFFD first.
            """)

    @Argument(help: "The tokenizer.json, the folder of a model that has one, or a GGUF file.")
    var file: String

    @Argument(help: "The texts; with --ids, one list of ids, separated by commas or spaces, for each text.")
    var texts: [String] = []

    @Flag(help: "The texts are ids, to be decoded.")
    var ids = false

    @Flag(help: "Leave out the tokens that are put around a text, and special tokens when decoding.")
    var noSpecial = false

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    /// A text and what the tokenizer makes of it.
    private struct Row: Encodable {
        var text: String
        var ids: [Int]
        /// The tokens as the file spells them; null for ids without one.
        var tokens: [String?]
        /// The text that the ids give back.
        var decoded: String
    }

    func run() throws {
        let tokenizer = try CheckpointReader.tokenizer(URL(fileURLWithPath: file))
        let inputs = texts.isEmpty ? TokenizeCommand.standardInput() : texts.map { Array($0.utf8) }
        let rows = try inputs.map { try row($0, tokenizer) }
        if format == .json {
            Output.line(try CanonicalJSON.text(rows))
            return
        }
        var table = TextTable(["Text", "Ids", "Tokens", "Decoded"].map { TextTable.Column($0) })
        for row in rows {
            table.append([
                row.text, row.ids.map(String.init).joined(separator: " "),
                row.tokens.map { $0 ?? "(none)" }.joined(separator: " "),
                row.decoded.utf8.elementsEqual(row.text.utf8) ? "the same" : row.decoded,
            ])
        }
        Output.write(try Listing.text(table, as: format))
    }

    private func row(_ input: [UInt8], _ tokenizer: Tokenizer) throws -> Row {
        let text = String(decoding: input, as: UTF8.self)
        let numbers =
            try ids ? TokenizeCommand.numbers(text) : tokenizer.encode(bytes: input, addsSpecialTokens: !noSpecial)
        // Of ids, everything is shown unless told; a text is to come back without what was put around it.
        let decoded = try tokenizer.decode(numbers, skipsSpecialTokens: ids ? noSpecial : true)
        return Row(text: text, ids: numbers, tokens: numbers.map { tokenizer.token($0) }, decoded: decoded)
    }

    private static func numbers(_ text: String) throws -> [Int] {
        try text.split { $0 == "," || $0.isWhitespace }.map {
            guard let number = Int($0) else {
                throw AssayError(.usage, "'\($0)' is no id", remedy: "Give whole numbers, separated by commas")
            }
            return number
        }
    }

    private static func standardInput() -> [[UInt8]] {
        let lines = FileHandle.standardInput.readDataToEndOfFile().split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let texts = lines.map { [UInt8]($0) }
        return texts.last?.isEmpty == true ? Array(texts.dropLast()) : texts
    }
}
