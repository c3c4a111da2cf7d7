import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStatistics
import AssayStore

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

            Sides that do not match are refused: other items, or other versions of grader, generator or kernels. With \
            --common-items they are compared on the items that both have, with --allow in spite of a version; both are said.

            --attribute says instead which of weights, items, generator, grader, kernel and condition differ, and how much \
            of the difference each accounts for. --public and --hard say how much more was lost on hard items than a public \
            score shows.

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

    @Flag(help: "Where the sides hold different items of a task, compare those that both have.")
    var commonItems = false

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Versions that may differ: grader, generator, kernel.", valueName: "what"))
    var allow: [VersionDifference] = []

    @Flag(help: "Instead, say what changed between the sides, and how much each change accounts for.")
    var attribute = false

    @Option(help: ArgumentHelp("The condition of the first side, under --attribute.", valueName: "condition"))
    var fromCondition: String?

    @Option(help: ArgumentHelp("The condition of the second side, under --attribute.", valueName: "condition"))
    var toCondition: String?

    @Option(
        name: .customLong("public"),
        help: ArgumentHelp("Instead, hold the loss on these against that on --hard.", valueName: "metric/task,..."))
    var easy: String?

    @Option(help: ArgumentHelp("The hard metrics, beside --public.", valueName: "metric/task,..."))
    var hard: String?

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if (easy == nil) != (hard == nil) { throw ValidationError("--public and --hard go together.") }
        if !attribute, fromCondition != nil || toCondition != nil {
            throw ValidationError("--from-condition and --to-condition belong to --attribute.")
        }
        if attribute || easy != nil, TableFormat(rawValue: format.rawValue) == nil {
            throw ValidationError("Only verdicts have the format \(format.rawValue).")
        }
    }

    func run() throws {
        let store = try results.openForReading()
        if let table = TableFormat(rawValue: format.rawValue), let text = try otherReport(store, as: table) {
            Output.write(text)
            return
        }
        let diff = try CheckpointDiff(
            store: store, baseline: baseline, candidate: candidate, batch: batch,
            tolerance: DiffTolerance(allowed: Set(allow), commonItems: commonItems))
        if detectability {
            Output.write(try diff.renderDetectability(as: format))
            return
        }
        Output.write(try diff.render(as: format, onlyPrimary: !all))
        if diff.exitStatus != 0 { throw ExitCode(diff.exitStatus) }
    }

    /// What was asked for instead of verdicts; nil when nothing was.
    private func otherReport(_ store: Store, as format: TableFormat) throws -> String? {
        if attribute {
            return try AttributionReport(
                store: store, baseline: baseline, candidate: candidate, batch: batch,
                conditions: (fromCondition, toCondition)
            ).render(as: format)
        }
        guard let easy, let hard else { return nil }
        func names(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
        return try UnderstatementReport(
            store: store, baseline: baseline, candidate: candidate, easy: names(easy), hard: names(hard), batch: batch
        ).render(as: format)
    }
}

extension DiffFormat: ExpressibleByArgument {}
extension VersionDifference: ExpressibleByArgument {}
