import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStore

/// `assay regrade`.
struct RegradeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regrade",
        abstract: "Grade stored answers with this version of the grader, and show what changed.",
        discussion: """
            Cells that an older version of the grader judged get new grades from the answers that were stored, without the \
            model; the difference is shown by task, paired and clustered. The old responses stay, and the new ones form cells \
            of their own, which diff and the batches then read. What cannot be graded from what is stored is refused: \
            episodes, whose actions are not kept; answers of which only the beginning is kept; items of another version of a \
            generator; imported results.
            """)

    @Argument(help: "The checkpoints, such as ARM, ARM@STEP or ARM:seed=N@STEP; all, when not given.")
    var checkpoints: String?

    @Option(help: "The batch whose arms are meant.")
    var batch: String?

    @Option(help: "The task; all, when not given.")
    var task: String?

    @Flag(help: "Show what would change, and record nothing.")
    var dryRun = false

    @Flag(
        help: "Grade cells of this version of the grader again, to see that the stored answers give the stored grades.")
    var verify = false

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let selection = RegradeReport.Selection(checkpoints: checkpoints, batch: batch, task: task, verifies: verify)
        let isReading = dryRun || verify
        let store = try isReading ? results.openForReading() : Store(url: results.existingStoreFile(), mode: .readWrite)
        defer { try? store.close() }
        let report = try RegradeReport(store: store, selection, records: !isReading)
        Output.write(try report.render(as: format))
    }
}
