import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

/// The self-check, held against simulations whose truth is known.
@Suite struct CalibrationTests {
    private static let options = ComparisonOptions(draws: 499)

    /// A task with a template effect: the clusters differ in difficulty, and each has questions of one and of two hops, with
    /// the single hops of the latter as twins.
    private static func task(_ level: Double, clusters: Int = 40, key: UInt64) -> CellData {
        var random = CounterRandom(key: key, index: 0)
        let asked = (0..<clusters).flatMap { cluster -> [Asked] in
            let share = min(1, max(0, level + 0.15 * random.normal()))
            func one(_ question: Int, sequence: Int = 0, hops: Int, parent: ItemID? = nil) -> Asked {
                let isRight = random.chance(hops == 2 ? share * share : share)
                return Asked(
                    cluster: cluster, sequence: sequence, question: question, hops: hops, parent: parent,
                    score: isRight ? 1 : 0, nll: max(0, (isRight ? 0.3 : 2) + 0.2 * random.normal()))
            }
            // In another order in every cluster, as generators have it; but the same items for every checkpoint.
            var hops = [1, 1, 2, 2]
            var order = CounterRandom(domain: "items", index: UInt64(cluster))
            order.shuffle(&hops)
            let main = hops.enumerated().map { one($0.offset, hops: $0.element) }
            let twins = main.filter { $0.hops == 2 }.flatMap { parent in
                (0..<2).map { one(2 * parent.question + $0, sequence: 1, hops: 1, parent: parent.id) }
            }
            return main + twins
        }
        return .made("chain", family: .multiHop, floor: 0.05, asked)
    }

    @Test func `halves are one checkpoint on other items, each held against one of its kind`() throws {
        let cell = Self.task(0.8, key: 1)
        let pair = NullPair.halves([cell], draw: 3)
        let (first, second) = (pair.baseline[0].items, pair.candidate[0].items)
        #expect(Set(first.map(\.item.id.cluster)).count == 20)
        #expect(first.map(\.item) == second.map(\.item) && first.map(\.item.id) == first.map(\.item.id).sorted())
        // Every response of the checkpoint once: on the items of one half here, of the other half there.
        let responses = Dictionary(grouping: cell.items, by: \.item.hops).mapValues { $0.map(\.response.nll) }
        for (hops, all) in responses {
            let used = (first + second).filter { $0.item.hops == hops }.map(\.response.nll)
            #expect(Set(used) == Set(all) && used.count == all.count)
        }
        #expect(zip(first, second).allSatisfy { $0.response.item == $1.response.item })
        #expect(NullPair.halves([cell], draw: 3).candidate == pair.candidate)
        #expect(NullPair.halves([cell], draw: 4).candidate != pair.candidate)
    }

