import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct ContrastTests {
    private let subject = MetricSubject(metric: "accuracy", task: "recall", condition: "parallel")

    private func cells(_ share: Double, seed: UInt64, clusters: Int = 60, path: KernelPath = .parallel) -> [CellData] {
        var random = CounterRandom(key: seed, index: 0)
        return [.made(path: path, answers(clusters: clusters, questions: 3, share, &random))]
    }

    private func side(_ shares: [Double], seed: UInt64 = 1) -> ContrastSide {
        ContrastSide(
            cells: shares.enumerated().map { cells($1, seed: seed &+ UInt64($0) &* 100) }, subject: subject)
    }

    @Test("one side of one seed is the metric with its interval, as measured")
    func single() throws {
        let cells = cells(0.7, seed: 3)
        let contrast = try Contrast(ContrastSide(cells: [cells], subject: subject))
        let measured = try #require(try measure(cells).value("accuracy"))
        let interval = try #require(contrast.interval(level: 0.95))
        #expect(contrast.value == measured.value)
        #expect(abs(interval.low - (measured.low ?? 0)) < 1e-12 && abs(interval.high - (measured.high ?? 0)) < 1e-12)
    }

    @Test("a difference of two arms has the paired standard error of a comparison")
    func paired() throws {
        let (a, b) = (cells(0.5, seed: 4), cells(0.8, seed: 5))
        let contrast = try Contrast(
            ContrastSide(cells: [b], subject: subject), ContrastSide(cells: [a], subject: subject))
        let compared = try #require(try compare(baseline: [a], candidate: [b]).result("accuracy"))
        let interval = try #require(contrast.interval(level: 0.95))
        #expect(abs(contrast.value - (compared.estimate ?? 0)) < 1e-12)
        #expect(abs(interval.low - (compared.low ?? 0)) < 1e-9 && abs(interval.high - (compared.high ?? 0)) < 1e-9)
    }

    @Test("sides that share their answers differ by nothing, and shared noise cancels in a change of changes")
    func sharedItems() throws {
        let noisy = cells(0.5, seed: 6)
        var better = noisy
        for index in better[0].items.indices where index % 10 == 0 { better[0].items[index].response.score = 1 }
        let contrast = try Contrast(
            ContrastSide(cells: [better], subject: subject), ContrastSide(cells: [noisy], subject: subject))
        let interval = try #require(contrast.interval(level: 0.95))
        // Each of 180 items alone has a standard error of 0.037; what is shared is gone.
        #expect(interval.high - interval.low < 0.08 && contrast.value > 0)
        let same = try Contrast(
            ContrastSide(cells: [noisy], subject: subject), ContrastSide(cells: [noisy], subject: subject))
        #expect(same.value == 0 && same.interval(level: 0.95) == nil)
    }

    @Test("a change between conditions is taken of each checkpoint")
    func changes() throws {
        func both(_ parallel: Double, _ recurrent: Double, seed: UInt64) -> [CellData] {
            cells(parallel, seed: seed) + cells(recurrent, seed: seed, path: .recurrent)
        }
        var recurrent = subject
        recurrent.condition = "recurrent"
        let (hurt, safe) = (both(0.9, 0.3, seed: 7), both(0.9, 0.9, seed: 8))
        let contrast = try Contrast(
            ContrastSide(cells: [hurt], subject: recurrent, reference: subject),
            ContrastSide(cells: [safe], subject: recurrent, reference: subject))
        let direct = try [(hurt, 1.0), (safe, -1.0)].reduce(0.0) { sum, arm in
            let values = try measure(arm.0).filter { $0.metric == "accuracy" && $0.slice == "all" }
            let by = Dictionary(uniqueKeysWithValues: values.map { ($0.condition, $0.value ?? 0) })
            return sum + arm.1 * ((by["recurrent"] ?? 0) - (by["parallel"] ?? 0))
        }
        #expect(abs(contrast.value - direct) < 1e-12)
        let interval = try #require(contrast.interval(level: 0.95))
        #expect(interval.high < -0.3)
    }

    @Test("ratios, their interval by the delta method")
    func ratios() throws {
        let (a, b) = (side([0.8], seed: 21), side([0.4], seed: 22))
        let contrast = try Contrast(a, b, kind: .ratio)
        let (x, y) = (contrast.first[0], contrast.second[0])
        #expect(abs(contrast.value - x / y) < 1e-12)
        let interval = try #require(contrast.interval(level: 0.95))
        // 180 answers in 60 clusters of independent answers on either side.
        let error = x / y * ((1 - x) / (180 * x) + (1 - y) / (180 * y)).squareRoot()
        #expect(abs((interval.high - interval.low) / (2 * 2.0 * error) - 1) < 0.3)
    }

    @Test("ratios of several seeds: the geometric mean, and an interval that is the other ratio's turned over")
    func ratiosOfSeeds() throws {
        let (a, b) = (side([0.8, 0.6, 0.9], seed: 21), side([0.1, 0.5, 0.3], seed: 22))
        let (there, back) = (try Contrast(a, b, kind: .ratio), try Contrast(b, a, kind: .ratio))
        let product = zip(there.first, there.second).reduce(1) { $0 * $1.0 / $1.1 }
        #expect(there.isLogarithmic && abs(there.value - pow(product, 1.0 / 3)) < 1e-12)
        #expect(abs(there.value - there.summary(there.first) / there.summary(there.second)) < 1e-12)
        let interval = try #require(there.interval(level: 0.95))
        let inverse = try #require(back.interval(level: 0.95))
        #expect(interval.low > 0 && interval.high > interval.low && abs(there.value * back.value - 1) < 1e-12)
        #expect(abs(interval.low * inverse.high - 1) < 1e-9 && abs(interval.high * inverse.low - 1) < 1e-9)
        // Student's interval over three seeds: 4.303 standard errors of the mean logarithm.
        let logs = there.seeds.map { log($0) }
        let mean = logs.reduce(0, +) / 3
        let half = 4.302653 * (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 6).squareRoot()
        #expect(abs(log(interval.high) - mean - half) < 1e-5)
        // What is zero has no logarithm.
        let none = try Contrast(side([0, 0, 0], seed: 23), b, kind: .ratio)
        #expect(!none.isLogarithmic && none.value == 0)
    }

    @Test("several seeds: the mean, and an interval that knows how far seeds lie apart")
    func seeds() throws {
        let spread = try Contrast(side([0.2, 0.9, 0.9]))
        #expect(spread.seeds.count == 3)
        #expect(abs(spread.value - spread.seeds.reduce(0, +) / 3) < 1e-12)
        let wide = try #require(spread.interval(level: 0.95))
        #expect(wide.high - wide.low > 1)
        let alike = try Contrast(side([0.9, 0.9, 0.9]))
        let narrow = try #require(alike.interval(level: 0.95))
        #expect(narrow.high - narrow.low < 0.25)
        // Seeds that agree to the last item leave the items' own uncertainty.
        let perfect = try Contrast(side([1, 1, 1]))
        let certain = try #require(perfect.interval(level: 0.95))
        #expect(certain.high == 1 && certain.low > 0.9 && certain.low < 1)
    }

    @Test("the best seed is judged as strictly as all of them together")
    func best() throws {
        let side = side([0.5, 0.7, 0.6])
        let best = try Contrast(bestOf: side)
        #expect(best.value == best.first.max() && best.first.count == 3)
        let place = try #require(best.first.firstIndex(of: best.value))
        let alone = try Contrast(ContrastSide(cells: [side.cells[place]], subject: subject))
        let (strict, plain) = (try #require(best.interval(level: 0.95)), try #require(alone.interval(level: 0.95)))
        #expect(strict.low < plain.low && strict.high > plain.high)
        let thirds = try #require(alone.interval(level: 1 - 0.05 / 3))
        #expect(abs(strict.low - thirds.low) < 1e-12)
    }

    @Test("items without a grade widen the interval by the worst they could be")
    func lost() throws {
        var broken = cells(0.5, seed: 9)
        for index in 0..<18 { broken[0].items[index].response.status = .error }
        let contrast = try Contrast(ContrastSide(cells: [broken], subject: subject))
        let interval = try #require(contrast.interval(level: 0.95))
        #expect(contrast.lost == 18)
        let whole = try #require(
            try Contrast(ContrastSide(cells: [cells(0.5, seed: 9)], subject: subject)).interval(level: 0.95))
        #expect(interval.high - interval.low > whole.high - whole.low + 0.08)
        let difference = try Contrast(
            ContrastSide(cells: [broken], subject: subject), side([0.5], seed: 77))
        let wide = try #require(difference.interval(level: 0.95))
        #expect(wide.high - wide.low > 0.2)
        // A ratio has no worst: the seeds must not speak for answers that are not there.
        let seeds = ContrastSide(cells: [broken, cells(0.7, seed: 10)], subject: subject)
        let ratio = try Contrast(seeds, side([0.5, 0.6], seed: 77), kind: .ratio)
        #expect(ratio.lost == 18 && ratio.interval(level: 0.95) == nil)
    }

    @Test("what was not measured is refused with what was")
    func errors() throws {
        let cells = [cells(0.5, seed: 1)]
        func failure(_ change: (inout MetricSubject) -> Void) -> AssayError? {
            var subject = subject
            change(&subject)
            do {
                _ = try Contrast(ContrastSide(cells: cells, subject: subject))
                return nil
            } catch { return error as? AssayError }
        }
        #expect(failure { $0.metric = "acuracy" }?.remedy == "Did you mean 'accuracy'?")
        #expect(failure { $0.task = "recal" }?.remedy == "Did you mean 'recall'?")
        #expect(failure { $0.condition = "recurrent" }?.remedy == "It was under parallel")
        #expect(failure { $0.slice = "load=8" }?.problem.contains("no slice 'load=8'") == true)
        #expect(failure { $0.metric = "state-bytes" }?.remedy == "It has no interval to decide by")
        #expect(failure { _ in } == nil)
        #expect(throws: AssayError.self) { try Contrast(ContrastSide(cells: [], subject: subject)) }
        #expect(throws: AssayError.self) { try Contrast(side([0.5, 0.5]), side([0.5])) }
    }

    @Test("the interval of a difference covers the truth as often as it says")
    func coverage() throws {
        var covered = 0
        for run in 0..<300 {
            let seed = UInt64(1_000 + 10 * run)
            let contrast = try Contrast(
                ContrastSide(cells: [cells(0.7, seed: seed, clusters: 40)], subject: subject),
                ContrastSide(cells: [cells(0.6, seed: seed + 1, clusters: 40)], subject: subject))
            let interval = try #require(contrast.interval(level: 0.9))
            if interval.low <= 0.1, interval.high >= 0.1 { covered += 1 }
        }
        // 270 of 300 expected, standard deviation 5.2.
        #expect((252...288).contains(covered), "\(covered)")
    }
}

