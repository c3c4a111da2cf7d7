import AssayStatistics

/// How drift is looked for.
public struct DriftOptions: Sendable, Codable, Hashable {
    /// The chance that a run without any drift raises an alarm in any of its metrics.
    public var falseAlarms: Double
    /// The autocorrelation of healthy differences at lag one, known from earlier runs; 0 when nothing is known.
    public var autocorrelation: Double

    /// Options.
    public init(falseAlarms: Double = 0.05, autocorrelation: Double = 0) {
        self.falseAlarms = falseAlarms
        self.autocorrelation = autocorrelation
    }
}

/// Looks for drift in each series: a change of the difference to the control, not the difference itself.
///
/// Each difference is held against the mean of those before it, in units of the standard errors within the
/// checkpoints; a two-sided CUSUM runs over that, with a threshold simulated for this number of checkpoints and these
/// degrees of freedom, at the chance of a false alarm divided by the number of series.
public func detectDrift(
    _ series: [DriftSeries], options: DriftOptions = DriftOptions(), calibration: CusumCalibration = .shared
) -> [DriftResult] {
    let monitored = series.count { $0.points.count >= DriftDetector.fewestCheckpoints }
    let share = options.falseAlarms / Double(max(1, monitored))
    return series.map {
        DriftDetector(series: $0, falseAlarms: share, options: options, calibration: calibration).result()
    }
}

/// The detector over one series.
struct DriftDetector {
    /// With two checkpoints a change cannot be told from where it began.
    static let fewestCheckpoints = 3

    let series: DriftSeries
    let falseAlarms: Double
    let options: DriftOptions
    let calibration: CusumCalibration

    func result() -> DriftResult {
        let differences = series.points.map(\.estimate)
        guard series.points.count >= DriftDetector.fewestCheckpoints else {
            let missing = series.missingSteps.isEmpty ? "" : ", \(series.missingSteps.count) without a standard error"
            return quiet(
                "\(series.points.count) checkpoints\(missing), at least \(DriftDetector.fewestCheckpoints) are needed")
        }
        guard let errors = standardErrors else {
            let isFlat = differences.allSatisfy { $0 == differences[0] }
            return quiet(isFlat ? nil : "the checkpoints have no spread within, so that noise cannot be told")
        }
        // The first checkpoint is the reference of the second; it has no value of its own.
        let z = Cusum.standardised(
            differences, standardErrors: errors, autocorrelation: options.autocorrelation)
        let degrees = series.points.map(\.degreesOfFreedom).min() ?? 1
        let null = calibration.distribution(points: differences.count, degreesOfFreedom: degrees)
        let threshold = null.threshold(falseAlarms: falseAlarms)
        let trace = Cusum.run(z.map(Cusum.influence), threshold: threshold)
        var result = quiet(nil)
        result.threshold = threshold.isFinite ? threshold : nil
        result.pValue = null.pValue(trace.largest)
        for index in z.indices {
            result.points[index + 1].standardised = z[index]
            result.points[index + 1].rise = trace.rise[index]
            result.points[index + 1].fall = trace.fall[index]
        }
        if let alarm = trace.alarm, let onset = trace.onset {
            let start = Cusum.split(differences, standardErrors: errors, from: onset + 1, through: alarm + 1)
            result.alarmStep = series.points[alarm + 1].step
            result.onsetStep = series.points[start].step
            result.direction = trace.isRise == (series.direction == .higherIsBetter) ? .better : .worse
            result.magnitude = mean(differences[start...]) - mean(differences[..<start])
        }
        result.note = note(threshold)
        return result
    }

    /// The standard errors, with the median of the others for checkpoints without any spread (two models that both fail
    /// every item); nil when none has a spread.
    private var standardErrors: [Double]? {
        let positive = series.points.map(\.standardError).filter { $0 > 0 }.sorted()
        guard !positive.isEmpty else { return nil }
        let median = positive[positive.count / 2]
        return series.points.map { $0.standardError > 0 ? $0.standardError : median }
    }

    private func note(_ threshold: Double) -> String? {
        var notes: [String] = []
        if !threshold.isFinite { notes.append("too many metrics for the simulated threshold") }
        let flat = series.points.count { $0.standardError == 0 }
        if flat > 0 { notes.append("\(flat) checkpoints without spread") }
        if !series.missingSteps.isEmpty {
            notes.append("not defined at step " + series.missingSteps.map(String.init).joined(separator: ", "))
        }
        return notes.isEmpty ? nil : notes.joined(separator: "; ")
    }

    private func quiet(_ note: String?) -> DriftResult {
        DriftResult(
            metric: series.metric, task: series.task, condition: series.condition, slice: series.slice,
            points: series.points.map {
                DriftResult.Point(
                    step: $0.step, control: $0.control, candidate: $0.candidate, difference: $0.estimate,
                    standardised: 0, rise: 0, fall: 0)
            },
            threshold: nil, pValue: nil, alarmStep: nil, onsetStep: nil, direction: .none, magnitude: nil, note: note)
    }

    private func mean(_ values: ArraySlice<Double>) -> Double { values.reduce(0, +) / Double(values.count) }
}
