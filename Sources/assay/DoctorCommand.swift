import ArgumentParser
import AssayPipeline
import AssayStore
import Foundation

/// `assay doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look whether this machine and this store are sound.")

    @OptionGroup var results: ResultsOptions

    func run() throws {
        var findings = Doctor.machine(results: results.folder)
        if FileManager.default.fileExists(atPath: results.storeFile.path) {
            findings += try Doctor.store(try Store(url: results.storeFile, mode: .readOnly))
        }
        for finding in findings {
            Output.line("\(finding.isSound ? "ok   " : "WRONG") \(finding.check): \(finding.detail)")
        }
        if findings.contains(where: { !$0.isSound }) { throw ExitCode(1) }
    }
}
