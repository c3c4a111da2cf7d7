import AssayMetrics
import AssayStatistics

/// What the self-check of the batch found: which metric sees which damage, and how rare false alarms are.
enum FaultSection {
    static func section(_ report: BatchReport) -> ReportSection {
        var section = ReportSection(
            id: "faults", title: "What this suite can see",
            introduction:
                "Damage was planted into the recorded models, their data and their tasks on purpose. A metric that "
                + "never fires cannot tell anybody that all is well.", figures: [])
        guard let calibration = report.calibration else { return section }
        section.tables =
            (matrices(calibration) + [alarms(calibration), power(calibration)]).filter { !$0.rows.isEmpty }
        return section
    }

    private static func matrices(_ calibration: Calibration) -> [TableFigure] {
        calibration.matrices.map { metrics, planted in
            let judgesItems = calibration.faults.first { $0.metric == metrics[0] }?.verdict == nil
            return TableFigure(
                title: judgesItems ? "Fault matrix of the items" : "Fault matrix of the models",
                caption:
                    "On how many tasks each \(judgesItems ? "test" : "metric") fired, of those that it judged. In rows "
                    + "without damage whatever fires is a false alarm." + (judgesItems ? "" : found(calibration)),
                head: ["fault", "arm", "planted as"] + metrics,
                rows: planted.map { row($0, metrics, calibration) },
                data: CalibrationTables.faults(calibration, metrics: Set(metrics)))
        }
    }

    private static func found(_ calibration: Calibration) -> String {
        let losses = calibration.detectableFound
        return losses.all == 0
            ? "" : " Of \(losses.all) losses of at least one minimum detectable effect, \(losses.found) were called."
    }

    private static func row(
        _ planted: Calibration.Planted, _ metrics: [String], _ calibration: Calibration
    ) -> [TableFigure.Cell] {
        let name = planted.fault.title + (planted.fault.isDamage ? "" : " (no damage)")
        return [.init(name), .init(planted.arm, "left"), .init(planted.detail, "left")]
            + metrics.map { metric -> TableFigure.Cell in
                guard let count = calibration.count(planted, metric) else { return .init("") }
                return .init(
                    "\(count.fired)/\(count.judged)",
                    count.fired == 0 ? "quiet" : 2 * count.fired >= count.judged ? "fired" : "partly")
            }
    }

    private static func alarms(_ calibration: Calibration) -> TableFigure {
        var data = FieldTable(columns: ["sides", "reports", "with_alarm", "low", "high", "most_by_chance"])
        let rows = calibration.falseAlarms.map { alarms -> [TableFigure.Cell] in
            let limit = alarms.limit(alarms.repeats)
            data.rows.append([
                .text(alarms.null.title), .integer(alarms.repeats), .integer(alarms.alarmed),
                .optional(alarms.interval?.low), .optional(alarms.interval?.high), .integer(limit),
            ])
            let interval = alarms.interval.map { "[\(Figure.value($0.low)), \(Figure.value($0.high))]" } ?? "-"
            return [
                .init(alarms.null.title), .init(String(alarms.repeats)), .init(String(alarms.alarmed)),
                .init(interval), .init(String(limit)),
                alarms.isWithinBounds
                    ? .init("as rare as stated", "v-no-regression") : .init("TOO MANY", "v-regression"),
            ]
        }
        return TableFigure(
            title: "False alarms where nothing differs",
            caption:
                "Whole comparisons of sides without a true difference; \(AxisMap.tickText(100 * calibration.alpha)) % of "
                + "them may raise an alarm.",
            head: ["sides", "reports", "with an alarm", "95 % interval of the rate", "most by chance", ""], rows: rows,
            data: data)
    }

    private static func power(_ calibration: Calibration) -> TableFigure {
        var data = FieldTable(columns: [
            "metric", "task", "factor", "loss", "stated_mde", "repeats", "found", "low", "high",
        ])
        for row in calibration.power {
            data.rows.append([
                .text(row.metric), .text(row.task), .number(row.factor), .number(row.size), .number(row.stated),
                .integer(row.repeats), .integer(row.found), .optional(row.interval?.low), .optional(row.interval?.high),
            ])
        }
        let rows = calibration.power.filter { $0.factor == 1 }.map { row -> [TableFigure.Cell] in
            let delay = calibration.delays.first {
                $0.metric == row.metric && $0.task == row.task && $0.condition == row.condition && $0.factor == 1
            }
            let waited = delay?.median.map { "\(AxisMap.tickText($0)) / \(AxisMap.tickText(delay?.ninetieth ?? .nan))" }
            return [
                .init("\(row.metric), \(row.task)"), .init(Figure.value(row.size)),
                .init(Figure.value(row.power)),
                .init(row.interval.map { "[\(Figure.value($0.low)), \(Figure.value($0.high))]" } ?? "-"),
                .init(delay.map { Figure.value(Double($0.found) / Double($0.series)) } ?? "-"), .init(waited ?? "-"),
            ]
        }
        return TableFigure(
            title: "Losses of one minimum detectable effect",
            caption:
                "Planted into pairs without a difference: a comparison is to find 80 % of them. Drift: noticed within "
                + "\(DelayStudy.checkpoints - DelayStudy.healthy) checkpoints, after how many in the median and for nine of ten.",
            head: ["metric, task", "loss", "found", "95 % interval", "drift noticed", "after checkpoints"], rows: rows,
            data: data)
    }
}
