import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStore
import Foundation

/// What all commands that run a batch take.
struct BatchOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The batch file, such as evals/batches/quickstart.yaml.", valueName: "batch.yaml"))
    var file: String

    @Option(help: "Worker threads; as many as there are cores, when not given.")
    var jobs: Int?

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is from 1 to 256.") }
    }

    /// Runs the batch up to and with a stage, and prints what came out.
    func run(through last: Stage) throws {
        let plan = try BatchPlan.read(URL(fileURLWithPath: file))
        let interruption = Interruption {
            Output.notice(
                "\nStopping at the next safe point. Press Ctrl-C again to end at once; nothing recorded is lost.")
        }
        let store = try Store(url: results.storeFile, mode: .readWrite)
        let bar = ProgressReporter()
        let runner = BatchRunner(
            plan: plan, store: store, results: results.folder, workers: jobs ?? Machine.cores,
            progress: {
                bar.update(title: $0.title, fraction: $0.fraction, detail: $0.detail, secondsLeft: $0.secondsLeft)
            },
            notice: { bar.note($0) }, shouldStop: { interruption.isRaised })
        do {
            try runner.run(through: last, command: CommandLine.arguments.joined(separator: " "))
        } catch is Interrupted {
            bar.finish()
            Output.notice("Stopped. Everything up to here is recorded; the same command goes on from here.")
            throw ExitCode(130)
        }
        bar.finish()
        Output.write(try BatchSummary(runner: runner).text(through: last))
    }
}

/// `assay run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run a batch: generate, train, evaluate, measure, compare, report.",
        discussion: "Whatever is recorded already is not done again, so an interrupted batch goes on where it stopped.")

    @OptionGroup var batch: BatchOptions

    @Flag(help: "Print what would be done and what it costs, and do nothing.")
    var dryRun = false

    func run() throws {
        if dryRun {
            Output.write(try BatchPlan.read(URL(fileURLWithPath: batch.file)).overview())
        } else {
            try batch.run(through: .report)
        }
    }
}

/// `assay train`.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train", abstract: "The first stages of a batch: train its arms.")
    @OptionGroup var batch: BatchOptions
    func run() throws { try batch.run(through: .train) }
}

/// `assay evaluate`.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "The stages of a batch up to the evaluation of its checkpoints.")
    @OptionGroup var batch: BatchOptions
    func run() throws { try batch.run(through: .evaluate) }
}

/// `assay measure`.
struct MeasureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "The stages of a batch up to the metrics of its checkpoints.")
    @OptionGroup var batch: BatchOptions
    func run() throws { try batch.run(through: .measure) }
}
