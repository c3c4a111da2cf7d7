import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStatistics

/// `assay diff`.
struct DiffCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff",
        abstract: "Compare two checkpoints or two arms, and give a verdict for each metric.",
        discussion: """
            A side is ARM, ARM@STEP, ARM:seed=N@STEP, or the first digits of a checkpoint's hash. An arm without a step \
            means its last checkpoints. Sides with several seeds are compared with the seed as the unit, single \
            checkpoints with the item as the unit.

            After it may stand how the checkpoints were run: ARM:window=256 is every condition with this swap, held \
            against the same condition without it; ARM:recurrent:int8 is this condition alone. So 'assay diff ARM \
            ARM:window=256' shows what the window costs.

            Exit status, over the primary metrics: 0 no regression, 1 a regression, 3 undecided.
            """)

    @Argument(help: "The side to compare with.")
    var baseline: String

    @Argument(help: "The side to judge.")
    var candidate: String

    @Option(help: "The batch whose arms are meant, when several have arms of this name.")
    var batch: String?

    @Option(help: "How to print: table, json, csv, markdown, junit.")
    var format: DiffFormat = .table

    @Flag(help: "Show every metric and slice, not the primary ones alone.")
    var all = false

    @Flag(help: "Instead, show how small a difference could be seen on each task, and what decides that.")
    var detectability = false

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let store = try results.openForReading()
        let diff = try CheckpointDiff(store: store, baseline: baseline, candidate: candidate, batch: batch)
        if detectability {
            Output.write(try diff.renderDetectability(as: format))
            return
        }
        Output.write(try diff.render(as: format, onlyPrimary: !all))
        if diff.exitStatus != 0 { throw ExitCode(diff.exitStatus) }
    }
}

extension DiffFormat: ExpressibleByArgument {}
