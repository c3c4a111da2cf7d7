/// All metrics, in the order of reports.
public enum MetricCatalogue {
    /// Raised whenever the same responses would give other values, intervals or verdicts.
    public static let version = "4"

    /// Every definition.
    public static let all: [MetricDefinition] =
        accuracies + updates + hops + lengths + likelihoods + capacities + stateTracking + episodes + reliability
        + horizons + termination + losses + stateErrors
        + divergences + serving
        + servingMeasurements

    /// The definition of a key.
    public static func definition(_ key: String) -> MetricDefinition? { byKey[key] }

    /// The keys of the metrics that decide, in the order of reports.
    public static let primaryKeys = all.filter { $0.isPrimary && $0.isCompared }.map(\.key)

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })
}
