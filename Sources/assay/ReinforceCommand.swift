import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStore
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

    @Option(help: "Worker threads; as many as there are cores, when not given.")
    var jobs: Int?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is from 1 to 256.") }
    }

    func run() throws {
        let study = try ReinforcementStudy.read(URL(fileURLWithPath: file))
        let interruption = Interruption {
            Output.notice(
                "\nStopping at the next safe point. Press Ctrl-C again to end at once; nothing recorded is lost.")
        }
        let bar = ProgressReporter()
        let runner = ReinforcementRunner(
            study: study, store: try Store(url: results.storeFile, mode: .readWrite), results: results.folder,
            workers: jobs ?? Machine.cores,
            progress: {
                bar.update(title: $0.title, fraction: $0.fraction, detail: $0.detail, secondsLeft: $0.secondsLeft)
            },
            notice: { bar.note($0) }, shouldStop: { interruption.isRaised })
        do {
            try runner.run(command: CommandLine.arguments.joined(separator: " "))
        } catch is Interrupted {
            bar.finish()
            Output.notice("Stopped. Everything up to here is recorded; the same command goes on from here.")
            throw ExitCode(130)
        }
        bar.finish()
        let report = try ReinforcementReport(runner)
        try report.writeFiles(to: runner.reportFolder)
        Output.write(try report.render(as: format))
    }
}
