import AssayMetrics
import AssayStatistics

/// The verdicts on the primary metrics as JUnit XML: a regression is a failure, what is undecided is skipped with the
/// reason, and a run that failed is an error.
///
/// Format: the schema of the Jenkins xUnit plug-in, which CI systems read.
public struct JUnitReport {
    private struct Suite {
        let name: String
        var cases: [Case]
    }

    private struct Case {
        let group: String
        let name: String
        let outcome: Outcome
    }

    private enum Outcome {
        case passed
        case failed(type: String, message: String)
        case skipped(String)
        case error(String)
    }

    private let name: String
    private var suites: [Suite]

    /// The verdicts of a batch, a suite for each arm in the order of the batch.
    init(_ report: BatchReport) {
        name = report.batch.name
        suites = report.comparisons.map { comparison in
            Suite(
                name: "\(comparison.candidate) against \(comparison.baseline)",
                cases: JUnitReport.cases(
                    comparison.results.filter(\.isPrimary), baseline: comparison.baseline,
                    candidate: comparison.candidate, alpha: comparison.options.alpha))
        }
        guard !report.failures.isEmpty else { return }
        let failures = report.failures.map {
            Case(group: $0.arm, name: "training with seed \($0.seed)", outcome: .error($0.reason))
        }
        suites.append(Suite(name: "training", cases: failures))
    }

    /// The verdicts of one comparison, which need not be in a store.
    public init(_ results: [ComparisonResult], baseline: String, candidate: String, alpha: Double) {
        name = "\(candidate) against \(baseline)"
        suites = [
            Suite(
                name: name,
                cases: JUnitReport.cases(results, baseline: baseline, candidate: candidate, alpha: alpha))
        ]
    }

    private static func cases(
        _ results: [ComparisonResult], baseline: String, candidate: String, alpha: Double
    ) -> [Case] {
        results.map { result in
            let verdict = RankedVerdict(arm: candidate, control: baseline, result: result, level: 1 - alpha)
            let outcome: Outcome =
                switch result.verdict {
                case .regression: .failed(type: result.verdict.title, message: verdict.sentence)
                case .undecided: .skipped(verdict.note.isEmpty ? "the data do not tell" : verdict.note)
                case .noRegression, .improvement: .passed
                }
            return Case(
                group: "\(candidate).\(result.metric)", name: "\(result.metric) \(verdict.place)", outcome: outcome)
        }
    }

    /// The file.
    public func text() -> String {
        let all = suites.flatMap(\.cases)
        let body = suites.map { suite in
            Markup.element("testsuite", [("name", suite.name)] + counts(suite.cases), suite.cases.map(element))
        }
        let root = Markup.element("testsuites", [("name", name)] + counts(all), body)
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + root.source + "\n"
    }

    private func counts(_ cases: [Case]) -> [Markup.Attribute] {
        var (failures, skipped, errors) = (0, 0, 0)
        for one in cases {
            switch one.outcome {
            case .passed: break
            case .failed: failures += 1
            case .skipped: skipped += 1
            case .error: errors += 1
            }
        }
        return [
            ("tests", String(cases.count)), ("failures", String(failures)), ("errors", String(errors)),
            ("skipped", String(skipped)),
        ]
    }

    private func element(_ one: Case) -> Markup {
        let content: [Markup] =
            switch one.outcome {
            case .passed: []
            case .failed(let type, let message):
                [.element("failure", [("type", type), ("message", message)], message)]
            case .skipped(let reason): [.element("skipped", [("message", reason)])]
            case .error(let reason): [.element("error", [("type", "training"), ("message", reason)], reason)]
            }
        return .element("testcase", [("classname", one.group), ("name", one.name)], content)
    }
}