    @Test func `exchanged sides keep every response and treat a cluster alike under all conditions`() throws {
        var sides = [Self.task(0.9, key: 1), Self.task(0.5, key: 2)]
        sides[1].stateBytes *= 2
        var decoded = sides
        for index in decoded.indices { decoded[index].condition = .recurrent }
        let pair = NullPair.exchanged([sides[0], decoded[0]], [sides[1], decoded[1]], draw: 7)
        var swapped: Set<Int> = []
        for (place, item) in pair.baseline[0].items.enumerated() {
            let (own, other) = (sides[0].items[place].response, sides[1].items[place].response)
            #expect(item.response == own || item.response == other)
            #expect((pair.candidate[0].items[place].response == own) == (item.response == other))
            #expect(pair.baseline[1].items[place].response == item.response)
            if own != other, item.response == other { swapped.insert(item.item.id.cluster) }
        }
        #expect((8...32).contains(swapped.count))
        #expect(pair.candidate.map(\.stateBytes) == pair.baseline.map(\.stateBytes))
        #expect(
            swapped.allSatisfy { cluster in
                pair.baseline[0].items.indices.filter { sides[0].items[$0].item.id.cluster == cluster }
                    .allSatisfy { pair.baseline[0].items[$0].response == sides[1].items[$0].response }
            })
    }

    @Test(arguments: NullKind.allCases)
    func `false alarms over two hundred repeats are as rare as stated`(null: NullKind) throws {
        let (one, other) = (Self.task(0.8, key: 11), Self.task(0.55, key: 12))
        let results = try (0..<200).map { draw in
            let pair =
                null == .halves
                ? NullPair.halves([one], draw: draw) : NullPair.exchanged([one], [other], draw: draw)
            return try compare(baseline: [pair.baseline], candidate: [pair.candidate], options: Self.options)
        }
        let alarms = FalseAlarms(null: null, alpha: 0.05, results: results)
        #expect(alarms.repeats == 200 && alarms.limit(200) == 16, "SciPy: binom.ppf(.975, 200, .05) is 16")
        #expect(alarms.isWithinBounds, "\(alarms.alarmed) of 200 reports")
        #expect(alarms.alarmedPrimary <= alarms.alarmed)
        // Of some rows, one beyond its bound by chance is none too many; all of them far beyond would be.
        #expect(alarms.beyond.count { $0.isPrimary } <= 1, "\(alarms.beyond)")
        let accuracy = try #require(alarms.rows.first { $0.metric == "accuracy" && $0.slice == "all" })
        #expect(accuracy.repeats == 200 && accuracy.isPrimary && (1...21).contains(accuracy.rejected))
    }

    @Test func `alarms that are too frequent are called so`() throws {
        func result(p: Double) -> AssayMetrics.ComparisonResult {
            AssayMetrics.ComparisonResult(
                metric: "accuracy", task: "t", condition: "parallel", slice: "all", estimate: -0.1,
                low: p < 0.05 ? -0.2 : -1,
                high: p < 0.05 ? -0.01 : 1, pValue: p, adjustedPValue: p, pairs: 10, clusters: 10,
                verdict: p < 0.05 ? .regression : .undecided, isPrimary: true, direction: .higherIsBetter)
        }
        let often = FalseAlarms(
            null: .halves, alpha: 0.05, results: (0..<200).map { [result(p: $0 < 17 ? 0.01 : 0.5)] })
        #expect(!often.isWithinBounds && often.beyond.count == 1 && often.alarmed == 17)
        #expect((often.interval?.low ?? 0) > 0.05 - 0.01 && (often.interval?.high ?? 0) < 0.14)
        let rare = FalseAlarms(null: .halves, alpha: 0.05, results: (0..<200).map { [result(p: $0 < 16 ? 0.01 : 0.5)] })
        #expect(rare.isWithinBounds && rare.beyond.isEmpty)
        #expect(FalseAlarms(null: .halves, alpha: 0.05, results: []).interval == nil)
    }

    @Test func `a planted loss has its size`() throws {
        let cell = Self.task(0.8, clusters: 400, key: 21)
        let right = try #require(try PlantedLoss(.accuracy, size: 0.1).right(in: cell))
        let damaged = PlantedLoss(.accuracy, size: 0.1).planted(in: cell, draw: 1)
        let left = try #require(try PlantedLoss(.accuracy, size: 0.1).right(in: damaged))
        // 1,600 questions, of which each right one is lost with the same chance.
        let chance = 0.1 / right
        #expect(abs(right - left - 0.1) < 4 * (right * chance * (1 - chance) / 1_600).squareRoot())
        #expect(zip(cell.items, damaged.items).allSatisfy { $0.item.parent == nil || $0 == $1 })
        #expect(zip(cell.items, damaged.items).allSatisfy { ($0.response.score ?? 0) >= ($1.response.score ?? 0) })
        let slower = PlantedLoss(.nll, size: 0.25).planted(in: cell, draw: 1)
        #expect(
            zip(cell.items, slower.items).allSatisfy {
                abs(($1.response.nll ?? 0) - ($0.response.nll ?? 0) - ($0.item.parent == nil ? 0.25 : 0)) < 1e-12
            })
        #expect(PlantedLoss(.success, size: 0.5).planted(in: cell, draw: 1) == cell)
    }

    @Test(arguments: [PlantedLoss.Metric.accuracy, .nll])
    func `losses of one minimum detectable effect are found in four of five repeats`(
        metric: PlantedLoss.Metric
    ) throws {
        let (one, other) = (Self.task(0.8, clusters: 60, key: 31), Self.task(0.75, clusters: 60, key: 32))
        let study = try #require(PowerStudy(one, other, metric: metric, options: Self.options))
        let loss = try #require(try study.detectableLoss())
        func power(_ factor: Double) throws -> PlantedPower {
            study.power(
                factor: factor, loss: loss,
                results: try (0..<200).map { try study.result(loss: factor * loss, draw: $0) })
        }
        let single = try power(1)
        #expect(single.repeats == 200 && abs(single.stated / single.size - 1) < 0.1, "\(single)")
        // Four standard errors of a share of .8 among 200 are .11; right answers come in steps, which cost some power more.
        #expect(abs(single.power - 0.8) < 0.15, "\(single.power)")
        #expect(try power(0).power < 0.1)
        #expect(try power(2).power > 0.99)
        #expect(PowerStudy(one, other, metric: .success, options: Self.options) == nil)
    }

    @Test func `nothing is planted where there is nothing to lose`() throws {
        let (one, other) = (Self.task(0.05, key: 41), Self.task(0.02, key: 42))
        let study = try #require(PowerStudy(one, other, metric: .accuracy, options: Self.options))
        #expect(try study.detectableLoss() == nil)
        let same = try #require(PowerStudy(one, one, metric: .nll, options: Self.options))
        #expect(try same.detectableLoss() == nil)
    }

    @Test func `drift is noticed the sooner the larger it is, and seldom where there is none`() throws {
        let (one, other) = (Self.task(0.8, clusters: 60, key: 51), Self.task(0.75, clusters: 60, key: 52))
        let study = try #require(PowerStudy(one, other, metric: .nll, options: Self.options))
        let loss = try #require(try study.detectableLoss())
        func results(_ factor: Double) throws -> [AssayMetrics.ComparisonResult] {
            try (0..<100).compactMap { try study.result(loss: factor * loss, draw: $0) }
        }
        let watch = DelayStudy(healthy: try results(0), falseAlarms: 0.05)
        let healthy = try #require(watch.delay(factor: 0, damaged: []))
        // The detector's own rate is held in DetectorRatesTests. These series repeat 100 pairs, whose spread is that of their
        // standard errors to 7 % only; noise 7 % too wide raises 8.6 % of alarms instead of 5 %, noise 10 % too wide 10 %.
        #expect(Double(healthy.falseAlarms) / 1_000 < 0.11, "\(healthy)")
        let delays = try [0.5, 1, 2].map { try #require(watch.delay(factor: $0, damaged: try results($0))) }
        #expect(delays.map(\.found) == delays.map(\.found).sorted() && delays[2].found > 900, "\(delays)")
        let medians = delays.compactMap(\.median)
        #expect(medians == medians.sorted(by: >) && medians[2] <= 3)
        #expect(watch.delay(factor: 1, damaged: []) == nil)
    }

    @Test func `a calibration counts by fault and metric, and reads back`() throws {
        let (good, bad) = (Self.task(0.9, key: 61), Self.task(0.4, key: 62))
        let results = try compare(baseline: [[good]], candidate: [[bad]]).filter { $0.slice == "all" }
        var calibration = Calibration(control: "full", repeats: 200, alpha: 0.05)
        calibration.faults = results.map {
            FaultOutcome(arm: "full", fault: .layer, detail: "drop=1", result: $0)
        }
        let shift = CovariateShift(
            covariate: .load, reference: 8, candidate: 12, statistic: 1, pValue: 0.001, adjustedPValue: 0.002)
        calibration.faults.append(
            FaultOutcome(arm: "full", fault: .generator, detail: "more", task: "chain", shift: shift, alpha: 0.05))
        let planted = calibration.planted
        #expect(planted.map(\.fault) == [.layer, .generator])
        let matrices = calibration.matrices
        #expect(matrices.count == 2 && matrices[0].metrics.first == "accuracy" && matrices[0].planted == [planted[0]])
        #expect(matrices[1].metrics == ["task-set:load"] && matrices[1].planted == [planted[1]])
        let accuracy = try #require(calibration.count(planted[0], "accuracy"))
        #expect(accuracy.fired == 1 && accuracy.judged == 1)
        #expect(calibration.count(planted[1], "accuracy") == nil)
        #expect(calibration.count(planted[1], "task-set:load")?.fired == 1)
        let losses = calibration.detectableFound
        #expect(losses.found >= 2 && losses.found <= losses.all)
        let text = try CanonicalJSON.text(calibration)
        #expect(try CanonicalJSON.value(Calibration.self, from: text) == calibration)
    }
}
