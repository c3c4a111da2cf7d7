import AssayCore
import Foundation

/// Where a model is served, and how much may be asked of it.
public struct EndpointSettings: Sendable, Hashable {
    /// Which of the OpenAI-compatible protocols is spoken.
    public enum Dialect: String, Sendable, Hashable, CaseIterable {
        /// `/completions`: text that is gone on with. The only one that can tell the likelihood of an answer.
        case completions
        /// `/chat/completions`: the question as the message of a user.
        case chat
    }

    /// The address that the names of the protocol are added to, such as `http://127.0.0.1:8000/v1`.
    public let base: URL
    /// The name of the model there.
    public let model: String
    /// What the user calls the weights that are served now: another name asks everything anew; nil for none.
    public var revision: String?
    /// The environment variable that holds the key; nil for none. The key itself is read when it is used and never kept.
    public var keyVariable: String?
    /// Which protocol.
    public var dialect = Dialect.completions
    /// Requests at a time.
    public var parallel = 4
    /// Requests of a run, attempts included; nil for no limit.
    public var requestLimit: Int?
    /// Tokens of a run, read and written, as the server counts them; nil for no limit.
    public var tokenLimit: Int?
    /// Seconds until a request is given up.
    public var timeout = 120.0
    /// Attempts of a request.
    public var attempts = 8
    /// Whether the likelihood of the right answer is asked for, where it is offered.
    public var wantsLikelihood = true

    /// Requests that can be made at a time.
    public static let parallelRange = 1...64
    /// Attempts that can be made.
    public static let attemptRange = 1...100

    /// Settings with the defaults.
    /// - Throws: ``AssayError`` when the address is none, or holds a name, a password or a query: those would be told in
    ///   errors and stored in results.
    public init(base text: String, model: String) throws {
        guard let parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme?.lowercased()),
            parts.host?.isEmpty == false
        else {
            throw AssayError.badInput(
                "the endpoint is no address", remedy: "Write one such as 'http://127.0.0.1:8000/v1'")
        }
        guard parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil else {
            throw AssayError.badInput(
                "the endpoint has more than a host and a path",
                remedy: "Leave names, passwords and queries out; name the environment variable of a key with 'key'")
        }
        var bare = text
        while bare.hasSuffix("/") { bare.removeLast() }
        guard let url = URL(string: bare) else {
            throw AssayError.badInput(
                "the endpoint is no address", remedy: "Write one such as 'http://127.0.0.1:8000/v1'")
        }
        guard !model.isEmpty else {
            throw AssayError.badInput("the endpoint's model has no name", remedy: "Name it as the server does")
        }
        base = url
        self.model = model
    }

    /// The address of the protocol.
    var address: URL {
        dialect == .chat
            ? base.appendingPathComponent("chat").appendingPathComponent("completions")
            : base.appendingPathComponent("completions")
    }
}
