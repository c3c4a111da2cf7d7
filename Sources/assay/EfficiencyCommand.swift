import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports

extension BudgetUnit: ExpressibleByArgument {}

/// `assay efficiency`.
struct EfficiencyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "efficiency",
        abstract:
            "Say how much more compute the control needs for what an arm reaches, and whether that survives scale.",
        discussion: """
            Fits L = E + A C^-a to the runs of both arms over all recorded batches: at least 4 budgets of 3 seeds each. The \
            compute-equivalent gain CEG(C) = C_control(L_arm(C)) / C is 1 at parity; its slope in ln C says whether the \
            advantage shrinks with scale. Intervals resample the seeds of each budget.

            The quantity is the training loss, or a metric of a task at the end of each run, such as nll/recall; of a score \
            in [0, 1], such as accuracy/successor, one minus it falls along the law.
            """)

    @Argument(help: "The control.")
    var control: String

    @Argument(help: "The arm.")
    var arm: String

    @Option(help: ArgumentHelp("What falls with compute.", valueName: "loss | METRIC/TASK"))
    var quantity = "loss"

    @Option(help: "What budgets are counted in: tokens, or flops (6 x parameters x tokens).")
    var unit: BudgetUnit = .tokens

    @Option(help: "The budget to ask at; the largest that both have, when not given.")
    var budget: Double?

    @Flag(help: "Take every checkpoint of a run for a budget, and not its end alone.")
    var checkpoints = false

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func run() throws {
        let report = try EfficiencyReport(
            store: try results.openForReading(), arm: arm, control: control, quantity: quantity, unit: unit,
            budget: budget, atCheckpoints: checkpoints)
        Output.write(try report.render(as: format))
    }
}
