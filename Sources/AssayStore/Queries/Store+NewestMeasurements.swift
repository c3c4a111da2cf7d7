import AssayCore

/// What is known of a checkpoint now, as opposed to what was ever recorded.
extension Store {
    /// The newest measurements of a checkpoint, of a batch when one is given: one of each kind, counted and timed.
    public func newestMeasurements(
        ofCheckpoint checkpoint: ContentHash, ofBatch batch: ContentHash? = nil
    ) throws -> [MeasurementRecord] {
        let all = try measurements(ofCheckpoint: checkpoint, ofBatch: batch)
        return MeasurementKind.allCases.flatMap { kind in
            let same = all.filter { $0.kind == kind }
            return [same.last { $0.environment == nil }, same.last { $0.environment != nil }].compactMap { $0 }
        }
    }
}
