import AssayCore
import AssayTasks

/// A world said in English, in which a model acts by JSON.
///
/// The rules and the tools stand at the beginning, then demonstrations of an expert in episodes of the training stream, then
/// the episode. Every line of the agent is one call; every line of the world is what it answers. Symbols are ordinary words.
public struct AgentText: Sendable {
    /// Raised whenever the same episode would be written otherwise.
    public static let version = 1
    /// Demonstrations before an episode, if nothing else is said.
    public static let defaultShots = 1

    /// The world.
    public let generator: any AgentTaskGenerator
    /// Demonstrations before an episode.
    public let shots: Int
    private let calls: ToolCallForm
    private let rules: String

    /// The text of a world.
    /// - Throws: ``AssayError`` when its tools have no names or its rules were not written.
    public init(_ generator: any AgentTaskGenerator, shots: Int = defaultShots) throws {
        let name = generator.identity.generator
        guard let calls = generator.callForm, let rules = AgentRules.text[name] else {
            throw AssayError.badInput(
                "task '\(name)' has no text",
                remedy: "Worlds with text: " + AgentRules.text.keys.sorted().joined(separator: ", "))
        }
        guard TextTask.shotRange.contains(shots) else { throw TextTask.wrongShots(shots) }
        (self.generator, self.shots, self.calls, self.rules) = (generator, shots, calls, rules)
    }

    /// What identifies the episodes and how they are written.
    public var identity: TaskIdentity {
        var identity = generator.identity
        identity.generator = "text/" + identity.generator
        identity.version = identity.version * 1000 + Self.version
        identity.parameters["shots"] = shots
        return identity
    }

    /// The words of a template.
    private func words(_ template: Int) -> SymbolWords { SymbolWords.all[template % SymbolWords.all.count] }

    /// The template of an episode.
    public static func template(ofCluster index: Int) -> Int { index % SymbolWords.all.count }

    /// Templates.
    public static var templates: Int { SymbolWords.all.count }

    /// What every episode of a template begins with.
    public func opening(_ template: Int) -> String {
        var text = rules + "\n" + AgentRules.general + "\nTools: "
        text += calls.signatures.map { "\($0.tool)(\($0.arguments.joined(separator: ", ")))" }.joined(separator: ", ")
        for shot in 0..<shots {
            text += "\n\nEpisode:" + demonstration(template + AgentText.templates * shot, template)
        }
        return text + "\n\nEpisode:"
    }

    /// An expert's play of an episode of the training stream.
    private func demonstration(_ index: Int, _ template: Int) -> String {
        play(byExpert: generator.environment(TextTask.exampleStream, index: index), template)
    }

    /// An episode as an expert plays it.
    public func play(byExpert environment: any AgentEnvironment, _ template: Int) -> String {
        var environment = environment
        var text = prompt(environment, template)
        while !environment.isOver {
            let action = environment.expertAction
            guard let call = self.text(ofAction: action, template) else { break }
            let observation = environment.act(action)
            text += " " + call + "\n" + self.text(of: observation, template)
        }
        // The last line asks for an action that is not taken any more.
        return text.hasSuffix(AgentText.turn) ? String(text.dropLast(AgentText.turn.count)) : text
    }

    /// What the agent's turn begins with.
    static let turn = "\nAgent:"

    /// What is known at the start of an episode, up to the agent's first turn.
    public func prompt(_ environment: any AgentEnvironment, _ template: Int) -> String {
        "\nWorld: " + words(template).spoken(calls.text(ofPrompt: environment.prompt)) + AgentText.turn
    }

    /// What the world answers, up to the agent's next turn.
    public func text(of observation: Observation, _ template: Int) -> String {
        "World: " + words(template).spoken(calls.text(of: observation)) + AgentText.turn
    }

    /// An action as a call; nil when it is none.
    public func text(ofAction action: [Int32], _ template: Int) -> String? {
        calls.text(of: action).map(words(template).spoken)
    }

    /// The action that a line says.
    /// - Throws: ``InvalidCall`` for whatever is no call of a tool.
    public func action(_ line: String, _ template: Int) throws(InvalidCall) -> [Int32] {
        try calls.action(words(template).symbolic(TextTask.trimmed(line)).utf8)
    }
}

/// Ordinary words for the symbols of the vocabulary, inside JSON.
struct SymbolWords: Sendable {
    private let words: [String]
    private let numbers: [String: Int]

    static let all = [
        SymbolWords(WordList.things + WordList.cities + WordList.nouns + WordList.adjectives),
        SymbolWords(WordList.people + WordList.things + WordList.surnames + WordList.nouns),
    ]

