import ArgumentParser
import AssayPipeline
import AssayReports
import Foundation

extension ListSubject: ExpressibleByArgument {}

/// `assay list`.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List what there is: plans in evals/, tasks, mixers, metrics, recorded runs.",
        discussion: """
            Architectures are listed with their parameters, the bytes of decode state in float32 and bfloat16, the \
            operations of a token in prefill and in decoding, each after 1k, 32k and 1M tokens, and the context lengths \
            from which on state and operations are no more than those of full attention: of the same architecture with \
            full attention in every layer, or of the one that --control names.
            """)

    @Argument(help: "What to list.")
    var subject: ListSubject

    @Option(help: ArgumentHelp("The folder of architectures, recipes, suites and batches.", valueName: "folder"))
    var evals = "evals"

    @Option(help: ArgumentHelp("The architecture that others are held against.", valueName: "architecture"))
    var control: String?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func run() throws {
        Output.write(
            subject.isRecorded
                ? try Listing.text(Listing.table(subject, store: results.openForReading()), as: format)
                : try Listing.text(
                    subject, evals: URL(fileURLWithPath: evals, isDirectory: true), control: control, as: format))
    }

    func validate() throws {
        if control != nil, subject != .architectures {
            throw ValidationError("--control is for architectures only.")
        }
    }
}
