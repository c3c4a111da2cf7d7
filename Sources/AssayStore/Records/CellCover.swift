import AssayCore

/// The first clusters of what a checkpoint did on a task under a condition: one cell, or portions one after the other.
///
/// Clusters are functions of their number, so a cover holds what one cell of as many clusters would, and has its identity.
public struct CellCover: Sendable, Hashable {
    /// That of one cell with all of it.
    public var key: CellKey
    /// The cells that hold it, in the order of their clusters; of the last one, clusters beyond the cover do not count.
    public var portions: [CellRecord]

    /// The identity of one cell with all of it.
    public var identity: ContentHash { key.identity }

    /// A cover.
    public init(key: CellKey, portions: [CellRecord]) {
        self.key = key
        self.portions = portions
    }

    /// The covers of cells of one checkpoint, one for each task, condition and version, in the order of their first cells.
    /// - Parameters:
    ///   - cells: all that there are.
    ///   - limit: how many clusters of a task are wanted at most; nil for all.
    public static func covers(_ cells: [CellRecord], limit: (ContentHash) -> Int?) -> [CellCover] {
        var order: [CellKey] = []
        var members: [CellKey: [CellRecord]] = [:]
        for cell in cells {
            var kind = cell.key
            (kind.firstCluster, kind.clusters) = (0, 0)
            if members[kind] == nil { order.append(kind) }
            members[kind, default: []].append(cell)
        }
        return order.compactMap { kind in
            let found = members[kind] ?? []
            let most = limit(kind.task) ?? found.map(\.key.clusters).max() ?? 0
            if let whole = found.first(where: { $0.key.firstCluster == 0 && $0.key.clusters == most }) {
                return CellCover(key: whole.key, portions: [whole])
            }
            return chain(found, kind, most)
        }
    }

    private static func chain(_ cells: [CellRecord], _ kind: CellKey, _ most: Int) -> CellCover? {
        var cover = CellCover(key: kind, portions: [])
        while cover.key.clusters < most {
            let end = cover.key.clusters
            let next = cells.filter { $0.key.firstCluster <= end && $0.key.clusters > end }
                .max { ($0.key.clusters, $1.key.firstCluster) < ($1.key.clusters, $0.key.firstCluster) }
            guard let next else { break }
            cover.portions.append(next)
            cover.key.clusters = min(most, next.key.clusters)
        }
        return cover.portions.isEmpty ? nil : cover
    }
}
