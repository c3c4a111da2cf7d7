/// The cluster sign-flip permutation test: under the null hypothesis the two sides of a cluster can be swapped.
///
/// All 2^G swaps for up to 16 clusters that differ, else random draws with p = (1 + #) / (draws + 1).
public enum SignFlip {
    /// A p value and whether all swaps were enumerated.
    public struct Outcome: Sendable, Hashable {
        /// Two-sided.
        public var pValue: Double
        /// All swaps were tried.
        public var isExact: Bool
        /// The smallest p value that the random draws could have given; nil when all swaps were tried.
        public var resolution: Double?
    }

    /// The largest number of differing clusters whose swaps are enumerated.
    public static let enumeratedClusters = 16

    /// Two-sided p of a mean of cluster differences.
    public static func test(differences: [Double], patterns: SignPatterns? = nil) -> Outcome {
        let zero = ClusterSums(width: 1, values: Array(repeating: 0, count: differences.count))
        let sums = ClusterSums(width: 1, values: differences)
        return test(baseline: zero, candidate: sums, patterns: patterns) { $0[0] }
    }

    /// Two-sided p of the difference of a functional between two sides.
    ///
    /// A swap that leaves the functional undefined counts as extreme, which can only raise p.
    public static func test(
        baseline: ClusterSums, candidate: ClusterSums, patterns: SignPatterns? = nil, _ functional: Functional
    ) -> Outcome {
        let table = SwapTable(baseline: baseline, candidate: candidate)
        guard table.differing > 0 else { return Outcome(pValue: 1, isExact: true) }
        if table.differing <= enumeratedClusters {
            let swaps = 1 << table.differing
            let bits = (0..<UInt64(swaps)).map { $0 }
            let extreme = table.extremeSwaps(bits: bits, words: 1, functional)
            return Outcome(pValue: Double(extreme) / Double(swaps), isExact: true)
        }
        let patterns =
            patterns.flatMap { $0.clusters >= table.differing ? $0 : nil } ?? SignPatterns(clusters: table.differing)
        let extreme = table.extremeSwaps(bits: patterns.bits, words: patterns.words, functional)
        let draws = Double(patterns.draws + 1)
        return Outcome(pValue: Double(extreme + 1) / draws, isExact: false, resolution: 1 / draws)
    }
}

/// The signed sums of every pattern of eight clusters, so that a draw costs one look-up for eight clusters.
struct SwapTable {
    /// Clusters in which the sides differ; the others cannot change under a swap.
    let differing: Int
    /// Half of the totals of both sides together, `[component]`.
    private let middle: [Double]
    /// Components that differ somewhere.
    private let active: [Int]
    /// Half of the signed differences, `[group of eight, pattern, active component]`.
    private let sums: [Double]

    init(baseline: ClusterSums, candidate: ClusterSums) {
        precondition(baseline.width == candidate.width && baseline.count == candidate.count, "unpaired cluster sums")
        let width = baseline.width
        middle = zip(baseline.totals, candidate.totals).map { 0.5 * ($0 + $1) }
        let differences = zip(baseline.values, candidate.values).map { 0.5 * ($1 - $0) }
        let clusters = (0..<baseline.count).filter { g in (0..<width).contains { differences[g * width + $0] != 0 } }
        let active = (0..<width).filter { c in clusters.contains { differences[$0 * width + c] != 0 } }
        self.active = active
        differing = clusters.count
        let groups = (clusters.count + 7) / 8
        var sums = [Double](repeating: 0, count: groups * 256 * active.count)
        for (place, cluster) in clusters.enumerated() {
            for pattern in 0..<256 {
                let sign = pattern >> (place % 8) & 1 == 0 ? 1.0 : -1.0
                let row = ((place / 8) * 256 + pattern) * active.count
                for (i, component) in active.enumerated() {
                    sums[row + i] += sign * differences[cluster * width + component]
                }
            }
        }
        self.sums = sums
    }

    /// How many of the patterns make the functional differ at least as much as the pattern without a swap.
    func extremeSwaps(bits: [UInt64], words: Int, _ functional: Functional) -> Int {
        var first = middle
        var second = middle
        var signed = [Double](repeating: 0, count: active.count)
        let groups = (differing + 7) / 8
        func statistic() -> Double {
            for (i, component) in active.enumerated() {
                first[component] = middle[component] - signed[i]
                second[component] = middle[component] + signed[i]
            }
            return abs(functional(second) - functional(first))
        }
        func sum(_ pattern: UnsafePointer<UInt64>) {
            sums.withUnsafeBufferPointer { sums in
                for i in signed.indices { signed[i] = 0 }
                for group in 0..<groups {
                    let byte = Int(pattern[group >> 3] >> UInt64(8 * (group & 7)) & 255)
                    let row = (group * 256 + byte) * active.count
                    for i in signed.indices { signed[i] += sums[row + i] }
                }
            }
        }
        sum([UInt64](repeating: 0, count: (groups + 7) / 8))
        let observed = statistic()
        // Equal statistics of different swaps may differ in their last digits.
        let bar = observed - 1e-10 * observed
        var extreme = 0
        bits.withUnsafeBufferPointer { bits in
            guard let base = bits.baseAddress else { return }
            for draw in stride(from: 0, to: bits.count, by: words) {
                sum(base + draw)
                let value = statistic()
                if !(value < bar) { extreme += 1 }
            }
        }
        return extreme
    }
}
