import AssayCore

/// Why bytes are not a call of a tool.
public enum InvalidCall: Error, Sendable, Hashable {
    /// Not one JSON object in UTF-8, or with the same key twice.
    case notJSON
    /// Keys other than `tool` and `arguments`, or one of them missing or of another type.
    case wrongShape
    /// There is no such tool.
    case unknownTool(String)
    /// An argument is missing.
    case missingArgument(String)
    /// The tool has no such argument.
    case unknownArgument(String)
    /// The value of an argument is no word of the vocabulary.
    case unknownValue(String)
    /// The call is longer than any call can be.
    case tooLong
}

/// Actions and observations of an agent task as JSON, for models with a tokenizer of their own:
///
///     {"tool":"open","arguments":{"handle":"s3"}}      {"observation":["s12","s4"]}      {"error":"not-known"}
public struct ToolCallForm: Sendable {
    /// Longest call that is read, in bytes.
    public static let longestCall = 4096

    private let tools: [ToolSignature]

    init(tools: [ToolSignature]) { self.tools = tools + SideTask.tools }

    /// The tools, each with the names of its arguments.
    public var signatures: [(tool: String, arguments: [String])] {
        tools.map { (Vocabulary.name(of: $0.token), $0.arguments.map(\.name)) }
    }

    /// An action as a call; nil when it is not a well-formed call of one of the tools, whatever its arguments are.
    public func text(of action: [Int32]) -> String? {
        let words = action.last == Vocabulary.end ? action.dropLast() : action[...]
        guard let tool = tools.first(where: { $0.token == words.first }), tool.arguments.count == words.count - 1 else {
            return nil
        }
        let arguments = zip(tool.arguments, words.dropFirst()).map { argument, token in
            "\"\(argument.name)\":\"\(Vocabulary.name(of: token))\""
        }
        return "{\"tool\":\"\(Vocabulary.name(of: tool.token))\",\"arguments\":{\(arguments.joined(separator: ","))}}"
    }

    /// What the world says, `:` or `error` first and without the request to act.
    public func text(of observation: Observation) -> String {
        let said = observation.tokens.last == Vocabulary.act ? observation.tokens.dropLast() : observation.tokens[...]
        if said.first == Vocabulary.error, let reason = said.last {
            return "{\"error\":\"\(Vocabulary.name(of: reason))\"}"
        }
        return "{\"observation\":[\(Self.names(said.first == Vocabulary.observation ? said.dropFirst() : said))]}"
    }

    /// The prompt of an episode, as one object.
    public func text(ofPrompt prompt: [Int32]) -> String {
        let words = prompt.last == Vocabulary.act ? prompt.dropLast() : prompt[...]
        return "{\"prompt\":[\(Self.names(words.dropFirst()))]}"
    }

    private static func names(_ tokens: ArraySlice<Int32>) -> String {
        tokens.map { "\"\(Vocabulary.name(of: $0))\"" }.joined(separator: ",")
    }

    /// Deepest nesting that is read.
    private static let depthLimit = 4

    private static func dictionary(_ members: [JSONMember]) -> [String: JSONValue] {
        Dictionary(members.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
    }

    /// Reads a call, strictly: one JSON object with `tool` and `arguments`, every argument of the tool once and no other,
    /// each a word of the vocabulary. Whether a word is an argument of the right kind is for the world to say.
    /// - Throws: ``InvalidCall``, for any bytes whatever.
    public func action(_ bytes: some Sequence<UInt8>) throws(InvalidCall) -> [Int32] {
        let bytes = Array(bytes.prefix(Self.longestCall + 1))
        guard bytes.count <= Self.longestCall else { throw .tooLong }
        guard
            let call = try? JSONParser.value(
                bytes, location: "the call", allowsRepeatedNames: false, depthLimit: Self.depthLimit),
            case .object(let members) = call
        else { throw .notJSON }
        let object = Self.dictionary(members)
        guard object.count == 2, case .text(let name)? = object["tool"], case .object(let pairs)? = object["arguments"]
        else { throw .wrongShape }
        let given = Self.dictionary(pairs)
        guard let tool = tools.first(where: { Vocabulary.name(of: $0.token) == name }) else { throw .unknownTool(name) }
        var action = [tool.token]
        for argument in tool.arguments {
            guard let value = given[argument.name] else { throw .missingArgument(argument.name) }
            guard case .text(let word) = value, let token = Vocabulary.token(named: word) else {
                throw .unknownValue(argument.name)
            }
            action.append(token)
        }
        if let other = given.keys.filter({ key in !tool.arguments.contains { $0.name == key } }).min() {
            throw .unknownArgument(other)
        }
        return action + [Vocabulary.end]
    }
}

extension AgentTaskGenerator {
    /// How the actions and observations are written as JSON; nil for tasks without tools that have names.
    public var callForm: ToolCallForm? { (self as? any WorldTask)?.worldCallForm }
}

extension WorldTask {
    fileprivate var worldCallForm: ToolCallForm {
        var random = CounterRandom(key: 0, index: 0)
        return ToolCallForm(tools: draw(isTraining: false, &random).tools)
    }
}

extension Vocabulary {
    private static let tokens = Dictionary(
        (0..<Int32(count)).map { (name(of: $0), $0) }, uniquingKeysWith: { first, _ in first })

    /// The token of a name; nil when there is none.
    public static func token(named name: String) -> Int32? { tokens[name] }
}
