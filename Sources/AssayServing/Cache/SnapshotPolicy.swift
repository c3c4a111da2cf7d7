import AssayCore

/// When a serving system keeps a copy of the recurrent state. Blocks of keys and values are there for every token; a copy
/// of the state is as large as the state, so only some places get one.
public struct SnapshotPolicy: Sendable, Hashable, Codable {
    /// Every so many tokens; nil for no fixed places.
    public var interval: Int?
    /// Where messages end: the system prompt, each turn, the end of an answer.
    public var atTurns: Bool

    /// A policy.
    public init(interval: Int? = nil, atTurns: Bool = false) {
        self.interval = interval
        self.atTurns = atTurns
    }

    /// At the ends of turns alone, as Kimi K3's checkpoints typically are (report, 5.4).
    public static let turns = SnapshotPolicy(atTurns: true)
    /// Every so many tokens, as where a state is kept with each block.
    public static func every(_ tokens: Int) -> SnapshotPolicy { SnapshotPolicy(interval: tokens) }

    /// The name in files and tables: `turns`, `every-512` or `turns+every-512`.
    public var name: String {
        let every = interval.map { "every-\($0)" }
        switch (atTurns, every) {
        case (true, let every?): return "turns+" + every
        case (true, nil): return "turns"
        case (false, let every?): return every
        case (false, nil): return "none"
        }
    }

    /// Reads a ``name``.
    /// - Throws: ``AssayError`` that says what could be written.
    public init(named name: String) throws {
        var rest = Substring(name)
        self.init()
        if rest.hasPrefix("turns") {
            atTurns = true
            rest = rest.dropFirst(5)
            if rest.hasPrefix("+") { rest = rest.dropFirst() }
        }
        if rest.hasPrefix("every-"), let tokens = Int(rest.dropFirst(6)), tokens > 0 {
            interval = tokens
            rest = ""
        }
        if name == "none" { rest = "" }
        guard rest.isEmpty, self.name == name else {
            throw AssayError.badInput(
                "'\(name)' is no policy of snapshots", remedy: "Write 'turns', 'every-512', 'turns+every-512' or 'none'"
            )
        }
    }
}