@Suite struct ReplicationRuleTests {
    private func contrast(_ shares: [Double]) throws -> Contrast {
        let subject = MetricSubject(metric: "accuracy", task: "recall", condition: "parallel")
        return try Contrast(
            ContrastSide(
                cells: shares.enumerated().map { number, share in
                    var random = CounterRandom(key: UInt64(500 + number), index: 0)
                    return [.made(answers(clusters: 100, questions: 4, share, &random))]
                }, subject: subject))
    }

    @Test("inside, outside and across the bound give the three verdicts")
    func verdicts() throws {
        let half = try contrast([0.5])
        func verdict(_ bound: ReplicationBound) -> ReplicationVerdict {
            ReplicationRule.decide(half, bound, checks: 1).verdict
        }
        #expect(verdict(.above(0.3)) == .replicated && verdict(.above(0.7)) == .notReplicated)
        #expect(verdict(.below(0.7)) == .replicated && verdict(.below(0.3)) == .notReplicated)
        #expect(verdict(.within(0.7)) == .replicated && verdict(.within(0.3)) == .notReplicated)
        for bound in [ReplicationBound.above(0.5), .below(0.5), .within(0.5)] { #expect(verdict(bound) == .undecided) }
        #expect(ReplicationRule.decide(half, .above(0.5), checks: 1).reason == "the interval spans the bound")
    }

    @Test("one disagreement among many checks must be beyond the chance of so many")
    func manyChecks() throws {
        let half = try contrast([0.5])
        let interval = try #require(half.interval(level: 0.95))
        let bound = ReplicationBound.above(interval.high + 0.005)
        #expect(ReplicationRule.decide(half, bound, checks: 1).verdict == .notReplicated)
        let among = ReplicationRule.decide(half, bound, checks: 20)
        #expect(among.verdict == .undecided && among.reason?.contains("20 checks") == true)
        // Agreement needs no such care: all checks must agree.
        let low = ReplicationBound.above(interval.low - 0.005)
        #expect(ReplicationRule.decide(half, low, checks: 20).verdict == .replicated)
    }

    @Test("a finding holds when all its checks do, fails when one fails")
    func conjunction() {
        let (yes, no, open) = (
            ReplicationVerdict.replicated, ReplicationVerdict.notReplicated, ReplicationVerdict.undecided
        )
        #expect(ReplicationRule.conjunction([yes, yes]) == yes)
        #expect(ReplicationRule.conjunction([yes, open]) == open)
        #expect(ReplicationRule.conjunction([open, no, yes]) == no)
        #expect(ReplicationRule.conjunction([]) == open)
    }
}
