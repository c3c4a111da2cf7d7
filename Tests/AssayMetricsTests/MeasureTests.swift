import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct MeasureTests {
    @Test func keysAreUniqueAndEverythingIsDescribed() {
        #expect(Set(MetricCatalogue.all.map(\.key)).count == MetricCatalogue.all.count)
        for definition in MetricCatalogue.all {
            #expect(!definition.title.isEmpty && !definition.formula.isEmpty && !definition.claims.isEmpty)
        }
        #expect(MetricCatalogue.definition("nll")?.direction == .lowerIsBetter)
        #expect(MetricCatalogue.definition("no-such") == nil)
    }

    @Test func accuracyAndNllByHandWithSlices() throws {
        let cell = CellData.made([
            Asked(cluster: 0, question: 0, load: 4, distance: 3, score: 1, nll: 0.1),
            Asked(cluster: 0, question: 1, load: 8, distance: 5, score: 0, nll: 2.3),
            Asked(cluster: 1, question: 0, load: 4, distance: 7, score: 1, nll: 0.2),
            Asked(cluster: 1, question: 1, load: 8, distance: 2, score: 1, nll: 0.4),
        ])
        let values = try measure([cell])
        let accuracy = try #require(values.value("accuracy"))
        #expect(accuracy.value == 0.75 && accuracy.n == 4 && accuracy.clusters == 2 && accuracy.lost == 0)
        // Two clusters say next to nothing.
        #expect((accuracy.low ?? 1) < 0.05 && (accuracy.high ?? 0) > 0.95)
        #expect(values.value("accuracy", "load=4")?.value == 1)
        #expect(values.value("accuracy", "load=8")?.value == 0.5)
        #expect(values.value("accuracy", "distance=4-7")?.value == 0.5)
        #expect(values.value("accuracy", "distance=2-3")?.value == 1)
        let nll = try #require(values.value("nll"))
        #expect(abs(try #require(nll.value) - 0.75) < 1e-12 && (nll.low ?? -1) >= 0)
        #expect(values.value("hop-accuracy") == nil && values.value("hop-accuracy", "hops=1") == nil)
    }

    @Test func hopAccuracyIsCorrectedForChanceAndTakesTwinsForOneHop() throws {
        let parent = ItemID(cluster: 0, sequence: 0, question: 0)
        let cell = CellData.made(
            "chain", family: .multiHop, floor: 0.2,
            [
                Asked(cluster: 0, question: 0, hops: 2, score: 1), Asked(cluster: 1, question: 0, hops: 2, score: 0),
                Asked(cluster: 0, sequence: 1, hops: 1, parent: parent, score: 1),
                Asked(cluster: 0, sequence: 2, hops: 1, parent: parent, score: 1),
            ])
        let values = try measure([cell])
        #expect(values.value("hop-accuracy", "hops=1")?.value == 1)
        #expect(values.value("hop-accuracy", "hops=2")?.value == 0.5)
        #expect(abs((values.value("hop-accuracy-corrected", "hops=2")?.value ?? 0) - 0.375) < 1e-12)
        #expect(values.value("accuracy")?.n == 2)
    }

    @Test func hopSurvivalIsExactOnAGeometricCurve() throws {
        // Corrected accuracy 0.8 ^ h over a floor of 0.1, in 10,000ths.
        let floor = 0.1
        let hops = [1.0, 2, 4]
        let totals: [Double] = hops.flatMap { hop -> [Double] in
            [(floor + (1 - floor) * pow(0.8, hop)) * 10_000, 10_000]
        }
        let floors = [floor, floor, floor]
        #expect(abs(HopDecay.survival(totals, hops: hops, floors: floors) - 0.8) < 1e-12)
        // Levels at chance are left out, and one level alone has no slope.
        let withFloor = totals + [0.12 * 10_000, 10_000]
        #expect(abs(HopDecay.survival(withFloor, hops: hops + [8], floors: floors + [floor]) - 0.8) < 1e-12)
        #expect(HopDecay.survival(Array(totals[0..<2]), hops: [1], floors: [floor]).isNaN)
    }

    @Test func hopSurvivalSpansTheTasksOfAGeneratorUnlessATaskHasAllHops() throws {
        func task(_ name: String, hops: [Int]) -> CellData {
            .made(
                name, generator: "successor", family: .multiHop,
                (0..<12).flatMap { cluster in
                    hops.map { Asked(cluster: cluster, question: $0, hops: $0, score: cluster < 12 - $0 ? 1 : 0) }
                })
        }
        let across = try measure([task("one", hops: [1]), task("two", hops: [2])]).filter { $0.metric == "hop-decay" }
        #expect(across.count == 1 && across[0].task == "successor" && across[0].clusters == 24)
        #expect(abs((across[0].value ?? 0) - (10.0 / 12) / (11.0 / 12)) < 1e-9)
        let within = try measure([task("mixed", hops: [1, 2])]).filter { $0.metric == "hop-decay" }
        #expect(within.map(\.task) == ["mixed"] && within[0].clusters == 12)
    }

    @Test func compositionalityGapIsConditionalAndSaysItsCoverage() throws {
        var asked: [Asked] = []
        // Cluster: whole right?, twins right?
        for (cluster, (whole, twins)) in [(1.0, [1.0, 1]), (0, [1, 1]), (0, [1, 0]), (0, [1, 1])].enumerated() {
            let parent = Asked(cluster: cluster, hops: 2, score: whole)
            asked.append(parent)
            for (twin, score) in twins.enumerated() {
                asked.append(Asked(cluster: cluster, sequence: twin + 1, parent: parent.id, score: score))
            }
        }
        let gap = try #require(try measure([.made("chain", family: .multiHop, asked)]).value("composition-gap"))
        #expect(abs((gap.value ?? 0) - 2.0 / 3) < 1e-12 && gap.n == 3 && gap.note == "coverage 75 %")
        // Twins 7 of 8, whole 1 of 4, with half answers: 2 log(7.5 / 9) - log(1.5 / 5).
        let deficit = try #require(try measure([.made("chain", family: .multiHop, asked)]).value("composition-deficit"))
        #expect(abs((deficit.value ?? 0) - (2 * log(7.5 / 9) - log(1.5 / 5))) < 1e-12)
    }

    @Test func recallCapacityInterpolatesInLogLoad() {
        func totals(_ shares: [Double]) -> [Double] { shares.flatMap { [$0 * 1_000, 1_000] } }
        let loads = [4.0, 16, 64]
        // logit 0.9 lies half way between logit 0.9 + 1 and logit 0.9 - 1, so at the geometric mean of 4 and 16.
        let goal = log(9.0)
        let around = [goal + 1, goal - 1, -2].map { 1 / (1 + exp(-$0)) }
        #expect(abs(RecallCapacity.capacity(totals(around), loads: loads).load - 8) < 1e-9)
        #expect(abs(RecallCapacity.capacity(totals([1, 0.9, 0.2]), loads: loads).load - 16) < 1e-6)
        let above = RecallCapacity.capacity(totals([1, 0.99, 0.95]), loads: loads)
        #expect(above.load == 64 && above.censoring == .above)
        let below = RecallCapacity.capacity(totals([0.5, 0.3, 0.1]), loads: loads)
        #expect(below.load == 4 && below.censoring == .below)
        // A bump is levelled, not taken for capacity: 0.85 and 0.95 pool to 0.9.
        let bump = RecallCapacity.capacity(totals([0.85, 0.95, 0.1]), loads: loads)
        #expect(abs(bump.load - 16) < 1e-6 && bump.censoring == nil)
        #expect(RecallCapacity.capacity([0, 0, 1, 1], loads: [1, 2]).load.isNaN)
    }

    @Test func recallCapacitySpansTasksAndCountsStateBytes() throws {
        func task(_ name: String, load: Int, wrong: Int, bytes: Int) -> CellData {
            .made(
                name, generator: "associative-recall", stateBytes: bytes,
                (0..<40).map { Asked(cluster: $0, load: load, score: $0 < wrong ? 0 : 1) })
        }
        let cells = [task("r4", load: 4, wrong: 0, bytes: 2_048), task("r16", load: 16, wrong: 20, bytes: 2_048)]
        let values = try measure(cells)
        let capacity = try #require(values.value("recall-capacity"))
        #expect(capacity.task == "associative-recall" && capacity.n == 80)
        let load = try #require(capacity.value)
        #expect(load > 4 && load < 16)
        #expect(abs((values.value("recall-capacity-per-kib")?.value ?? 0) - load / 2) < 1e-9)
        #expect(values.value("state-bytes", task: "r4")?.value == 2_048)
        #expect(values.value("state-bytes", task: "r4")?.low == nil)
    }

    @Test func setsAreScoredByF1AndExactness() throws {
        func set(_ cluster: Int, f1: Double) -> Asked {
            Asked(
                cluster: cluster, score: f1,
                detail: ["precision": 1, "recall": f1, "exact": f1 == 1 ? 1 : 0])
        }
        let values = try measure([.made("values", path: .recurrent, [set(0, f1: 0.5), set(1, f1: 1), set(2, f1: 0.6)])])
        #expect(abs((values.value("multi-value-f1")?.value ?? 0) - 0.7) < 1e-12)
        #expect(abs((values.value("accuracy")?.value ?? 0) - 1.0 / 3) < 1e-12)
        #expect(values.value("recall-capacity") == nil)
    }

    @Test func theFloorOfASetIsNoFloorOfItsExactMatch() throws {
        func cell(_ path: KernelPath, detail: [String: Double]) -> CellData {
            .made(
                "values", family: .multiHop, path: path, floor: 0.4,
                (0..<10).flatMap { cluster in
                    [1, 2].map { hops in
                        Asked(cluster: cluster, question: hops, hops: hops, score: cluster < 3 ? 1 : 0, detail: detail)
                    }
                })
        }
        let free = cell(.recurrent, detail: ["precision": 1, "recall": 1, "exact": 1])
        let values = try measure([cell(.parallel, detail: [:]), free])
        let corrected = values.first { $0.metric == "hop-accuracy-corrected" && $0.condition == "parallel" }
        #expect(corrected?.value == 0.3)
        #expect(!values.contains { $0.metric == "hop-decay" })
    }

    @Test func episodesByHand() throws {
        func episode(_ cluster: Int, _ score: Double, steps: Double, optimal: Double, invalid: Double) -> Asked {
            Asked(
                cluster: cluster, sequence: 1, hops: Int(optimal), score: score,
                detail: ["steps": steps, "optimal": optimal, "actions": steps, "invalid": invalid])
        }
        let values = try measure([
            .made(
                "world", family: .agent, path: .recurrent,
                [
                    episode(0, 1, steps: 4, optimal: 4, invalid: 0), episode(1, 1, steps: 6, optimal: 4, invalid: 1),
                    episode(2, 0, steps: 10, optimal: 4, invalid: 5), episode(3, 0, steps: 10, optimal: 2, invalid: 0),
                ])
        ])
        #expect(values.value("success")?.value == 0.5)
        #expect(values.value("success", "hops=2")?.value == 0)
        #expect(values.value("invalid-actions")?.value == 0.2)
        #expect(values.value("steps-ratio")?.value == 1.25)
        #expect(values.value("steps-ratio")?.note == "coverage 50 %")
        #expect(abs((values.value("spl")?.value ?? 0) - (1 + 4.0 / 6) / 4) < 1e-12)
        #expect(values.value("accuracy") == nil)
    }

    @Test func divergenceByHand() throws {
        func sequence(_ cluster: Int, tokens: Double, kl: Double, largest: Double, flips: Double) -> Asked {
            Asked(
                cluster: cluster, score: 1 - flips / tokens,
                detail: [
                    "tokens": tokens, "klMean": kl, "logitDifferenceMax": largest, "flips": flips, "closeTokens": 10,
                    "closeFlips": flips,
                ])
        }
        let values = try measure([
            .made(
                path: .divergence,
                [
                    sequence(0, tokens: 100, kl: 1e-4, largest: 0.2, flips: 0),
                    sequence(1, tokens: 300, kl: 2e-4, largest: 0.4, flips: 2),
                ])
        ])
        #expect(abs((values.value("divergence-kl")?.value ?? 0) - 1.75e-4) < 1e-15)
        #expect(abs((values.value("divergence-logit")?.value ?? 0) - 0.3) < 1e-12)
        #expect(values.value("divergence-logit-max")?.value == 0.4)
        #expect(values.value("divergence-flips")?.value == 5)
        #expect(values.value("divergence-close-flips")?.value == 0.1)
        #expect(values.value("accuracy") == nil && values.value("nll") == nil)
    }

    @Test func lostItemsAreCountedAndWidenTheInterval() throws {
        var asked = (0..<20).map { Asked(cluster: $0, score: $0 < 15 ? 1 : 0, nll: 1) }
        let whole = try #require(try measure([.made(asked)]).value("accuracy"))
        asked[0].status = .error
        asked[0].score = nil
        asked[1].score = .nan
        asked[2].score = 1.5
        asked[3].status = .missing
        let values = try measure([.made(asked)])
        let accuracy = try #require(values.value("accuracy"))
        #expect(accuracy.n == 16 && accuracy.lost == 4 && accuracy.note == "4 lost")
        #expect(abs((accuracy.value ?? 0) - 11.0 / 16) < 1e-12)
        #expect((accuracy.low ?? 1) < (whole.low ?? 0) - 0.05 && (accuracy.high ?? 1) <= 1)
        #expect(values.value("nll")?.lost == 2)
    }

    @Test func emptyAndMalformedCells() throws {
        #expect(try measure([]).isEmpty)
        let empty = try measure([.made([])])
        #expect(empty.value("accuracy")?.value == nil && empty.value("accuracy")?.n == 0)
        #expect(throws: AssayError.self) {
            try measure([.made([Asked(cluster: 0, score: 1), Asked(cluster: 0, score: 0)])])
        }
        var cell = CellData.made([Asked(cluster: 0, score: 1)])
        cell.items[0].response.item = ItemID(cluster: 5, sequence: 0, question: 0)
        #expect(throws: AssayError.self) { try measure([cell]) }
        let one = try #require(try measure([.made([Asked(cluster: 0, score: 1)])]).value("accuracy"))
        #expect(one.value == 1 && one.low == nil && one.high == nil)
        let lost = try #require(
            try measure([.made([Asked(cluster: 0, status: .error), Asked(cluster: 1, status: .missing)])])
                .value("accuracy"))
        #expect(lost.value == nil && lost.lost == 2)
    }

    @Test func valuesCanBeStored() throws {
        let values = try measure([
            .made((0..<8).map { Asked(cluster: $0, score: Double($0 % 2), nll: 1) }), .made("e", []),
        ])
        let text = try CanonicalJSON.text(values)
        #expect(try CanonicalJSON.value([MetricValue].self, from: text) == values)
    }
}
