import AssayCore
import Foundation

/// A file `samples_*.jsonl`: one JSON object a line, one line for each document and filter.
struct SampleFile {
    /// A line.
    struct Row {
        let fields: JSONFields
        let document: ContentHash
        let prompt: ContentHash
        let target: ContentHash
        /// Answers to choose from; nil where the model generates.
        let choices: Int?
        /// What the model said after the filter; empty for likelihoods.
        let output: String
    }

    /// The file, for error messages.
    let location: String
    private var rowsByFilter: [String: [Row]] = [:]

    /// Reads all lines.
    /// - Parameter filters: those that the results know; lines without a filter belong to the only one.
    /// - Throws: ``AssayError`` naming the line.
    init(_ url: URL, filters: Set<String>) throws {
        location = url.path
        guard let data = try? Data(contentsOf: url) else {
            throw AssayError.badInput(
                "cannot be read, though the results have the task", at: url.path,
                remedy: "Run lm_eval with --log_samples, and keep its files together")
        }
        var seen: [String: [ItemID: Int]] = [:]
        for (index, line) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !line.allSatisfy({ $0 == 32 || $0 == 13 }) {
            let place = "\(url.path):\(index + 1)"
            let fields = try SampleFile.fields(line, place)
            let filter = try fields.optionalText("filter") ?? filters.first ?? "none"
            let row = try SampleFile.row(fields)
            let item = LMEvalSample(
                document: row.document, prompt: row.prompt, target: row.target, score: nil, output: ""
            ).item
            if let first = seen[filter, default: [:]].updateValue(index + 1, forKey: item) {
                throw AssayError.badInput(
                    "the document \(row.document.hexadecimal.prefix(12)) is also on line \(first)", at: place,
                    remedy: "Documents are matched by their hash: a data set must not hold one twice")
            }
            rowsByFilter[filter, default: []].append(row)
        }
    }

    /// The lines of a filter, in the order of the file.
    func rows(_ filter: String) -> [Row] { rowsByFilter[filter] ?? [] }

    private static func fields(_ line: Data, _ place: String) throws -> JSONFields {
        do {
            return try JSONFields(
                try JSONParser.value(line, location: place, allowsNonFinite: true), location: place)
        } catch let error as AssayError {
            // The parser counts lines within the line.
            throw AssayError.badInput(error.problem, at: place, remedy: "The file is damaged; log the samples again")
        }
    }

    private static func row(_ fields: JSONFields) throws -> Row {
        func hash(_ name: String) throws -> ContentHash {
            guard let hash = ContentHash(hexadecimal: try fields.text(name)) else {
                throw fields.fault(name, "must be 64 hexadecimal digits")
            }
            return hash
        }
        let outputs = try fields.optionalList("filtered_resps") ?? []
        var choices: Int?
        var output = ""
        if case .list? = outputs.first {
            choices = outputs.count
        } else if case .text(let text)? = outputs.first {
            output = text
        }
        return Row(
            fields: fields, document: try hash("doc_hash"), prompt: try hash("prompt_hash"),
            target: try hash("target_hash"), choices: choices, output: output)
    }
}
