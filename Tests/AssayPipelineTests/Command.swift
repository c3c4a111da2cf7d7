import AssayCore
import Foundation

/// The built program, run as a child process.
struct Command {
    /// How a run ended and what it printed.
    struct Result {
        let status: Int32
        let wasKilled: Bool
        let output: String
        let errors: String
    }

    /// The program, built next to the bundle of tests.
    static let executable: URL? = {
        var places = [Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0])]
        places += Bundle.allBundles.map(\.bundleURL) + CommandLine.arguments.map { URL(fileURLWithPath: $0) }
        for place in places {
            var folder = place
            for _ in 0..<5 {
                let file = folder.appendingPathComponent("assay")
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder), !isFolder.boolValue,
                    FileManager.default.isExecutableFile(atPath: file.path)
                {
                    return file
                }
                folder.deleteLastPathComponent()
            }
        }
        return nil
    }()

    private let process = Process()
    private let files: [URL]

    /// Starts the program in a folder.
    init(_ arguments: [String], in folder: URL) throws {
        guard let executable = Command.executable else {
            throw AssayError(.defect, "the program 'assay' is not beside the tests")
        }
        let files = ["out", "err"].map { name in
            FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString).\(name)")
        }
        self.files = files
        // Files, not pipes: a child that prints much must not wait for a reader.
        for file in files { _ = FileManager.default.createFile(atPath: file.path, contents: nil) }
        process.executableURL = executable
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: files[0])
        process.standardError = try FileHandle(forWritingTo: files[1])
        try process.run()
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits for the end.
    func wait() -> Result {
        process.waitUntilExit()
        let texts = files.map { (try? String(contentsOf: $0, encoding: .utf8)) ?? "" }
        for file in files { try? FileManager.default.removeItem(at: file) }
        return Result(
            status: process.terminationStatus, wasKilled: process.terminationReason == .uncaughtSignal,
            output: texts[0], errors: texts[1])
    }

    /// Runs the program to its end.
    static func run(_ arguments: String..., in folder: URL) throws -> Result {
        try Command(arguments, in: folder).wait()
    }
}
