import AssayCore

/// Keyed access to a map whose keys were all found to be known.
struct ConfigurationReader {
    /// What the map describes, for messages.
    let kind: String
    private let keys: [String]
    private let values: [String: ConfigurationValue]
    private let place: ConfigurationValue

    init(kind: String, keys: [String], entries: [ConfigurationEntry], place: ConfigurationValue) {
        self.kind = kind
        self.keys = keys
        values = Dictionary(entries.map { ($0.key, $0.value) }) { first, _ in first }
        self.place = place
    }

    /// Where the map begins.
    var mark: SourceMark { place.mark }

    /// The value of a key that may be absent.
    func optional(_ key: String) -> ConfigurationValue? {
        precondition(keys.contains(key), "'\(key)' is not among the keys of a \(kind)")
        return values[key]
    }

    /// The value of a key that must be there.
    func required(_ key: String) throws -> ConfigurationValue {
        guard let value = optional(key) else {
            let path = place.path.isEmpty ? "the \(kind)" : "'\(place.path)'"
            throw AssayError.badInput(
                "\(path) has no '\(key)'", at: place.mark.description, remedy: "Add a line '\(key): ...'")
        }
        return value
    }
}
