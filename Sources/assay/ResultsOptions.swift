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
    var storeFile: URL { ResultsOptions.storeFile(in: folder) }

    /// Opens the store for reading.
    func openForReading() throws -> Store { try ResultsOptions.openForReading(folder) }

    /// Opens a store that is there for writing.
    func openForWriting() throws -> Store { try Store(url: existingStoreFile(), mode: .readWrite) }

    /// The file of the store, which must be there.
    func existingStoreFile() throws -> URL { try ResultsOptions.existingStoreFile(in: folder) }

    /// Opens the store of a folder for reading.
    static func openForReading(_ folder: URL) throws -> Store {
        try Store(url: existingStoreFile(in: folder), mode: .readOnly)
    }

    private static func storeFile(in folder: URL) -> URL { folder.appendingPathComponent("assay.sqlite") }

    private static func existingStoreFile(in folder: URL) throws -> URL {
        let file = storeFile(in: folder)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw AssayError.badInput(
                "there is no store yet", at: file.path,
                remedy: "Run a batch first: assay run evals/batches/quickstart.yaml")
        }
        return file
    }
}
