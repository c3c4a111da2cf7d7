import AssayCore
import AssayModels

/// In what arms are made equal to the control: `parameters`, `{state-bytes: TOKENS}`, or `none`.
public struct MatchEntry: Sendable, Hashable {
    /// In what; nil for nothing.
    public var rule: MatchRule?
    /// Where it stands.
    public var mark: SourceMark

    private static let contexts = 1...(1 << 24)

    init(_ value: ConfigurationValue) throws {
        mark = value.mark
        if case .mapping = value.node {
            let map = try value.mapping("match", keys: ["state-bytes"])
            rule = .stateBytes(context: try map.required("state-bytes").integer(in: MatchEntry.contexts))
            return
        }
        switch try value.text() {
        case "parameters": rule = .parameters
        case "none": rule = nil
        case "state-bytes":
            throw value.failure(
                "does not say after how many tokens",
                remedy: "Write {state-bytes: 1024} for the bytes after 1024 tokens")
        case let other:
            throw value.failure(
                "cannot be '\(other)'",
                remedy: Suggestion.remedy(for: other, among: ["parameters", "state-bytes", "none"]))
        }
    }
}
