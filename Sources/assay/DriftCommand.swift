import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports

/// `assay drift`.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract:
            "Follow each metric of an arm along its checkpoints, as a difference to the control at the same step.",
        discussion: """
            A two-sided CUSUM watches how the difference to the control changes, with a threshold simulated for the \
            number of checkpoints and metrics at hand, and names the checkpoint where a drift began.
            """)

    @Argument(help: "The arm.")
    var arm: String

    @Option(help: "The arm to hold it against; the control of the batch, when not given.")
    var control: String?

    @Option(help: "The batch whose arms are meant.")
    var batch: String?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let report = try DriftReport(
            store: try results.openForReading(), arm: arm, control: control, batch: batch)
        Output.write(try report.render(as: format))
    }
}

extension TableFormat: ExpressibleByArgument {}
