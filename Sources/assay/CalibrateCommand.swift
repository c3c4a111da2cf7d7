import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStore
import Foundation

/// `assay calibrate`.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Check the checks: false alarms, power, delay, and which metric sees which planted damage.",
        discussion: """
            Goes by what a batch recorded and by its checkpoints. A/A: one checkpoint against itself on random halves of its \
            clusters, and two checkpoints whose responses are exchanged at random, each through the whole comparison; alarms \
            must be as rare as stated. Power: losses of known size are planted into such pairs. Delay: such pairs are strung \
            together to series of checkpoints. Faults: windows are halved, states quantised, layers and heads removed, \
            positions shifted, a mixture swapped (which trains the control once more), generators changed; the matrix says \
            on how many tasks each metric fired.

            The figures are recorded with the batch: 'assay report' shows the matrix, and a second call finds them. Exit \
            status 1 when alarms are more frequent than chance allows.
            """)

    @Option(help: "The batch; the last one, when not given.")
    var batch: String?

    @Option(help: "Comparisons of each kind without a difference, and for each size of a planted loss.")
    var repeats = 200

    @Option(help: ArgumentHelp("Damage this arm alone; may be given several times.", valueName: "arm"))
    var arm: [String] = []

    @Flag(help: "Do not train the control on a swapped mixture.")
    var noTraining = false

    @Option(help: "One part alone: alarms, power, delays, faults.")
    var part: CalibrationReport.Part?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @Option(help: "Worker threads; as many as there are cores, when not given.")
    var jobs: Int?

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if let jobs, !(1...256).contains(jobs) { throw ValidationError("--jobs is from 1 to 256.") }
        guard (20...100_000).contains(repeats) else { throw ValidationError("--repeats is from 20 to 100,000.") }
    }

    func run() throws {
        let interruption = Interruption {
            Output.notice("\nStopping at the next safe point. Press Ctrl-C again to end at once.")
        }
        let bar = ProgressReporter()
        var options = CalibrationRunner.Options()
        options.repeats = repeats
        options.arms = arm
        options.trains = !noTraining
        let runner = try CalibrationRunner(
            store: try results.openForWriting(), batch: batch, results: results.folder,
            workers: jobs ?? Machine.cores, options: options,
            progress: {
                bar.update(title: $0.title, fraction: $0.fraction, detail: $0.detail, secondsLeft: $0.secondsLeft)
            }, shouldStop: { interruption.isRaised })
        let report: CalibrationReport
        do {
            report = try runner.report()
        } catch is Interrupted {
            bar.finish()
            Output.notice("Stopped; nothing was recorded.")
            throw ExitCode(130)
        }
        bar.finish()
        Output.write(try report.render(as: format, part: part))
        if !report.isWithinBounds { throw ExitCode(1) }
    }
}

extension CalibrationReport.Part: ExpressibleByArgument {}
