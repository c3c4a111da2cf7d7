import AssayCore
import AssayMetrics
import AssayStore

extension BatchRunner {
    /// Computes the metrics of every checkpoint, as far as they are not recorded for these cells.
    func measureCheckpoints() throws {
        let reader = try CellReader(store: store, batch: plan.identity)
        let checkpoints = try plannedCheckpoints()
        for (index, checkpoint) in checkpoints.enumerated() {
            try stopIfAsked()
            let cells = try reader.identities(of: checkpoint.record.hash)
            // What could not be loaded has none.
            guard !cells.isEmpty else { continue }
            let identity = MeasurementRecord.identity(cells: cells, version: MetricCatalogue.version)
            var measurement = try store.measurements(identity: identity).first
            if measurement == nil {
                progress(
                    StageProgress(
                        title: "measure", fraction: Double(index) / Double(checkpoints.count),
                        detail: "\(checkpoint.arm.name)@\(checkpoint.record.step)"))
                measurement = MeasurementRecord(
                    identity: identity, checkpoint: checkpoint.record.hash,
                    values: try measure(try reader.cells(of: checkpoint.record)))
                work.measured += 1
            }
            if let measurement { try store.record(measurement, batch: plan.identity) }
        }
    }
}
