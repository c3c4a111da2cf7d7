import ArgumentParser
import AssayPipeline
import Foundation

extension ShowSubject: ExpressibleByArgument {}

/// `assay show`.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one thing whole: an architecture, batch, checkpoint, task or metric.")

    @Argument(help: "What kind of thing.")
    var subject: ShowSubject

    @Argument(help: "Its name; for a checkpoint ARM@STEP or the first digits of its hash.")
    var name: String

    @Option(help: ArgumentHelp("The folder of architectures, recipes, suites and batches.", valueName: "folder"))
    var evals = "evals"

    @OptionGroup var results: ResultsOptions

    func run() throws {
        Output.write(
            subject == .checkpoint
                ? try Display.checkpoint(name, store: try results.openForReading())
                : try Display.text(subject, name, evals: URL(fileURLWithPath: evals, isDirectory: true)))
    }
}
