import ArgumentParser
import AssayCore
import AssayPipeline
import Foundation

/// What all commands that run a batch take.
struct BatchOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("The batch file, such as evals/batches/quickstart.yaml.", valueName: "batch.yaml"))
    var file: String

    @OptionGroup var work: WorkOptions

    /// Runs the batch up to and with a stage, and prints what came out.
    func run(through last: Stage) throws {
        let plan = try BatchPlan.read(URL(fileURLWithPath: file))
        let runner = try work.work {
            BatchRunner(
                plan: plan, store: $0.store, results: work.results.folder, workers: $0.workers, progress: $0.progress,
                notice: $0.notice, shouldStop: $0.shouldStop)
        } _: {
            try $0.run(through: last, command: $1)
        }
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