    /// What stands in quotation marks and is no symbol: members and arguments of calls.
    private static let reserved: Set<String> = [
        "tool", "arguments", "prompt", "observation", "error", "handle", "value", "credential", "bucket", "key", "word",
        "directory", "file", "room", "item", "about", "kind", "request", "result", "direction",
    ]
    /// What a symbol that was said becomes: no word of the vocabulary.
    private static let nothing = "no such word"

    /// The first words of a list that mean nothing else.
    init(_ list: [String]) {
        let free = list.filter { !SymbolWords.reserved.contains($0) && Vocabulary.token(named: $0) == nil }
        let words = Array(free.prefix(Vocabulary.symbolCount))
        precondition(words.count == Vocabulary.symbolCount && Set(words).count == words.count, "words for symbols")
        self.words = words
        numbers = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
    }

    /// JSON with words for symbols.
    func spoken(_ json: String) -> String {
        replacingStrings(json) { text in
            guard text.first == "s", let number = Int(text.dropFirst()), words.indices.contains(number) else {
                return nil
            }
            return words[number]
        }
    }

    /// JSON with symbols for words. A symbol that was said is no word.
    func symbolic(_ json: String) -> String {
        replacingStrings(json) { text in
            if let number = numbers[text] { return "s\(number)" }
            return text.first == "s" && text.count > 1 && text.dropFirst().allSatisfy(\.isNumber)
                ? SymbolWords.nothing : nil
        }
    }

    /// Replaces whole texts between quotation marks.
    private func replacingStrings(_ json: String, _ replacement: (String) -> String?) -> String {
        json.split(separator: "\"", omittingEmptySubsequences: false).enumerated().map { index, part in
            // Every second part is inside of quotation marks. Where one is escaped, nothing is a call any more.
            index % 2 == 1 ? replacement(String(part)) ?? String(part) : String(part)
        }.joined(separator: "\"")
    }
}

/// What a person must know of each world.
enum AgentRules {
    static let general = """
        Act by one call of a tool on a line, as JSON. A call that is not possible gets an error and costs a step. The error \
        "unavailable" means that the same call may work if it is repeated. If "interrupt" and a word are seen, someone else \
        asks for something: call fetch with that word as request, then reply with the request and the result that fetch \
        gave, and go on. The episode ends with the call of submit, or when the goal is reached or lost.
        """

    static let text: [String: String] = [
        "tool-world": """
        You look for a value. The first line says "goal", the label of the goal, and a first handle. Each handle can be opened \
        by one of the tools read, open and ask, and each tool takes handles of its own kind. What is opened shows the name of \
        a credential and then the credential, and labels each followed by a handle: follow the handle after the goal's label. \
        The last record shows the value to hand in and the name of the credential that submit needs with it.
        """,
        "key-value-service": """
        You follow a trail in a store. The first line says "goal", the label of the goal, and a first bucket. list shows the \
        name of a bucket and labels each followed by a key: get the key after the goal's label. It holds a value, which belongs to \
        the name of its bucket, and the next bucket. The last key shows keys, each followed by a name: put into each of these \
        keys the value that belongs to that name. A wrong value cannot be taken back.
        """,
        "file-tree": """
        You replace words in files. The first line says "goal", the first word, and the replacements in their order. search \
        shows the directory and the tag of the file where a word occurs; list shows the files of a directory, each followed by its tag; \
        open shows the word of a file and the next word to go on with. edit puts the next replacement in place of the word. \
        When all replacements are made, submit.
        """,
        "warehouse": """
        You fill orders in a warehouse. The first line says "goal", all rooms and, for each item, the room where it lies; then the room \
        where you stand, and an order: items, then the room that they belong in. move goes to a room, pick takes an item \
        that lies there and is ordered, drop puts it down. When an order is filled the next is told; when there is none, submit.
        """,
        "ticket-desk": """
        You decide requests by a policy. The first line gives kinds of requests, each with what holds for it: grant, deny, or \
        confirm, which means that the customer must confirm the item first. After "goal" comes a customer. ask about "kind" and \
        about "item" tells what the request is; confirm asks the customer, who confirms or declines. Then grant or deny with \
        the kind and the item. Grant what was confirmed, deny what was declined. After the last customer, submit.
        """,
        "grid-maze": """
        You look for the exit of a maze. The first line says "goal" and a legend: marks, each followed by the direction that it stands \
        for. You see the cell where you stand as view and the letters of its open sides (n, e, s, w), and its mark or none. At \
        a mark go in the direction that it stands for; without one go on along the way, and back out of dead ends. move goes \
        north, east, south or west. At the exit, which shows done, submit.
        """,
    ]
}
