import ArgumentParser
import AssayCore
import AssayPipeline
import Foundation

/// The command `assay`.
@main
struct AssayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Finds how much reasoning is left in a language model after its attention was changed.",
        discussion: """
            Assay trains attention variants of a small model, evaluates them on generated retrieval, multi-hop and \
            agent tasks, keeps everything in one SQLite file, and says with calibrated statistics what regressed.

            Start with: assay run evals/batches/quickstart.yaml

            Exit status: 0 done, 64 wrong usage, 65 bad input, 70 defect, 74 the system said no, 130 interrupted. \
            diff: 0 no regression, 1 regression, 3 undecided.
            """,
        version: Assay.version,
        subcommands: [
            RunCommand.self, DiffCommand.self, DriftCommand.self, ProxiesCommand.self, CalibrateCommand.self,
            ReplicationsCommand.self, EfficiencyCommand.self, RegradeCommand.self, ReportCommand.self,
            ExportCommand.self, ListCommand.self, DescribeCommand.self,
            ShowCommand.self, SampleCommand.self, GenerateCommand.self, TrainCommand.self, EvaluateCommand.self,
            MeasureCommand.self, ReinforceCommand.self, ServeCommand.self, TimeCommand.self, TraceCommand.self,
            DoctorCommand.self, CheckMixerCommand.self, CheckTaskCommand.self, LogitsCommand.self,
            TokenizeCommand.self, ImportCommand.self,
        ])

    /// Runs the command line and turns every error into one line on standard error and an exit status.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as AssayError {
            FileHandle.standardError.write(Data("assay: \(error)\n".utf8))
            Foundation.exit(error.exitStatus)
        } catch {
            exit(withError: error)
        }
    }
}
