import AssayCore

/// What is known of checkpoints now, as opposed to what was ever recorded: of each kind of measurement the newest one
/// that was counted and the newest one that was timed.
extension Store {
    /// The newest measurements of a checkpoint.
    public func newestMeasurements(ofCheckpoint checkpoint: ContentHash) throws -> [MeasurementRecord] {
        Store.newest(try measurements(ofCheckpoint: checkpoint))
    }

    /// The newest measurements of a batch, by checkpoint.
    public func newestMeasurements(ofBatch batch: ContentHash) throws -> [ContentHash: [MeasurementRecord]] {
        Dictionary(grouping: try measurements(ofBatch: batch), by: \.checkpoint).mapValues(Store.newest)
    }

    private static func newest(_ measurements: [MeasurementRecord]) -> [MeasurementRecord] {
        MeasurementKind.allCases.flatMap { kind in
            let same = measurements.filter { $0.kind == kind }
            return [same.last { $0.environment == nil }, same.last { $0.environment != nil }].compactMap { $0 }
        }
    }
}
