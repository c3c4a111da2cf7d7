import ArgumentParser
import AssayPipeline
import AssayReports
import Foundation

extension ListSubject: ExpressibleByArgument {}

/// `assay list`.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what there is: plans in evals/, tasks, mixers, metrics, recorded runs.")

    @Argument(help: "What to list.")
    var subject: ListSubject

    @Option(help: ArgumentHelp("The folder of architectures, recipes, suites and batches.", valueName: "folder"))
    var evals = "evals"

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let table =
            subject.isRecorded
            ? try Listing.table(subject, store: try results.openForReading())
            : try Listing.table(subject, evals: URL(fileURLWithPath: evals, isDirectory: true))
        Output.write(table.text())
    }
}
