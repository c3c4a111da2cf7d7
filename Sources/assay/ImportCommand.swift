import ArgumentParser
import AssayCore
import AssayPipeline
import AssayStore
import Foundation

/// `assay import`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Record results of other programs as arms of the store.",
        subcommands: [LMEvalCommand.self])

    /// `assay import lm-eval`.
    struct LMEvalCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "lm-eval",
            abstract: "Record a run of lm-evaluation-harness 0.4, so that it can be compared with another.",
            discussion: """
                The run must have been made with --output_path and --log_samples. Every metric with values from 0 to 1 \
                becomes a task TASK/METRIC whose items are the documents, matched by their hash; metrics of other kinds are \
                left out and named. A document whose prompt or target is another than in an import before is refused.

                Then: assay diff ARM ARM
                """)

        @Argument(help: "The folder that lm_eval wrote.")
        var folder: String

        @Option(help: ArgumentHelp("What to call the arm; the model's name, when not given.", valueName: "name"))
        var arm: String?

        @Option(help: "The training step that the model is from.")
        var step = 0

        @OptionGroup var results: ResultsOptions

        func validate() throws {
            guard (0...Int(Int32.max)).contains(step) else { throw ValidationError("--step is from 0 to 2147483647.") }
        }

        func run() throws {
            let store = try Store(url: results.storeFile, mode: .readWrite)
            let summary = try LMEvalImporter(store).run(
                URL(fileURLWithPath: folder, isDirectory: true), arm: arm, step: step)
            try store.close()
            for text in summary.omitted { Output.notice("left out: \(text)") }
            Output.line("\(summary.arm): \(summary.items) items of \(summary.tasks.joined(separator: ", "))")
        }
    }
}
