import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStore
import Foundation

extension DocumentFormat: ExpressibleByArgument {}

/// `assay report`.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write what a batch came to as one HTML page, Markdown for a pull request, or JUnit XML for CI.",
        discussion: """
            The page opens with the worst regression in words, then holds every verdict with its interval, and the \
            curves by hops, length, checkpoint, precision and memory, the proxies of the multi-hop \
            target, and what 'assay calibrate' found, each with its data as CSV. It needs no network \
            and prints. Equal results give equal bytes.
            """)

    @Argument(help: "The batch; the last one recorded, when not given.")
    var batch: String?

    @Option(help: "The format.")
    var format: DocumentFormat = .html

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "The file, or - for standard output; report.html, report.md or junit.xml in the batch's folder of results, "
                + "when not given.", valueName: "file"))
    var output: String?

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let store = try results.openForReading()
        guard let record = try batch.map(store.batch(named:)) ?? store.batches().last else {
            throw AssayError.badInput(
                "the store has no batch yet", at: results.storeFile.path,
                remedy: "Run a batch first: assay run evals/batches/quickstart.yaml")
        }
        let report = try BatchReport.full(store: store, batch: record)
        if output == "-" {
            Output.write(try report.text(format))
            return
        }
        let file =
            output.map { URL(fileURLWithPath: $0) }
            ?? results.folder.appendingPathComponent(record.name, isDirectory: true)
            .appendingPathComponent(format.fileName)
        try report.write(format, to: file)
        Output.notice(file.relativePath)
    }
}
