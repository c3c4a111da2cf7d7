import ArgumentParser
import AssayPipeline

/// `assay generate`.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "The first stage of a batch: record its tasks and measure their floors.")
    @OptionGroup var batch: BatchOptions
    func run() throws { try batch.run(through: .generate) }
}
