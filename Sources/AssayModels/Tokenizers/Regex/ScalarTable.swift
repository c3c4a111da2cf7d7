/// A set of Unicode scalars as bits, for two loads a test: a block for every 256 scalars, of
/// which those without any and those of all are kept once.
final class ScalarTable: @unchecked Sendable {
    /// The table without its owner, so that a matcher counts no references. Valid while the table lives.
    struct View {
        fileprivate let blocks: UnsafeMutablePointer<UInt16>
        fileprivate let words: UnsafeMutablePointer<UInt64>

        /// Whether a scalar up to 0x10FFFF is in the set.
        @inline(__always)
        func contains(_ scalar: UInt32) -> Bool {
            let word = Int(blocks[Int(scalar >> 8)]) &* 4 &+ Int(scalar >> 6 & 3)
            return words[word] >> UInt64(scalar & 63) & 1 == 1
        }
    }

    let view: View
    private static let blockCount = 0x1100

    init(_ set: ScalarSet) {
        let blocks = UnsafeMutablePointer<UInt16>.allocate(capacity: ScalarTable.blockCount)
        blocks.initialize(repeating: 0, count: ScalarTable.blockCount)
        // The block without any scalar, the block of all, then every block in between.
        var words = [UInt64](repeating: 0, count: 4) + [UInt64](repeating: .max, count: 4)
        for range in set.ranges {
            for block in Int(range.lowerBound >> 8)...Int(range.upperBound >> 8) {
                let first = max(Int(range.lowerBound), block << 8) & 0xFF
                let last = min(Int(range.upperBound), block << 8 | 0xFF) & 0xFF
                if first == 0, last == 0xFF {
                    blocks[block] = 1
                    continue
                }
                if blocks[block] == 0 {
                    blocks[block] = UInt16(words.count / 4)
                    words += [0, 0, 0, 0]
                }
                for bit in first...last { words[Int(blocks[block]) * 4 + (bit >> 6)] |= 1 << UInt64(bit & 63) }
            }
        }
        let storage = UnsafeMutablePointer<UInt64>.allocate(capacity: words.count)
        storage.initialize(from: words, count: words.count)
        view = View(blocks: blocks, words: storage)
    }

    deinit {
        view.blocks.deallocate()
        view.words.deallocate()
    }
}
