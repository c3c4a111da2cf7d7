import AssayCore
import AssayMetrics
import AssayStatistics

/// How a batch draws the items of its tasks: in portions, until every declared comparison is decided.
public struct SpendingConfiguration: Sendable, Hashable {
    /// How the chance of error is spent over the looks.
    public var method: SpendingMethod
    /// Looks at the data, at most.
    public var looks: Int
    /// The primary metrics whose comparisons must be decided, sorted; empty for all of them.
    public var metrics: [String]

    /// The most looks that a batch may ask for.
    public static let mostLooks = 50
    /// Looks of a batch that does not say: more cost little where the method pays for any number of them.
    static let defaultLooks: [SpendingMethod: Int] = [.obrienFleming: 5, .anytime: 10]

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("spending", keys: ["method", "looks", "metrics"])
        method = try map.required("method").word()
        looks =
            try map.optional("looks")?.integer(in: 2...SpendingConfiguration.mostLooks)
            ?? SpendingConfiguration.defaultLooks[method] ?? 5
        metrics = try map.optional("metrics")?.primaryMetrics() ?? []
    }
}

extension ConfigurationValue {
    /// The keys of primary metrics: a list of them, each once.
    fileprivate func primaryMetrics() throws -> [String] {
        var keys: [String] = []
        for value in try list() {
            let key = try value.text()
            guard let definition = MetricCatalogue.definition(key) else {
                throw value.failure(
                    "is no metric of this version: '\(key)'",
                    remedy: Suggestion.remedy(for: key, among: MetricCatalogue.primaryKeys))
            }
            guard definition.isPrimary, definition.isCompared else {
                throw value.failure(
                    "'\(key)' is not among the metrics that decide",
                    remedy: Suggestion.remedy(for: key, among: MetricCatalogue.primaryKeys))
            }
            guard !keys.contains(key) else {
                throw value.failure("names '\(key)' again", remedy: "Name each metric once")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else {
            throw failure("is empty", remedy: "Name at least one metric, or leave the key out for all that decide")
        }
        return keys.sorted()
    }
}
