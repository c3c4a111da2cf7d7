import AssayCore
import Foundation

/// Draws without replacement from the numbers 0, 1, ... with given weights: a number is drawn with probability proportional to
/// its weight among those that are left. Weights are whole, so that a draw is the same on any machine.
struct WeightedDraw: Sendable {
    /// A Fenwick tree: element i holds the weights of the numbers i - lowbit(i) + 1 ... i, counted from 1.
    private var tree: [UInt64]
    private var total: UInt64

    /// The law p(i) ~ i^(exponent), i = 1 ... count.
    static func power(_ exponent: Double, count: Int) -> WeightedDraw {
        // 32 bits below the point, and room for 4,096 numbers with weights up to 4,096.
        WeightedDraw((1...max(count, 1)).map { UInt64(max(1, (pow(Double($0), exponent) * 0x1p32).rounded())) })
    }

    init(_ weights: [UInt64]) {
        tree = [0] + weights
        for index in 1..<tree.count {
            let parent = index + index & -index
            if parent < tree.count { tree[parent] += tree[index] }
        }
        total = weights.reduce(0, +)
    }

    /// The same law over the first `count` numbers alone.
    func prefix(_ count: Int) -> WeightedDraw {
        var copy = self
        copy.tree.removeSubrange((count + 1)...)
        copy.total = 0
        var index = count
        while index > 0 {
            copy.total += tree[index]
            index -= index & -index
        }
        return copy
    }

    /// The next number; there must be one left.
    mutating func next(_ random: inout CounterRandom) -> Int {
        var point = UInt64(random.below(Int(total)))
        var index = 0
        var step = 1 << (Int.bitWidth - 1 - (tree.count - 1).leadingZeroBitCount)
        while step > 0 {
            if index + step < tree.count, tree[index + step] <= point {
                index += step
                point -= tree[index]
            }
            step >>= 1
        }
        remove(index + 1)
        return index
    }

    private mutating func remove(_ place: Int) {
        // The weight of one number: its node without the nodes below it.
        var weight = tree[place]
        var below = place - 1
        while below > place - (place & -place) {
            weight -= tree[below]
            below -= below & -below
        }
        var index = place
        while index < tree.count {
            tree[index] -= weight
            index += index & -index
        }
        total -= weight
    }
}
