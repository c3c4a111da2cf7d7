import ArgumentParser
import AssayCore
import AssayReports
import Foundation

extension ExportSubject: ExpressibleByArgument {}
extension ExportFormat: ExpressibleByArgument {}

/// `assay export`.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write what the store holds as CSV (RFC 4180), JSON or Markdown.")

    @Argument(help: "What to export.")
    var subject: ExportSubject

    @Option(help: "The format.")
    var format: ExportFormat = .csv

    @Option(help: "The batch; everything, when not given.")
    var batch: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("The file; standard output, when not given.", valueName: "file"))
    var output: String?

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let store = try results.openForReading()
        let exporter = Exporter(store: store, batch: try batch.map { try store.batch(named: $0).identity })
        guard let output else {
            let standard = FileOutput()
            try exporter.export(subject, format, to: standard)
            try standard.finish()
            return
        }
        let rows = try exporter.export(subject, format, to: URL(fileURLWithPath: output))
        Output.notice("\(rows) rows in \(output)")
    }
}
