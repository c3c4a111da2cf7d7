import AssayCore
import AssayEndpoints

/// An arm of a model that is served behind an OpenAI-compatible address.
public struct ServedArmEntry: Sendable, Hashable {
    /// Where, and how much may be asked.
    public var settings: EndpointSettings
    /// The seed that it stands beside in comparisons; nil for the first of the batch.
    public var seed: Marked<UInt64>?
    /// Where the address stands.
    public var mark: SourceMark

    private static let keys = [
        "endpoint", "model", "key", "protocol", "parallel", "requests", "tokens", "timeout", "attempts", "likelihood",
        "revision", "seed",
    ]

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping("served arm", keys: Self.keys)
        let endpoint = try map.required("endpoint")
        mark = endpoint.mark
        do {
            settings = try EndpointSettings(
                base: try endpoint.text(), model: try map.required("model").text())
        } catch let error as AssayError {
            throw error.located(at: endpoint.mark)
        }
        if let key = map.optional("key") {
            let name = try key.text()
            let isName = name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            guard isName, name.first?.isNumber == false, name.count <= 64 else {
                // It may be the key itself, so it is not repeated.
                throw key.failure(
                    "is no name of an environment variable",
                    remedy: "Name the variable that holds the key, never the key")
            }
            settings.keyVariable = name
        }
        if let dialect: EndpointSettings.Dialect = try map.optional("protocol")?.word() { settings.dialect = dialect }
        if let value = map.optional("parallel") {
            settings.parallel = try value.integer(in: EndpointSettings.parallelRange)
        }
        settings.requestLimit = try map.optional("requests")?.integer(in: 1...1_000_000_000)
        settings.tokenLimit = try map.optional("tokens")?.integer(in: 1...1_000_000_000_000)
        if let value = map.optional("timeout") { settings.timeout = try value.number(in: 1...86_400) }
        if let value = map.optional("attempts") {
            settings.attempts = try value.integer(in: EndpointSettings.attemptRange)
        }
        if let value = map.optional("likelihood") { settings.wantsLikelihood = try value.boolean() }
        settings.revision = try map.optional("revision")?.text()
        seed = try map.optional("seed").map { Marked(try $0.seed(), at: $0.mark) }
    }
}
