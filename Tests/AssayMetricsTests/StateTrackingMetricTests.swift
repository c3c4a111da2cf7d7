import AssayCore
import Testing

@testable import AssayMetrics

@Suite struct StateTrackingMetricTests {
    private func cell(
        _ task: String, length: Int, right: Int, series: String? = nil, trained: Int? = 32, floor: Double = 0.5
    ) -> CellData {
        var cell = CellData.made(
            task, generator: "parity", family: .stateTracking, floor: floor,
            (0..<50).map { Asked(cluster: $0, score: $0 < right ? 1 : 0) })
        for index in cell.items.indices { cell.items[index].item.length = length }
        cell.series = series ?? "parity"
        cell.trainedLength = trained
        return cell
    }

    @Test("length generalisation: where accuracy falls through 0.9, over the length trained on")
    func lengthGeneralisation() throws {
        let cells = [
            cell("p32", length: 32, right: 50), cell("p64", length: 64, right: 45),
            cell("p128", length: 128, right: 25),
        ]
        let value = try #require(try measure(cells).value("length-generalisation", task: "parity"))
        #expect(abs((value.value ?? 0) - 2) < 1e-9)
        #expect(value.low != nil && value.high != nil)
        let all = try measure([cells[0], cell("p64", length: 64, right: 50)]).value("length-generalisation")
        #expect(all?.value == 2 && all?.high == nil && all?.note?.contains("at least") == true)
        let none = try measure([cell("p32", length: 32, right: 20), cells[2]]).value("length-generalisation")
        #expect(none?.value == 1 && none?.low == nil)
    }

    @Test("series of one generator are apart, and a model that was trained on none has no ratio")
    func series() throws {
        let cells = [
            cell("s3-32", length: 32, right: 50, series: "s3"), cell("s3-64", length: 64, right: 50, series: "s3"),
            cell("a5-32", length: 32, right: 10, series: "a5"), cell("a5-64", length: 64, right: 10, series: "a5"),
        ]
        let values = try measure(cells).filter { $0.metric == "length-generalisation" }
        #expect(Set(values.map(\.task)) == ["s3-32", "a5-32"])
        let untrained = [
            cell("p32", length: 32, right: 50, trained: nil), cell("p64", length: 64, right: 50, trained: nil),
        ]
        #expect(try measure(untrained).value("length-generalisation") == nil)
    }

    @Test("accuracy is scaled by the floor, and so is its interval")
    func scaled() throws {
        let value = try #require(try measure([cell("p32", length: 32, right: 40)]).value("scaled-accuracy"))
        #expect(abs((value.value ?? 0) - 0.6) < 1e-12)
        let plain = try #require(try measure([cell("p32", length: 32, right: 40)]).value("accuracy"))
        #expect(abs((value.low ?? 0) - (2 * (plain.low ?? 0) - 1)) < 1e-12)
        let recall = CellData.made((0..<10).map { Asked(cluster: $0, score: 1) })
        #expect(try measure([recall]).value("scaled-accuracy") == nil)
    }

    @Test("stale answers are counted where there are values to be stale")
    func stale() throws {
        let asked = (0..<20).map {
            Asked(cluster: $0, score: $0 < 12 ? 1 : 0, detail: ["stale": (12..<17).contains($0) ? 1 : 0])
        }
        let value = try #require(try measure([.made("updates", asked)]).value("stale-rate"))
        #expect(value.value == 0.25 && value.n == 20)
        #expect(try measure([.made((0..<10).map { Asked(cluster: $0, score: 1) })]).value("stale-rate") == nil)
    }
}
