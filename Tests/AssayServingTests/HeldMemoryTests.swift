import AssayCore
import AssayModels
import Testing

@testable import AssayServing

@Suite(.serialized) struct HeldMemoryTests {
    @Test("what a decoder holds is what the layout says", arguments: ["full", "lightning"])
    func held(_ mixer: String) throws {
        guard HeldMemory.resident() != nil else { return }
        let side = try TinyModels.make([mixer, mixer])
        let layout = side.model.cacheBytes(tokens: 2_048, ServingFormats(.float32)).reduce(0, +)
        // Other tests allocate at the same time: the nearest of some tries.
        let tries = (0..<5).compactMap { _ in HeldMemory.bytesPerSequence(side, length: 2_048) }
        let nearest = tries.map { abs($0 / Double(layout) - 1) }.min()
        #expect(try #require(nearest) < 0.25, "\(tries) for \(layout)")
    }
}
