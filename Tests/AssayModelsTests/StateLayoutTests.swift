import Testing

@testable import AssayModels

@Suite struct StateLayoutTests {
    @Test("parts lie one after another, and empty ones are left out")
    func offsets() {
        var layout = StateLayout()
        layout.append("convolution", .history, [0, 8])
        layout.append("keys", .cache, [2, 5, 3])
        layout.append("state", .recurrence, [2, 3, 4])
        #expect(layout.parts.map(\.name) == ["keys", "state"])
        #expect(layout.parts.map(\.offset) == [0, 30] && layout.count == 54)
        #expect(layout["state"]?.rowCount == 4)
    }

    @Test("of a cache the entries of the tokens so far are in use, of the rest everything")
    func used() {
        var layout = StateLayout()
        layout.append("keys", .cache, [2, 5, 3])
        layout.append("state", .recurrence, [1, 2, 2])
        #expect(layout.used(position: 0) == [0..<0, 15..<15, 30..<34])
        #expect(layout.used(position: 2) == [0..<6, 15..<21, 30..<34])
        #expect(layout.used(position: 9) == [0..<15, 15..<30, 30..<34])
        #expect(layout.usedCount(position: 2) == 16)
    }

    @Test("the entries of a window go round behind the sinks")
    func ring() throws {
        var layout = StateLayout()
        layout.append("keys", .cache, [1, 5, 2], window: 3, sinks: 2)
        let part = try #require(layout["keys"])
        #expect((0..<9).map { part.entryIndex(position: $0) } == [0, 1, 2, 3, 4, 2, 3, 4, 2])
    }
}
