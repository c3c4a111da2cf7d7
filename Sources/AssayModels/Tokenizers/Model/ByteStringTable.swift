/// Byte strings, each with a number: 0, 1, 2, ... in the order of insertion.
struct ByteStringTable: Sendable {
    private var bytes: [UInt8] = []
    /// Where each string begins in `bytes`; one more at the end.
    private var starts: [Int] = [0]
    /// Numbers plus one by hash, 0 for a free slot; a power of two.
    private var slots: [UInt32]

    /// An empty table with room for so many strings.
    init(capacity: Int) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = [UInt32](repeating: 0, count: size)
    }

    /// How many strings there are.
    var count: Int { starts.count - 1 }

    /// The number of a string; nil when it is not in the table.
    func index(of key: UnsafeBufferPointer<UInt8>) -> Int? {
        let slot = slot(of: key)
        return slots[slot] == 0 ? nil : Int(slots[slot]) - 1
    }

    /// The number of a string; nil when it is not in the table.
    func index(of key: [UInt8]) -> Int? { key.withUnsafeBufferPointer { index(of: $0) } }

    /// Adds a string and returns its number; nil when it was there.
    mutating func insert(_ key: UnsafeBufferPointer<UInt8>) -> Int? {
        if (count + 1) * 2 > slots.count { grow() }
        let slot = slot(of: key)
        guard slots[slot] == 0 else { return nil }
        bytes.append(contentsOf: key)
        starts.append(bytes.count)
        slots[slot] = UInt32(count)
        return count - 1
    }

    /// The slot that holds a string, or the free one where it belongs.
    private func slot(of key: UnsafeBufferPointer<UInt8>) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: ByteStringTable.hash(key)) & mask
        while slots[slot] != 0, !isEqual(Int(slots[slot]) - 1, key) { slot = (slot + 1) & mask }
        return slot
    }

    private func isEqual(_ index: Int, _ key: UnsafeBufferPointer<UInt8>) -> Bool {
        let start = starts[index]
        guard starts[index + 1] - start == key.count else { return false }
        for offset in 0..<key.count where bytes[start + offset] != key[offset] { return false }
        return true
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        bytes.withUnsafeBufferPointer { buffer in
            for index in 0..<count {
                let slot = slot(of: UnsafeBufferPointer(rebasing: buffer[starts[index]..<starts[index + 1]]))
                slots[slot] = UInt32(index + 1)
            }
        }
    }

    /// FNV-1a, mixed once more so that the low bits depend on all bytes.
    private static func hash(_ key: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in key { value = (value ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return (value ^ value >> 32) &* 0x9E37_79B9_7F4A_7C15 >> 20
    }
}
