import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import Foundation

/// `assay reinforce`.
struct ReinforceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reinforce",
        abstract:
            "Train policies by their rewards from supervised checkpoints, and measure what goes wrong on the way.",
        discussion: """
            The file names a task, arms, seeds and the precisions of the states of rollouts. Supervised checkpoints are \
            trained first; then every arm, seed and precision plays episodes through the recurrent form and is updated \
            through the parallel form. Each step is recorded with the mismatch of the two, the tail of their ratios, \
            entropy, gradient norm and dead groups; success on held-out episodes is measured before and after.

            Whatever is recorded already is not done again. Tables of runs and steps are written to \
            RESULTS/NAME/policy-runs.csv and policy-steps.csv. A run that collapses is a result with its reason.
            """)

    @Argument(
        help: ArgumentHelp("The study, such as evals/reinforcement/tool-world.yaml.", valueName: "study.yaml"))
    var file: String

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var work: WorkOptions

    func run() throws {
        let study = try ReinforcementStudy.read(URL(fileURLWithPath: file))
        let runner = try work.work {
            ReinforcementRunner(
                study: study, store: $0.store, results: work.results.folder, workers: $0.workers,
                progress: $0.progress, notice: $0.notice, shouldStop: $0.shouldStop)
        } _: {
            try $0.run(command: $1)
        }
        let report = try ReinforcementReport(runner)
        try report.writeFiles(to: runner.reportFolder)
        Output.write(try report.render(as: format))
    }
}
