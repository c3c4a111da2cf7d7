import AssayCore
import AssayReports
import AssayStore
import Foundation

extension BatchRunner {
    /// The folder of the batch's files.
    public var reportFolder: URL { results.appendingPathComponent(plan.name, isDirectory: true) }

    /// Writes the tables of the batch in the formats that it asks for.
    func writeReports() throws {
        let exporter = Exporter(store: store, batch: plan.identity)
        for format in plan.reports {
            for subject in BatchRunner.reported {
                try stopIfAsked()
                try exporter.export(
                    subject, format,
                    to: reportFolder.appendingPathComponent("\(subject.rawValue).\(format.fileExtension)"))
            }
        }
    }

    /// What a batch's folder holds; responses, which can be millions, are exported on demand.
    static let reported: [ExportSubject] = [.runs, .checkpoints, .metrics, .verdicts, .drift]
}
