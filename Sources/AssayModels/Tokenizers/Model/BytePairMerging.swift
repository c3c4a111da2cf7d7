/// Joins the tokens of a word, lowest rank first, of equal ranks the leftmost.
struct BytePairMerging {
    /// Words up to this many tokens are searched for their best pair; longer ones keep pairs in a heap.
    static let searchLimit = 24

    private let table: MergeTable
    private var merges: [MergeTable.Merge] = []
    private var next: [Int] = []
    private var previous: [Int] = []
    private var heap: [Entry] = []

    private struct Entry {
        /// Rank, then position.
        let key: UInt64
        let result: UInt32
    }

    init(_ table: MergeTable) { self.table = table }

    /// Replaces the tokens from a position to the end of the list by their merged form.
    mutating func merge(_ tokens: inout [UInt32], from start: Int, searchLimit: Int = searchLimit) {
        let count = tokens.count - start
        if count < 2 { return }
        if count <= searchLimit { search(&tokens, from: start) } else { join(&tokens, from: start) }
    }

    /// Quadratic in the word, and fastest for short ones.
    private mutating func search(_ tokens: inout [UInt32], from start: Int) {
        merges.removeAll(keepingCapacity: true)
        for position in start..<tokens.count - 1 {
            merges.append(table.merge(tokens[position], tokens[position + 1]))
        }
        while true {
            var best = 0
            var rank = UInt32.max
            for index in merges.indices where merges[index].rank < rank {
                rank = merges[index].rank
                best = index
            }
            if rank == .max { return }
            let position = start + best
            tokens[position] = merges[best].result
            tokens.remove(at: position + 1)
            merges.remove(at: best)
            if best > 0 { merges[best - 1] = table.merge(tokens[position - 1], tokens[position]) }
            if best < merges.count { merges[best] = table.merge(tokens[position], tokens[position + 1]) }
        }
    }

    /// n log n in the word: neighbours in a linked list, pairs in a heap.
    private mutating func join(_ tokens: inout [UInt32], from start: Int) {
        let count = tokens.count - start
        let removed = -2
        next = Array(1...count)
        next[count - 1] = -1
        previous = Array(-1..<count - 1)
        heap.removeAll(keepingCapacity: true)
        for position in 0..<count - 1 { push(position, tokens[start + position], tokens[start + position + 1]) }
        while let top = pop() {
            let position = Int(top.key & 0xFFFF_FFFF)
            let right = next[position]
            guard right >= 0 else { continue }
            // Out of date when one of the two was joined with another token since.
            let merge = table.merge(tokens[start + position], tokens[start + right])
            guard merge.rank != .max, merge.result == top.result else { continue }
            tokens[start + position] = merge.result
            next[position] = next[right]
            next[right] = removed
            if next[position] >= 0 { previous[next[position]] = position }
            if previous[position] >= 0 {
                push(previous[position], tokens[start + previous[position]], merge.result)
            }
            if next[position] >= 0 { push(position, merge.result, tokens[start + next[position]]) }
        }
        var kept = start
        for position in 0..<count where next[position] != removed {
            tokens[kept] = tokens[start + position]
            kept += 1
        }
        tokens.removeLast(tokens.count - kept)
    }

    private mutating func push(_ position: Int, _ left: UInt32, _ right: UInt32) {
        let merge = table.merge(left, right)
        guard merge.rank != .max else { return }
        heap.append(Entry(key: UInt64(merge.rank) << 32 | UInt64(position), result: merge.result))
        var child = heap.count - 1
        while child > 0, case let parent = (child - 1) / 2, heap[child].key < heap[parent].key {
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func pop() -> Entry? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { return top }
            if child + 1 < heap.count, heap[child + 1].key < heap[child].key { child += 1 }
            guard heap[child].key < heap[parent].key else { return top }
            heap.swapAt(child, parent)
            parent = child
        }
    }
}
