import AssayCore
import AssayMetrics
import AssayStatistics
import Foundation

/// Statistics at the size of a night: verdicts over a million paired responses, sign flips, and a bootstrap over arms.
enum VerdictBenchmark {
    static func run(_ session: Session) throws {
        if session.options.wants("verdict-signflip") { signFlip(session) }
        if session.options.wants("verdict-bootstrap") { bootstrap(session) }
        if session.options.wants("verdict-pairs") { try pairs(session) }
    }

    /// Seconds for 10,000 random swaps of 1,000 clusters, the random signs made anew.
    private static func signFlip(_ session: Session) {
        var random = CounterRandom(domain: "bench/sign-flip", index: 0)
        let differences = (0..<1_000).map { _ in random.normal() }
        var p = 0.0
        let times = repeated(budget: 1, repeats: 5...100) { p = SignFlip.test(differences: differences).pValue }
        add(session, "verdict-signflip", median(times), String(format: "10,000 draws, 1,000 clusters, p %.3f", p))
    }

    /// Seconds for the validity of 45 proxies over 30 arms, 10,000 samples each.
    private static func bootstrap(_ session: Session) {
        var random = CounterRandom(domain: "bench/bootstrap", index: 0)
        let target = (0..<30).map { _ in random.normal() }
        let proxies = (0..<45).map { index in
            ProxyColumn(name: "proxy \(index)", values: target.map { $0 + random.normal() })
        }
        let study = ProxyStudy(
            target: ProxyColumn(name: "target", values: target), proxies: proxies, cluster: (0..<30).map { "arm \($0)" }
        )
        var ranking = 0
        let time = seconds { ranking = study.validities().count { $0.use == .ranks } }
        add(session, "verdict-bootstrap", time, "30 arms, 45 metrics, 10,000 samples; \(ranking) rank")
    }

    /// Seconds for verdicts over 1 million paired responses and 30 metrics: those of five tasks, scaled to 30 million pairs of
    /// values.
    private static func pairs(_ session: Session) throws {
        let perTask = session.options.isQuick ? 20_000 : 200_000
        let sides = [0.80, 0.79].enumerated().map { index, share in
            (0..<5).map { cell("task-\($0)", items: perTask, share: share, key: UInt64(100 * index + $0)) }
        }
        var results: [AssayMetrics.ComparisonResult] = []
        let time = try seconds { results = try compare(baseline: [sides[0]], candidate: [sides[1]]) }
        let values = results.reduce(0) { $0 + $1.pairs }
        let share = Double(values) / Double(5 * perTask)
        add(
            session, "verdict-pairs", time * 30_000_000 / Double(values),
            String(
                format: "scaled from %d results, %.1f metrics a response, in %.2f s", results.count, share, time))
    }

    /// Answers with sets, hops and likelihoods, 100 to a cluster.
    private static func cell(_ task: String, items: Int, share: Double, key: UInt64) -> CellData {
        var random = CounterRandom(key: key, index: 7)
        let scored = (0..<items).map { index -> ScoredItem in
            let id = ItemID(cluster: index / 100, sequence: 0, question: index % 100)
            let isRight = random.chance(share)
            return ScoredItem(
                item: ItemRecord(
                    id: id, hops: 1 + index % 4, facts: 8, length: 64, distance: index % 50, load: 8, position: 0.5,
                    contentBits: UInt64(index)),
                response: ResponseRecord(
                    item: id, status: .graded, score: isRight ? 1 : random.unit() * 0.5, nll: random.unit() + 0.1,
                    detail: ["precision": isRight ? 1 : 0.5, "recall": isRight ? 1 : 0.5, "exact": isRight ? 1 : 0]))
        }
        return CellData(
            task: task, generator: task, family: .retrieval, condition: .recurrent, floor: 0, stateBytes: 1_024,
            items: scored)
    }

    private static func add(_ session: Session, _ name: String, _ time: Double, _ note: String) {
        session.add(
            BenchmarkRow(
                case: name, width: nil, length: nil, threads: 1, ours: time, peer: nil, shareOfPeak: nil, unit: "s",
                note: note))
    }
}
