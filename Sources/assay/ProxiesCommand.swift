import ArgumentParser
import AssayCore
import AssayPipeline
import Foundation

/// `assay proxies`.
struct ProxiesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxies",
        abstract: "Say how well every metric or column of runs ranks them as a target does.",
        discussion: """
            The runs are those of a table, with --from, or those that a batch recorded: then every metric of a task at every \
            checkpoint is a proxy (accuracy/successor, hop-accuracy/successor[hops=2], nll/recall@500, loss, parameters), arms \
            are the clusters, or with --cluster family all arms that mix tokens alike, and each proxy gets a card with its \
            signal-to-noise ratio and the conditions that it was validated under.

            The file has a header and a row for each run (RFC 4180). Every column of numbers is judged as a proxy of the \
            target by its decision accuracy: of all pairs of runs that differ in the target, the share that the proxy \
            orders alike. Pairs with equal targets do not count; pairs with equal proxies count one half. A run without \
            one of the two values (empty, NA, N/A, null, none) is left out for that proxy; NaN and infinity are refused.

            With --within, pairs are taken only between runs with the same value of that column, and each value has a row \
            of its own. The interval is a percentile bootstrap over the values of --cluster (over rows when not given): \
            runs that share an architecture are no independent evidence.

            A proxy refuses to rank when its interval covers one half, when there is no interval, and with fewer than 6 \
            clusters. Spearman's rho uses average ranks, Kendall's tau is tau-b; both are signed so that 1 is perfect \
            agreement, also for columns of --lower.
            """)

    @Option(help: ArgumentHelp("A table of runs; the runs of a batch, when not given.", valueName: "file.csv"))
    var from: String?

    @Option(help: "The batch whose runs are meant; the last one, when not given. Of several, each is judged by itself.")
    var batch: [String] = []

    @Option(
        name: .customLong("for"),
        help: ArgumentHelp(
            "A batch whose runs one wants to rank: cards that do not hold for it expire.", valueName: "batch"))
    var use: String?

    @Option(help: ArgumentHelp("The column, or METRIC/TASK, that proxies should predict.", valueName: "target"))
    var target: String

    @Option(help: ArgumentHelp("Take pairs only inside equal values of this column.", valueName: "column"))
    var within: String?

    @Option(
        help: ArgumentHelp(
            "The column of what runs share, such as their architecture; of recorded runs, 'arm' or 'family'.",
            valueName: "column"))
    var cluster: String?

    @Option(
        help: ArgumentHelp(
            "Columns in which less is better, separated by commas; may be given several times.",
            valueName: "column,..."))
    var lower: [String] = []

    @Option(help: "The level of the intervals, above 0 and below 1.")
    var level = 0.9

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        if from == nil, within != nil || !lower.isEmpty {
            throw ValidationError("--within and --lower name columns of a table: name it with --from.")
        }
        if from == nil, let cluster, ProxyClustering(rawValue: cluster) == nil {
            throw ValidationError("--cluster of recorded runs is 'arm' or 'family'.")
        }
        if from != nil, !batch.isEmpty || use != nil {
            throw ValidationError("--batch and --for are for recorded runs, --from for a table.")
        }
        guard level > 0, level < 1 else { throw ValidationError("--level lies between 0 and 1, such as 0.9.") }
    }

    func run() throws {
        guard let from else {
            let report = try ProxyCardReport(
                store: try results.openForReading(), batches: batch, target: target, for: use,
                clustering: cluster.flatMap(ProxyClustering.init(rawValue:)) ?? .arm, level: level)
            Output.write(try report.render(as: format))
            return
        }
        let columns = ProxyColumns(
            target: target, within: within, cluster: cluster,
            lower: try lower.flatMap { try CSVTable.fields($0, name: "--lower") })
        let report = try ProxyReport(from: URL(fileURLWithPath: from), columns: columns, level: level)
        Output.write(try report.render(as: format))
    }
}
