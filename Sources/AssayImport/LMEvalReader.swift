import AssayCore
import Foundation

/// Reads the folder that `lm_eval --output_path ... --log_samples` writes (lm-evaluation-harness 0.4).
public struct LMEvalReader {
    /// Longest output that is kept of a document, in characters.
    private static let outputLimit = 200

    private let folder: URL
    private let stamp: String
    private let results: JSONFields
    private var omitted: [String] = []

    /// Reads the last run of a folder, or of the folders within it.
    /// - Throws: ``AssayError`` naming the file and line: results or samples that are missing or malformed, a document that
    ///   is given twice, a count that is not what the results say.
    public static func read(_ url: URL) throws -> LMEvalRun {
        let file = try resultsFile(in: url)
        var reader = try LMEvalReader(file)
        return try reader.run()
    }

    private init(_ file: URL) throws {
        folder = file.deletingLastPathComponent()
        stamp = String(file.lastPathComponent.dropFirst("results_".count).dropLast(".json".count))
        results = try JSONFields(
            try JSONParser.file(file, allowsNonFinite: true), location: file.path)
    }

    /// The last results by their time, which is in the name.
    private static func resultsFile(in url: URL) throws -> URL {
        let manager = FileManager.default
        var isFolder: ObjCBool = false
        guard manager.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw AssayError.badInput("is not a folder", at: url.path)
        }
        func isResults(_ name: String) -> Bool { name.hasPrefix("results_") && name.hasSuffix(".json") }
        let names = (try? manager.contentsOfDirectory(atPath: url.path)) ?? []
        var files = names.filter(isResults).map { url.appendingPathComponent($0) }
        if files.isEmpty {
            for name in names.sorted() {
                let inner = url.appendingPathComponent(name)
                files += ((try? manager.contentsOfDirectory(atPath: inner.path)) ?? []).filter(isResults)
                    .map { inner.appendingPathComponent($0) }
            }
            let folders = Set(files.map { $0.deletingLastPathComponent().path })
            guard folders.count <= 1 else {
                throw AssayError.badInput(
                    "holds runs of \(folders.count) models", at: url.path,
                    remedy: "Import them one by one: \(folders.sorted().joined(separator: ", "))")
            }
        }
        guard let last = files.max(by: { $0.lastPathComponent < $1.lastPathComponent }) else {
            throw AssayError.badInput(
                "has no results_*.json", at: url.path, remedy: "Name the folder that lm_eval --output_path wrote")
        }
        return last
    }

    private mutating func run() throws -> LMEvalRun {
        let config = try results.optionalObject("config")
        var scores: [LMEvalScores] = []
        for task in try results.object("configs").members.map(\.name).sorted() { scores += try self.scores(of: task) }
        guard !scores.isEmpty else {
            throw results.fault("configs", "has no task with a score in [0, 1]" + omitted.map { "; \($0)" }.joined())
        }
        return LMEvalRun(
            modelSource: try results.optionalText("model_source") ?? config?.optionalText("model") ?? "",
            modelName: try results.optionalText("model_name") ?? "",
            version: try results.optionalText("lm_eval_version") ?? "", scores: scores, omitted: omitted)
    }

    // MARK: Tasks

    private mutating func scores(of task: String) throws -> [LMEvalScores] {
        let metrics = try metrics(of: task)
        let lines = try SampleFile(
            folder.appendingPathComponent("samples_\(task)_\(stamp).jsonl"), filters: Set(metrics.map(\.filter)))
        let version = try version(of: task)
        let expected = try results.optionalObject("n-samples")?.optionalObject(task)?.optionalInteger(
            "effective", in: 0...Int(Int32.max))
        return try metrics.compactMap { metric, filter in
            let rows = lines.rows(filter)
            if let expected, rows.count != expected {
                throw AssayError.badInput(
                    "has \(rows.count) documents under the filter '\(filter)', and the results say \(expected)",
                    at: lines.location, remedy: "The file is cut off, or of another run")
            }
            guard let samples = try samples(rows, metric: metric) else {
                omitted.append("\(task)/\(metric) is no score in [0, 1]")
                return nil
            }
            let counts = Set(rows.map(\.choices))
            return LMEvalScores(
                task: task, version: version, metric: metric, filter: filter,
                choices: counts.count == 1 ? counts.first ?? nil : nil,
                samples: samples.sorted { $0.document < $1.document })
        }
    }

    /// The metrics of a task: the keys `metric,filter` of its results, without standard errors and those where less is
    /// better.
    private mutating func metrics(of task: String) throws -> [(metric: String, filter: String)] {
        let fields = try results.object("results").object(task)
        let directions = try results.optionalObject("higher_is_better")?.optionalObject(task)
        var metrics: [(metric: String, filter: String)] = []
        for member in fields.members {
            guard let comma = member.name.firstIndex(of: ",") else { continue }
            let metric = String(member.name[..<comma])
            if metric.hasSuffix("_stderr") { continue }
            if try directions?.optionalBoolean(metric) == false {
                omitted.append("\(task)/\(metric) is better when lower")
                continue
            }
            metrics.append((metric, String(member.name[member.name.index(after: comma)...])))
        }
        return metrics
    }

    private func version(of task: String) throws -> String {
        switch try results.optionalObject("versions")?.value(task) {
        case .integer(let number)?: "\(number)"
        case .number(let number)?: "\(number)"
        case .text(let text)?: text
        default: ""
        }
    }

    /// The samples of a metric; nil when its values are no scores in [0, 1].
    private func samples(_ rows: [SampleFile.Row], metric: String) throws -> [LMEvalSample]? {
        var samples: [LMEvalSample] = []
        for row in rows {
            let score: Double?
            switch try row.fields.value(metric) {
            case nil: throw row.fields.fault(metric, "is missing, though the results have it")
            case .boolean(let value)?: score = value ? 1 : 0
            case .integer(let value)?: score = Double(value)
            case .number(let value)?: score = value.isNaN ? nil : value
            default: return nil
            }
            if let score, !(0...1).contains(score) { return nil }
            samples.append(
                LMEvalSample(
                    document: row.document, prompt: row.prompt, target: row.target, score: score,
                    output: String(row.output.prefix(LMEvalReader.outputLimit))))
        }
        return samples
    }
}
