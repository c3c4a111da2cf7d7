import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct LengthMetricTests {
    private func cell(
        _ length: Int, right: Int, family: TaskFamily = .multiHop, floor: Double = 0, hops: Int = 1
    ) -> CellData {
        var cell = CellData.made(
            "chain-\(length)", generator: "chain", family: family, floor: floor,
            (0..<40).map { Asked(cluster: $0, hops: hops, score: $0 < right ? 1 : 0) })
        for index in cell.items.indices { cell.items[index].item.length = length }
        return cell
    }

    @Test("the area over log length and the length up to which the base is kept, by hand")
    func byHand() throws {
        // Accuracies 1, 0.9, 0.5, 0.9 at 64, 128, 256, 512.
        let values = try measure([
            cell(64, right: 40), cell(128, right: 36), cell(256, right: 20), cell(512, right: 36),
        ])
        let area = try #require(values.value("length-nauc", task: "chain"))
        #expect(abs((area.value ?? 0) - (0.95 + 0.7 + 0.7) / 3) < 1e-12 && area.low != nil && area.n == 160)
        // 512 does not count: a shorter length fell below 0.85.
        let effective = try #require(values.value("effective-length"))
        #expect(effective.value == 128)
    }

    @Test("chance is taken off, and a base at chance has no curve")
    func floor() throws {
        let values = try measure([cell(64, right: 40, floor: 0.5), cell(128, right: 30, floor: 0.5)])
        #expect(values.value("length-nauc")?.value == 0.75 && values.value("effective-length")?.value == 64)
        let low = try measure([cell(64, right: 20, floor: 0.5), cell(128, right: 30, floor: 0.5)])
        #expect(low.value("length-nauc")?.value == nil && low.value("effective-length")?.value == nil)
    }

    @Test("a model that keeps its accuracy has an effective length of at least the longest")
    func kept() throws {
        let value = try measure([cell(64, right: 40), cell(128, right: 38)]).value("effective-length")
        #expect(value?.value == 128 && value?.high == nil && value?.note?.contains("at least") == true)
        #expect(try measure([cell(64, right: 40)]).value("length-nauc") == nil)
    }

    @Test("a fall with length is a regression of the area")
    func compared() throws {
        let baseline = [cell(64, right: 40), cell(128, right: 38), cell(256, right: 36)]
        let candidate = [cell(64, right: 40), cell(128, right: 20), cell(256, right: 10)]
        let result = try compare(baseline: [baseline], candidate: [candidate]).result("length-nauc")
        #expect(result?.verdict == .regression && (result?.estimate ?? 0) < -0.3)
    }

    @Test("the hop slope is the slope of the logits, and its difference the interaction")
    func hopSlope() throws {
        func cells(_ rights: [Int]) -> [CellData] {
            rights.enumerated().map { level, right in
                var cell = cell(64, right: right, hops: level + 1)
                cell.task = "chain-\(level + 1)"
                return cell
            }
        }
        let value = try #require(try measure(cells([36, 20])).value("hop-slope", task: "chain"))
        #expect(abs((value.value ?? 0) - (log(20.5 / 20.5) - log(36.5 / 4.5))) < 1e-12)
        let result = try compare(baseline: [cells([36, 32, 28])], candidate: [cells([36, 20, 8])]).result("hop-slope")
        #expect(result?.verdict == .regression && (result?.estimate ?? 0) < -0.5)
        // A loss that is the same at all hops on the scale of logits is no interaction.
        let level = try compare(baseline: [cells([35, 30])], candidate: [cells([28, 20])]).result("hop-slope")
        #expect(level?.verdict != .regression && abs(level?.estimate ?? 1) < 0.25, "\(String(describing: level))")
    }
}
