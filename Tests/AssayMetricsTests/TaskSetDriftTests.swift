import AssayCore
import AssayStatistics
import Testing

@testable import AssayMetrics

@Suite struct TaskSetDriftTests {
    /// Items in clusters of five that share a length.
    private func items(clusters: Int, shift: Int = 0, nll: Double = 1, key: UInt64, _ index: Int) -> [ScoredItem] {
        var random = CounterRandom(key: key, index: UInt64(index))
        return (0..<clusters).flatMap { cluster -> [ScoredItem] in
            let length = 64 + random.below(20) + shift
            return (0..<5).map { question in
                let asked = Asked(
                    cluster: cluster, question: question, distance: random.below(40), nll: nll + 0.3 * random.unit())
                var scored = asked.scored
                scored.item.length = length
                return scored
            }
        }
    }

    @Test("sets of one generator pass, though the items of a cluster are alike")
    func healthy() throws {
        var alarms = 0
        for repetition in 0..<200 {
            let shifts = try TaskSetDrift.shifts(
                reference: items(clusters: 20, key: 31, repetition),
                candidate: items(clusters: 20, key: 32, repetition),
                draws: 99)
            #expect(shifts.map(\.covariate) == [.length, .distance, .frozenNLL])
            if shifts.contains(where: { $0.adjustedPValue <= 0.05 }) { alarms += 1 }
        }
        #expect(alarms <= 16, "\(alarms) of 200")
    }

    @Test("a generator that makes longer contexts is found, and what did not change stays quiet")
    func longer() throws {
        let shifts = try TaskSetDrift.shifts(
            reference: items(clusters: 60, key: 33, 0), candidate: items(clusters: 60, shift: 12, key: 34, 0))
        let length = try #require(shifts.first { $0.covariate == .length })
        #expect(length.adjustedPValue < 0.01 && length.candidate - length.reference > 8)
        #expect(shifts.filter { $0.covariate != .length }.allSatisfy { $0.adjustedPValue > 0.01 })
        let harder = try TaskSetDrift.shifts(
            reference: items(clusters: 30, key: 35, 0), candidate: items(clusters: 30, nll: 1.2, key: 36, 0))
        #expect(harder.first { $0.covariate == .frozenNLL }?.adjustedPValue ?? 1 < 0.01)
    }

    @Test("a set of one cluster cannot be compared")
    func tooSmall() {
        let one = items(clusters: 1, key: 37, 0)
        #expect(throws: AssayError.self) { try TaskSetDrift.shifts(reference: one, candidate: one) }
    }
}
