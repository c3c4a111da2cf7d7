import ArgumentParser
import AssayCore
import AssayPipeline
import AssayReports
import AssayStatistics
import AssayStore

/// `assay drift`.
struct DriftCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Follow metrics along checkpoints, sets of items across versions, or proxies across conditions.",
        discussion: """
            ARM: each metric as a difference to the control at the same step. A two-sided CUSUM watches how the difference \
            changes, with a threshold simulated for the number of checkpoints and metrics at hand, and names the checkpoint \
            where a drift began. With --chart, a control chart that takes level and noise from the series itself, and the \
            most likely change-point.

            --task-set OLD --new NEW: whether two sets of items come from the same task, by their covariates (KS over \
            clusters, PSI with a calibrated cut-off), anchors and a bridging run. A set is BATCH/TASK, TASK, the first \
            digits of a task's identity, or BATCH for all of its tasks.

            --proxies FIRST --new SECOND --target METRIC/TASK: whether what ranked the arms under one condition still does \
            under another. A condition is BATCH, or BATCH@STEP for proxies at a checkpoint.
            """)

    @Argument(help: "The arm.")
    var arm: String?

    @Option(help: "The arm to hold it against; the control of the batch, when not given.")
    var control: String?

    @Option(help: "The batch whose arms are meant.")
    var batch: String?

    @Option(help: ArgumentHelp("A control chart: shewhart, ewma, cusum, shiryaev-roberts.", valueName: "chart"))
    var chart: ControlChart?

    @Option(help: "What a healthy series does under --chart: level or linear.")
    var trend: SelfStarting.Trend = .level

    @Option(help: "The autocorrelation of healthy differences at lag one under --chart, known from earlier runs.")
    var autocorrelation = 0.0

    @Option(help: ArgumentHelp("The old set of items.", valueName: "set"))
    var taskSet: String?

    @Option(help: ArgumentHelp("The first condition of proxies.", valueName: "batch[@step]"))
    var proxies: String?

    @Option(
        help: ArgumentHelp("The new set of items, or the second condition of proxies.", valueName: "set | batch[@step]")
    )
    var new: String?

    @Option(help: ArgumentHelp("What proxies should predict.", valueName: "metric/task"))
    var target: String?

    @Option(
        help: ArgumentHelp("A checkpoint that was evaluated on both sets: the frozen model.", valueName: "checkpoint"))
    var frozen: String?

    @Option(
        help: ArgumentHelp(
            "Two sides that were both evaluated on both sets: does the new set say something else of them?",
            valueName: "baseline,candidate"))
    var between: String?

    @Option(
        help: ArgumentHelp(
            "A side of the old set and one of the new, linked by a bridging run.", valueName: "baseline,candidate"))
    var link: String?

    @Option(
        help: ArgumentHelp("The checkpoint of the bridging run; the only one, when not given.", valueName: "checkpoint")
    )
    var bridge: String?

    @Option(help: "How to print: table, json, csv, markdown.")
    var format: TableFormat = .table

    @OptionGroup var results: ResultsOptions

    func validate() throws {
        let kinds = [arm, taskSet, proxies].compactMap { $0 }.count
        guard kinds == 1 else {
            throw ValidationError("Name one of: an arm, --task-set with --new, --proxies with --new and --target.")
        }
        if taskSet != nil || proxies != nil, new == nil {
            throw ValidationError("--task-set and --proxies need --new: what it is held against.")
        }
        if (proxies != nil) != (target != nil) {
            throw ValidationError("--proxies needs --target METRIC/TASK, and nothing else takes it.")
        }
        if taskSet == nil, frozen != nil || between != nil || link != nil || bridge != nil {
            throw ValidationError("--frozen, --between, --link and --bridge belong to --task-set.")
        }
        if arm == nil, control != nil || chart != nil {
            throw ValidationError("--control and --chart belong to an arm.")
        }
        if arm != nil, new != nil { throw ValidationError("--new belongs to --task-set and --proxies.") }
        guard abs(autocorrelation) < 1 else { throw ValidationError("--autocorrelation lies between -1 and 1.") }
        for sides in [between, link].compactMap({ $0 }) where DriftCommand.pair(sides) == nil {
            throw ValidationError("'\(sides)' does not name two sides: write BASELINE,CANDIDATE.")
        }
    }

    private static func pair(_ text: String) -> (baseline: String, candidate: String)? {
        let parts = text.split(separator: ",").map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }

    func run() throws {
        let store = try results.openForReading()
        Output.write(try report(store))
    }

    private func report(_ store: Store) throws -> String {
        if let taskSet, let new {
            var checkpoints = TaskSetReport.Checkpoints()
            checkpoints.frozen = frozen
            checkpoints.between = between.flatMap(DriftCommand.pair)
            checkpoints.link = link.flatMap(DriftCommand.pair)
            checkpoints.bridge = bridge
            checkpoints.batch = batch
            return try TaskSetReport(store: store, old: taskSet, new: new, checkpoints: checkpoints).render(as: format)
        }
        if let proxies, let new, let target {
            return try ProxyDriftReport(store: store, first: proxies, second: new, target: target).render(as: format)
        }
        let drift = try DriftReport(store: store, arm: arm ?? "", control: control, batch: batch)
        guard let chart else { return try drift.render(as: format) }
        return try ChartReport(
            drift, monitor: SeriesMonitor(chart, trend: trend, autocorrelation: autocorrelation)
        ).render(as: format)
    }
}

extension TableFormat: ExpressibleByArgument {}
extension ControlChart: ExpressibleByArgument {}
extension SelfStarting.Trend: ExpressibleByArgument {}
