import ArgumentParser
import AssayCore
import AssayStore
import Foundation

/// Where results are.
struct ResultsOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the store, checkpoints and reports.", valueName: "folder"))
    var results = "results"

    /// The folder.
    var folder: URL { URL(fileURLWithPath: results, isDirectory: true) }

    /// The file of the store.
    var storeFile: URL { folder.appendingPathComponent("assay.sqlite") }

    /// Opens the store for reading.
    func openForReading() throws -> Store { try Store(url: existingStoreFile(), mode: .readOnly) }

    /// Opens a store that is there for writing.
    func openForWriting() throws -> Store { try Store(url: existingStoreFile(), mode: .readWrite) }

    /// The file of the store, which must be there.
    func existingStoreFile() throws -> URL {
        guard FileManager.default.fileExists(atPath: storeFile.path) else {
            throw AssayError.badInput(
                "there is no store yet", at: storeFile.path,
                remedy: "Run a batch first: assay run evals/batches/quickstart.yaml")
        }
        return storeFile
    }
}
