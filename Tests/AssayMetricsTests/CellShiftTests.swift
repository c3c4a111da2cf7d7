import AssayCore
import AssayStatistics
import Testing

@testable import AssayMetrics

@Suite struct CellShiftTests {
    private func cell(_ share: Double, key: UInt64, content: UInt64 = 0) -> CellData {
        var random = CounterRandom(key: key, index: 0)
        var cell = CellData.made(answers(clusters: 30, questions: 5, share, &random))
        for index in cell.items.indices { cell.items[index].item.contentBits ^= content }
        return cell
    }

    @Test func pairsAreThoseOfTheComparison() throws {
        let (a, b) = (cell(0.8, key: 311), cell(0.6, key: 312))
        let score = try #require(try CellShift.between(a, b).first { $0.quantity == .score })
        let result = try #require(try compare(baseline: [[a]], candidate: [[b]]).result("accuracy"))
        #expect(score.isPaired && score.estimate == result.estimate && score.standardError == result.standardError)
        #expect(score.low == result.low && score.pValue == result.pValue && score.items == 150 && score.clusters == 30)
        #expect((score.changed ?? 0) > 20)
        let same = try CellShift.between(a, a)
        #expect(same.allSatisfy { $0.estimate == 0 && $0.changed == 0 && $0.pValue == 1 })
    }

    @Test func otherItemsAreTwoSamples() throws {
        let shift = try #require(
            try CellShift.between(cell(0.9, key: 313), cell(0.5, key: 314, content: 1)).first { $0.quantity == .score })
        #expect(!shift.isPaired && shift.changed == nil && (shift.high ?? 0) < 0 && (shift.pValue ?? 1) < 0.001)
    }

    @Test func lostItemsAreCountedAndAnEmptyCellSaysNothing() throws {
        let a = cell(0.8, key: 315)
        var b = a
        for index in 0..<10 {
            b.items[index].response.status = .error
            b.items[index].response.score = nil
        }
        let shift = try #require(try CellShift.between(a, b).first { $0.quantity == .score })
        #expect(shift.lost == 10 && shift.items == 140)
        var empty = a
        empty.items = []
        #expect(try CellShift.between(empty, empty).isEmpty)
    }
}
