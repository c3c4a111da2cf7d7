import AssayCore
import AssayStatistics
import Testing

@testable import AssayMetrics

@Suite struct SpendingTests {
    private let clusters = [12, 24, 36, 48]

    private func options(_ method: SpendingMethod = .obrienFleming, metrics: [String] = []) -> ComparisonOptions {
        ComparisonOptions(
            margins: .init(accuracy: 0.02, nll: 0.02), draws: 500,
            spending: SpendingOptions(method: method, looks: 4, metrics: metrics))
    }

    private func sides(_ first: Double, _ second: Double, key: UInt64, _ repetition: Int = 0) -> (CellData, CellData) {
        var random = CounterRandom(key: key, index: UInt64(repetition))
        return (
            .made(answers(clusters: 48, questions: 4, first, &random)),
            .made(answers(clusters: 48, questions: 4, second, &random))
        )
    }

    /// The first clusters of a cell, as they stand at a look.
    private func at(_ look: Int, _ cell: CellData) -> CellData {
        var cell = cell
        cell.items = cell.items.filter { $0.item.id.cluster < clusters[look] }
        cell.spending = CellSpending(clusters: clusters, look: look)
        return cell
    }

    /// Looks until everything is decided: the look at the end and the results.
    private func course(
        _ sides: (CellData, CellData), _ options: ComparisonOptions
    ) throws -> (look: Int, results: [ComparisonResult]) {
        var results: [ComparisonResult] = []
        for look in clusters.indices {
            let pair = (baseline: [at(look, sides.0)], candidate: [at(look, sides.1)])
            let review = try SpendingReview(
                [(baseline: [pair.baseline], candidate: [pair.candidate])], options: options)
            results = review.results(among: review.count, options: options)
            if review.count > 0, results.allSatisfy({ $0.verdict != .undecided }) { return (look, results) }
        }
        return (clusters.count - 1, results)
    }

    @Test func aLargeLossIsDecidedEarlyAndTheReportSaysTheSame() throws {
        let sides = sides(0.9, 0.2, key: 301)
        let (look, results) = try course(sides, options())
        #expect(look < 2 && Set(results.map(\.metric)) == ["accuracy", "nll"])
        #expect(results.allSatisfy { $0.verdict == .regression && $0.isPrimary })
        let report = try compare(baseline: [[at(look, sides.0)]], candidate: [[at(look, sides.1)]], options: options())
        for result in results {
            let final = try #require(report.result(result.metric))
            #expect(final.verdict == .regression && final.pValue == result.pValue && final.low == result.low)
            #expect(final.note?.contains("stopped at look \(look + 1) of 4") == true)
        }
        // Looks cost: the same items without them have a smaller p and a narrower interval.
        let fixed = try compare(
            baseline: [[at(look, sides.0)]], candidate: [[at(look, sides.1)]], options: ComparisonOptions(draws: 500))
        let (paid, unpaid) = (report.result("accuracy"), fixed.result("accuracy"))
        #expect((paid?.high ?? 0) > (unpaid?.high ?? 0) && paid?.estimate == unpaid?.estimate)
        #expect(unpaid?.note?.contains("look") != true)
    }

    @Test func falseAlarmsOfTheWholeCourseAreWithinTheirNominalRate() throws {
        for method in SpendingMethod.allCases {
            var alarms = 0
            let repeats = 300
            for repetition in 0..<repeats {
                let (_, results) = try course(sides(0.75, 0.75, key: 302, repetition), options(method))
                if results.contains(where: { $0.verdict == .regression || $0.verdict == .improvement }) { alarms += 1 }
            }
            // Holm over both metrics holds the chance of any alarm.
            let bound = 0.05 + 2 * (0.05 * 0.95 / Double(repeats)).squareRoot()
            #expect(Double(alarms) / Double(repeats) <= bound, "\(method): \(alarms) of \(repeats)")
        }
    }

    @Test func onlyDeclaredMetricsAreDrawnFor() throws {
        var (a, b) = sides(0.9, 0.2, key: 303)
        // The likelihoods of both sides are alike, so that nothing but the accuracy can be decided.
        for index in a.items.indices {
            a.items[index].response.nll = Double(index % 7)
            b.items[index].response.nll = Double((index * 3) % 7)
        }
        #expect(try course((a, b), options()).look == 3)
        let declared = try course((a, b), options(metrics: ["accuracy"]))
        #expect(declared.look < 3 && declared.results.map(\.metric) == ["accuracy"])
    }

    @Test func tasksOfAMetricAreLookedAtTogether() throws {
        let sides = [2, 4].map { (hops: Int) -> (CellData, CellData) in
            var random = CounterRandom(key: 304, index: UInt64(hops))
            func cell(_ share: Double) -> CellData {
                .made(
                    "hops-\(hops)", generator: "hops",
                    answers(clusters: 48, questions: 2, share, &random).map {
                        var asked = $0
                        asked.hops = hops
                        return asked
                    })
            }
            return (cell(0.9), cell(0.85))
        }
        let results = try compare(
            baseline: [sides.map { at(1, $0.0) }], candidate: [sides.map { at(1, $0.1) }], options: options())
        let decay = try #require(results.first { $0.metric == "hop-decay" })
        let fixed = try compare(
            baseline: [sides.map { at(1, $0.0) }], candidate: [sides.map { at(1, $0.1) }],
            options: ComparisonOptions(draws: 500)
        ).first { $0.metric == "hop-decay" }
        #expect((decay.pValue ?? 0) >= (fixed?.pValue ?? 1) && (decay.high ?? 0) > (fixed?.high ?? 0))
        // Portions that brought nothing new are no looks of their own.
        let group = CellGroup(
            label: "hops",
            cells: try sides.map { pair in
                var cell = at(2, pair.0)
                cell.spending = CellSpending(clusters: [12, 12, 36, 36], look: 3)
                return try PreparedCell(cell)
            })
        let look = try #require(group.look(options()))
        #expect(look.fractions == [1.0 / 3, 1] && look.isLast)
    }

    @Test func seedsPayForTheirLooksToo() throws {
        let pairs = (0..<5).map { sides(0.9, 0.3, key: 305, $0) }
        func results(_ options: ComparisonOptions) throws -> ComparisonResult? {
            try compare(
                baseline: pairs.map { [at(1, $0.0)] }, candidate: pairs.map { [at(1, $0.1)] }, options: options
            ).result("accuracy")
        }
        let (paid, unpaid) = (try results(options()), try results(ComparisonOptions(draws: 500)))
        #expect(paid?.unit == .seeds && (paid?.pValue ?? 0) > (unpaid?.pValue ?? 1))
        #expect((paid?.high ?? -1) > (unpaid?.high ?? 0))
    }
}
