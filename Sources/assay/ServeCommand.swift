import ArgumentParser
import AssayPipeline

/// `assay serve`.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract:
            "The stages of a batch up to the measurements of serving: bytes, prefix caching, speculation, crossover.")
    @OptionGroup var batch: BatchOptions
    func run() throws { try batch.run(through: .serve) }
}
