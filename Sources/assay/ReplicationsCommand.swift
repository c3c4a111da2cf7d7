import ArgumentParser
import AssayCore
import AssayPipeline
import Foundation

/// `assay replications`.
struct ReplicationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replications",
        abstract: "Hold published findings against the results of batches: claimed, measured, verdict.",
        discussion: """
            The file states each finding as data: where it was published, and which metrics of which arms, tasks and \
            conditions of a batch must lie above, below or within a bound. REPLICATED: the 95 % interval of every \
            check agrees. NOT REPLICATED: one disagrees, beyond chance. UNDECIDED: everything else.

            Run the batch first: assay run evals/batches/replications.yaml
            """)

    @Argument(help: "The file of findings.")
    var file = "evals/replications.yaml"

    @Option(help: "The batch to look at instead of those that the file names.")
    var batch: String?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @Option(
        help: ArgumentHelp(
            "A folder with a store; given several times, each batch is looked up in them in this order.",
            valueName: "folder"))
    var results = ["results"]

    func run() throws {
        let findings = try ReplicationConfiguration.read(URL(fileURLWithPath: file))
        let stores = try results.map { try ResultsOptions.openForReading(URL(fileURLWithPath: $0, isDirectory: true)) }
        let report = try ReplicationReport(findings, stores: stores, batch: batch)
        Output.write(try report.render(as: format))
    }
}
