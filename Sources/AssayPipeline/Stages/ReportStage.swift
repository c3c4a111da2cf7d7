import AssayCore
import AssayReports
import AssayStore
import Foundation

extension BatchRunner {
    /// The folder of the batch's files.
    public var reportFolder: URL { results.appendingPathComponent(plan.name, isDirectory: true) }

    /// Writes the tables and the reports of the batch in the formats that it asks for.
    func writeReports() throws {
        let exporter = Exporter(store: store, batch: plan.identity)
        for format in plan.reports.compactMap(\.tables) {
            for subject in BatchRunner.reported + (plan.comparison.spending == nil ? [] : [.spending]) {
                try stopIfAsked()
                try exporter.export(
                    subject, format,
                    to: reportFolder.appendingPathComponent("\(subject.rawValue).\(format.fileExtension)"))
            }
        }
        let documents = plan.reports.compactMap(\.document)
        guard !documents.isEmpty else { return }
        try stopIfAsked()
        let report = try BatchReport.full(
            store: store,
            batch: BatchRecord(
                identity: plan.identity, name: plan.name, control: plan.control, definition: plan.definition))
        for format in documents { try report.write(format, to: reportFolder.appendingPathComponent(format.fileName)) }
    }

    /// What a batch's folder holds; responses, which can be millions, are exported on demand.
    static let reported: [ExportSubject] = [.runs, .checkpoints, .metrics, .verdicts, .drift]
}

extension BatchReport {
    /// All that a store has of a batch, with how well its metrics foretell the multi-hop target.
    public static func full(store: Store, batch: BatchRecord) throws -> BatchReport {
        try BatchReport(store: store, batch: batch, proxies: ProxyEvidence(store: store, batch: batch))
    }
}
