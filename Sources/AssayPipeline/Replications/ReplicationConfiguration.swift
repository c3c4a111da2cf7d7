import AssayCore
import AssayMetrics
import Foundation

/// Published findings as a file states them: what was claimed, and what of a batch's results would bear it out.
public struct ReplicationConfiguration: Sendable, Hashable {
    /// What the file is for.
    public var description: String?
    /// The findings in the order of the file.
    public var findings: [Finding]

    /// The batches whose results are looked at, in the order of the file.
    public var batches: [Marked<String>] {
        var seen: Set<String> = []
        return findings.map(\.batch).filter { seen.insert($0.value).inserted }
    }

    private static let keys = ["description", "batch", "findings"]

    /// Reads a file.
    /// - Throws: ``AssayError`` for the first thing that is wrong, with file, line and remedy.
    public static func read(_ url: URL) throws -> ReplicationConfiguration {
        let top = try ConfigurationDocument.read(url, kind: "list of findings")
            .mapping("list of findings", keys: keys)
        let batch = try top.optional("batch")?.markedName()
        let findings = try top.required("findings")
        let entries = try findings.entries().map { try Finding($0, batch: batch) }
        guard !entries.isEmpty else { throw findings.failure("is empty", remedy: "State at least one finding") }
        return ReplicationConfiguration(
            description: try top.optional("description")?.text(), findings: entries)
    }
}

/// A published finding: a conjunction of checks.
public struct Finding: Sendable, Hashable {
    /// Its name in the file.
    public var name: String
    /// The batch whose results are looked at, by its name in the store.
    public var batch: Marked<String>
    /// What is claimed, in a sentence.
    public var claim: String
    /// Who published it, and where.
    public var source: String
    /// The published figures; nil where the claim came without any.
    public var published: String?
    /// What has to hold.
    public var checks: [Check]

    /// A statement about a figure of the batch.
    public struct Check: Sendable, Hashable {
        /// What it says, for people; nil to let the figure speak.
        public var says: String?
        /// The first side.
        public var first: Side
        /// The second side, which is subtracted or divided by.
        public var second: Side?
        /// How the sides are put together.
        public var kind: ContrastKind
        /// The seed with the best figure stands for all, as published figures often are.
        public var isBestSeed: Bool
        /// What is claimed of the figure.
        public var bound: ReplicationBound
        /// Where it stands.
        public var mark: SourceMark
    }

    /// A metric of an arm.
    public struct Side: Sendable, Hashable {
        /// The arm.
        public var arm: Marked<String>
        /// The metric.
        public var subject: MetricSubject
        /// The condition whose figure is subtracted; nil for the figure itself.
        public var changeFrom: String?
    }

    init(_ entry: ConfigurationEntry, batch general: Marked<String>?) throws {
        name = try entry.name()
        let map = try entry.value.mapping("finding", keys: ["batch", "claim", "source", "published", "checks"])
        guard let batch = try map.optional("batch")?.markedName() ?? general else {
            throw entry.value.failure(
                "names no batch", remedy: "Give 'batch' here, or above 'findings' for all of them")
        }
        self.batch = batch
        claim = try map.required("claim").text()
        source = try map.required("source").text()
        published = try map.optional("published")?.text()
        let list = try map.required("checks")
        checks = try list.list().map(Check.init)
        guard !checks.isEmpty else { throw list.failure("is empty", remedy: "State at least one check") }
    }
}

extension Finding.Check {
    private static let sideKeys = ["arm", "metric", "task", "condition", "slice", "change-from"]
    private static let bounds = ["above", "below", "within"]

    init(_ value: ConfigurationValue) throws {
        let map = try value.mapping(
            "check", keys: Finding.Check.sideKeys + ["says", "minus", "over", "seeds"] + Finding.Check.bounds)
        says = try map.optional("says")?.text()
        mark = value.mark
        let first = try Finding.Side(map, from: nil)
        self.first = first
        let (minus, over) = (map.optional("minus"), map.optional("over"))
        if let over, minus != nil {
            throw over.failure("stands beside 'minus'", remedy: "Keep one of the two")
        }
        second = try (minus ?? over).map { try Finding.Side($0, from: first) }
        kind = over == nil ? .difference : .ratio
        isBestSeed = try map.optional("seeds")?.word(Seeds.self) == .best
        if isBestSeed, let second = minus ?? over {
            throw second.failure(
                "needs all seeds, but 'seeds' is best", remedy: "Check each arm by itself, or leave 'seeds' out")
        }
        let given = try Finding.Check.bounds.compactMap { key in
            try map.optional(key).map { (key, try $0.number(in: -1e12...1e12)) }
        }
        guard given.count == 1, let (key, number) = given.first else {
            throw value.failure(
                given.isEmpty ? "states no bound" : "states several bounds",
                remedy: "Give one of 'above', 'below' and 'within'")
        }
        switch key {
        case "above": bound = .above(number)
        case "below": bound = .below(number)
        default:
            guard number > 0 else { throw value.failure("is within \(number)", remedy: "Give a number above 0") }
            bound = .within(number)
        }
    }

    private enum Seeds: String, CaseIterable {
        case mean
        case best
    }
}

extension Finding.Side {
    /// The first side, whose fields are those of the check.
    fileprivate init(_ map: ConfigurationReader, from other: Finding.Side?) throws {
        let arm = try map.required("arm")
        self.init(
            arm: try arm.markedName(),
            subject: MetricSubject(
                metric: try map.required("metric").text(), task: try map.required("task").text(),
                condition: try map.optional("condition")?.text() ?? Condition.parallel.name,
                slice: try map.optional("slice")?.text() ?? "all"),
            changeFrom: try map.optional("change-from")?.text())
    }

    /// The second side: the name of an arm, or a map of what differs from the first side.
    fileprivate init(_ value: ConfigurationValue, from first: Finding.Side) throws {
        self = first
        if case .scalar = value.node {
            arm = try value.markedName()
            return
        }
        let map = try value.mapping("side", keys: ["arm", "metric", "task", "condition", "slice", "change-from"])
        if let given = map.optional("arm") { arm = try given.markedName() }
        subject.metric = try map.optional("metric")?.text() ?? subject.metric
        subject.task = try map.optional("task")?.text() ?? subject.task
        subject.condition = try map.optional("condition")?.text() ?? subject.condition
        subject.slice = try map.optional("slice")?.text() ?? subject.slice
        changeFrom = try map.optional("change-from")?.text() ?? changeFrom
    }
}
