import AssayCore
import AssayMetrics
import AssayReports
import AssayStatistics
import AssayStore

/// Two sides that a user named, compared with what the store has of them.
public struct CheckpointDiff {
    /// What the baseline is called in the table.
    public let baseline: String
    /// What the candidate is called.
    public let candidate: String
    /// The verdicts.
    public let results: [ComparisonResult]
    /// How small a difference can be seen on each task, for the first seed.
    public let detectability: [TaskDetectability]
    /// How they were compared.
    private let options: ComparisonOptions

    /// Compares two sides.
    /// - Parameters:
    ///   - baseline: checkpoints, and perhaps a condition: see ``ComparedSide``.
    ///   - batch: the name of the batch whose arms are meant; nil for the last one that has them.
    /// - Throws: ``AssayError`` when a side does not exist, or both have no cells in common.
    public init(store: Store, baseline: String, candidate: String, batch: String?) throws {
        let sides = try (baseline: ComparedSide(parsing: baseline), candidate: ComparedSide(parsing: candidate))
        let resolver = try SideResolver(
            store: store, batch: batch, texts: [sides.baseline.checkpoints, sides.candidate.checkpoints])
        let pairs = SeedPairs(
            baseline: try resolver.side(sides.baseline.checkpoints),
            candidate: try resolver.side(sides.candidate.checkpoints))
        guard !pairs.isEmpty else {
            throw AssayError(
                .usage, "'\(baseline)' and '\(candidate)' have no seed in common",
                remedy: "Name one seed of each: ARM:seed=N")
        }
        let cells = CellCache(reader: try resolver.reader())
        let label = sides.baseline.label ?? sides.candidate.label
        let common = CommonCells(
            try cells.cells(pairs.baseline).map { try sides.baseline.chosen(of: $0, called: label) },
            try cells.cells(pairs.candidate).map { try sides.candidate.chosen(of: $0, called: label) })
        guard !common.isEmpty else {
            throw AssayError(
                .usage, "'\(baseline)' and '\(candidate)' were not evaluated on the same tasks and conditions",
                remedy: "Put both into one batch and run it")
        }
        self.baseline = baseline
        self.candidate = candidate
        options = try resolver.options()
        results = try compare(baseline: common.baseline, candidate: common.candidate, options: options)
        detectability = try AssayMetrics.detectability(baseline: common.baseline[0], candidate: common.candidate[0])
    }

    /// The primary metrics, by which a difference is judged.
    public var primary: [ComparisonResult] { results.filter(\.isPrimary) }

    /// 1 when a primary metric regressed, 3 when none did but one is undecided, 0 otherwise.
    public var exitStatus: Int32 {
        if primary.contains(where: { $0.verdict == .regression }) { return 1 }
        return primary.contains { $0.verdict == .undecided } ? 3 : 0
    }

    /// The table as text in a format.
    public func render(as format: DiffFormat, onlyPrimary: Bool) throws -> String {
        let shown = onlyPrimary ? primary : results
        switch format {
        case .table, .markdown:
            let table = VerdictTable.table(shown, baseline: baseline, candidate: candidate)
            return (format == .table ? table.text() : table.markdown) + "\n" + headline + "\n"
                + (fragility.map { "\($0)\n" } ?? "")
        case .csv: return try exported(shown, .csv)
        case .json: return try exported(shown, .json)
        case .junit:
            return JUnitReport(shown, baseline: baseline, candidate: candidate, alpha: options.alpha).text()
        }
    }

    /// One line: how many of what.
    public var headline: String {
        "\(candidate) against \(baseline), \(primary.count) primary metrics: \(VerdictTable.summary(primary))"
    }

    /// One line: in how many cells something was lost, and how much in the worst of them.
    private var fragility: String? {
        FragilityIndex(results.filter { $0.slice == "all" }).map {
            "fragility index \(Figure.value($0.index)): \($0.broken) of \($0.cells) cells lost more than their margin; "
                + "worst tenth \(Figure.difference($0.worstTenth)) margins"
        }
    }

    /// A row for each task and metric: what decides how small a difference can be seen.
    /// - Throws: ``AssayError`` for JUnit, which knows verdicts only.
    public func renderDetectability(as format: DiffFormat) throws -> String {
        guard let format = TableFormat(rawValue: format.rawValue) else {
            throw AssayError(
                .usage, "--detectability has no form in \(format.rawValue)",
                remedy: "Give --format " + TableFormat.allCases.map(\.rawValue).joined(separator: ", "))
        }
        var table = TextTable([
            .init("task"), .init("condition"), .init("metric"), .init("items", .right), .init("clusters", .right),
            .init("item variance", .right), .init("discordance", .right), .init("ICC", .right), .init("DEFF", .right),
            .init("MDE", .right),
        ])
        for row in detectability {
            let found = row.detectability
            table.append([
                row.task, row.condition, row.metric, Figure.grouped(found.items), Figure.grouped(found.clusters),
                Figure.value(found.itemVariance), Figure.value(found.discordance), Figure.value(found.correlation),
                Figure.value(found.designEffect),
                // Without any spread nothing is known of what could be seen.
                found.itemVariance > 0 ? Figure.value(found.minimumDetectableEffect) : "-",
            ])
        }
        return try Listing.text(table, as: format)
    }

    private func exported(_ shown: [ComparisonResult], _ format: ExportFormat) throws -> String {
        let output = StringOutput()
        try Exporter.write(shown, baseline: baseline, candidate: candidate, format, to: output)
        return output.text
    }
}

/// How a command prints a table.
public enum TableFormat: String, Sendable, CaseIterable {
    /// Aligned columns, for people.
    case table
    /// RFC 4180.
    case csv
    /// A list of objects.
    case json
    /// For a pull request.
    case markdown
}

/// How `assay diff` prints.
public enum DiffFormat: String, Sendable, CaseIterable {
    /// Aligned columns, for people.
    case table
    /// RFC 4180.
    case csv
    /// A list of objects.
    case json
    /// For a pull request.
    case markdown
    /// For continuous integration.
    case junit
}
