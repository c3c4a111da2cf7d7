/// The merges of a byte-pair model: which pairs of tokens join, in which order, and into what.
///
/// A hash table with open addressing in memory of its own: it is read for every pair of every word.
final class MergeTable: @unchecked Sendable {
    /// A merge: lower ranks come first.
    struct Merge {
        let rank: UInt32
        let result: UInt32
    }

    private let keys: UnsafeMutablePointer<UInt64>
    private let merges: UnsafeMutablePointer<Merge>
    private let mask: Int
    /// Not a pair: no token has this number.
    private static let free = UInt64.max

    /// A table of merges; of two for the same pair the later one holds, as in the package `tokenizers`.
    init(_ pairs: [(left: UInt32, right: UInt32, merge: Merge)]) {
        var size = 16
        while size < pairs.count * 2 { size *= 2 }
        mask = size - 1
        keys = .allocate(capacity: size)
        keys.initialize(repeating: MergeTable.free, count: size)
        merges = .allocate(capacity: size)
        merges.initialize(repeating: Merge(rank: .max, result: .max), count: size)
        for pair in pairs {
            let key = UInt64(pair.left) << 32 | UInt64(pair.right)
            let slot = slot(of: key)
            keys[slot] = key
            merges[slot] = pair.merge
        }
    }

    deinit {
        keys.deallocate()
        merges.deallocate()
    }

    /// The merge of two tokens; of rank `UInt32.max` when they do not join.
    @inline(__always)
    func merge(_ left: UInt32, _ right: UInt32) -> Merge {
        merges[slot(of: UInt64(left) << 32 | UInt64(right))]
    }

    @inline(__always)
    private func slot(of key: UInt64) -> Int {
        var slot = Int(truncatingIfNeeded: key &* 0x9E37_79B9_7F4A_7C15 >> 24) & mask
        while keys[slot] != key, keys[slot] != MergeTable.free { slot = (slot &+ 1) & mask }
        return slot
    }
}
