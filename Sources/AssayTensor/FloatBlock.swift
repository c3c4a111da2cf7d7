/// A zeroed, 64-byte aligned block of floats that is freed with its owner.
///
/// Sendable by contract, not by proof: the trainer hands disjoint ranges to workers and joins them before it reads.
public final class FloatBlock: @unchecked Sendable {
    /// The first element.
    public let pointer: UnsafeMutablePointer<Float>
    /// Elements.
    public let count: Int

    /// A block of zeros.
    public init(count: Int) {
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let raw = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
        pointer = raw.bindMemory(to: Float.self, capacity: max(count, 1))
        pointer.initialize(repeating: 0, count: max(count, 1))
    }

    deinit { UnsafeMutableRawPointer(pointer).deallocate() }

    /// The elements, for as long as the block lives: keep the block while the buffer is used.
    public var buffer: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }

    /// Copies all elements of a block of the same size.
    public func copy(from other: FloatBlock) {
        precondition(other.count == count, "blocks of different size")
        pointer.update(from: other.pointer, count: count)
    }
}
