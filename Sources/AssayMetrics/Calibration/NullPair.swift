import AssayCore

/// How two sides without any true difference are made from recorded responses: the A of an A/A comparison.
public enum NullKind: String, Sendable, Codable, CaseIterable {
    /// One checkpoint against itself, on two random halves of its clusters: nothing differs but the items.
    case halves
    /// Two checkpoints whose responses are exchanged at random, a cluster at a time: the differences keep their spread, and
    /// neither side is better.
    case exchanged

    /// For people.
    public var title: String {
        switch self {
        case .halves: "one checkpoint, two random halves of its clusters"
        case .exchanged: "two checkpoints, sides exchanged at random"
        }
    }
}

/// Two sides that are alike but for chance, ready for the comparison that real sides go through.
public enum NullPair {
    /// A checkpoint on one half of its clusters against the same checkpoint on the other half.
    ///
    /// The clusters of a task are paired at random, in the same way under all its conditions. The responses on the second
    /// cluster of a pair then stand for the items of the first, each for the one that has its hops and its place among those;
    /// items without a counterpart are left out. Clusters are independent draws of one generator, so each pair is as likely
    /// the other way round: the null hypothesis of the comparison holds exactly.
    /// - Parameter draw: the number of the repeat.
    public static func halves(_ cells: [CellData], draw: Int) -> (baseline: [CellData], candidate: [CellData]) {
        var order: [String: [Int]] = [:]
        for (task, cells) in Dictionary(grouping: cells, by: \.task) {
            var clusters = Set(cells.flatMap { $0.items.map(\.item.id.cluster) }).sorted()
            var random = CounterRandom(domain: "assay/calibration/halves/\(task)", index: UInt64(draw))
            random.shuffle(&clusters)
            order[task] = clusters
        }
        let sides = cells.map { cell -> (CellData, CellData) in
            let clusters = order[cell.task] ?? []
            let items = Dictionary(grouping: cell.items, by: \.item.id.cluster)
            var (first, second) = (cell, cell)
            (first.items, second.items) = ([], [])
            let pairs = stride(from: 0, to: clusters.count - 1, by: 2).sorted { clusters[$0] < clusters[$1] }
            for place in pairs {
                guard let own = items[clusters[place]], let other = items[clusters[place + 1]] else { continue }
                for (item, response) in counterparts(own, other) {
                    first.items.append(item)
                    second.items.append(ScoredItem(item: item.item, response: response))
                }
            }
            return (first, second)
        }
        return (sides.map(\.0), sides.map(\.1))
    }

    /// Two checkpoints on the same items, with the responses of both exchanged in a random half of the clusters.
    /// - Parameters:
    ///   - baseline: the cells of one checkpoint.
    ///   - candidate: those of the other, in the same order and with the same items.
    ///   - draw: the number of the repeat.
    public static func exchanged(
        _ baseline: [CellData], _ candidate: [CellData], draw: Int
    ) -> (baseline: [CellData], candidate: [CellData]) {
        var first = baseline
        var second = candidate
        for index in first.indices {
            // A metric per byte would otherwise tell the sides apart by the bytes, which are not exchanged.
            second[index].stateBytes = first[index].stateBytes
            let key = ContentHash(of: "assay/calibration/exchanged/\(first[index].task)/\(draw)").leadingBits
            for place in first[index].items.indices {
                let cluster = first[index].items[place].item.id.cluster
                var random = CounterRandom(key: key, index: UInt64(cluster))
                guard random.chance(0.5) else { continue }
                let held = first[index].items[place].response
                first[index].items[place].response = second[index].items[place].response
                second[index].items[place].response = held
            }
        }
        return (first, second)
    }

    // MARK: - Counterparts

    /// What two items must share to stand for each other, besides their rank.
    private struct Kind: Hashable {
        let hops: Int
        /// Sequence 0 holds the expert's actions in cells of agents, the others the episodes.
        let isFirstSequence: Bool
    }

    /// The items of a cluster, each with the response on its counterpart in another cluster under its own identity.
    private static func counterparts(
        _ own: [ScoredItem], _ other: [ScoredItem]
    ) -> [(item: ScoredItem, response: ResponseRecord)] {
        let mine = main(own)
        let theirs = main(other)
        var pairs: [(ScoredItem, ScoredItem)] = []
        let twins = (Dictionary(grouping: own, by: \.item.parent), Dictionary(grouping: other, by: \.item.parent))
        for (kind, items) in mine {
            for (item, counterpart) in zip(items, theirs[kind] ?? []) {
                pairs.append((item, counterpart))
                pairs += zip(twins.0[item.item.id] ?? [], twins.1[counterpart.item.id] ?? [])
            }
        }
        return pairs.sorted { $0.0.item.id < $1.0.item.id }.map { item, counterpart in
            var response = counterpart.response
            response.item = item.item.id
            return (item, response)
        }
    }

    private static func main(_ items: [ScoredItem]) -> [Kind: [ScoredItem]] {
        Dictionary(grouping: items.filter { $0.item.parent == nil }) {
            Kind(hops: $0.item.hops, isFirstSequence: $0.item.id.sequence == 0)
        }
    }
}
