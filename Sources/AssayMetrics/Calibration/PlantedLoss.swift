import AssayCore

/// A loss of known size, planted into recorded responses.
public struct PlantedLoss: Sendable, Codable, Hashable {
    /// What is made worse.
    public enum Metric: String, Sendable, Codable, CaseIterable {
        /// Right answers of questions are made wrong.
        case accuracy
        /// Episodes that ended in success are made failures.
        case success
        /// The gold answer becomes less likely on every item.
        case nll
    }

    /// What is made worse.
    public var metric: Metric
    /// By how much, in the metric's own unit.
    public var size: Double

    /// A loss.
    public init(_ metric: Metric, size: Double) {
        self.metric = metric
        self.size = size
    }

    /// A cell with the loss.
    ///
    /// Right answers are made wrong independently of each other, with the probability that gives the loss on average. That
    /// adds to the spread of the differences, as real losses do; a rise of the NLL is the same on every item and does not.
    /// - Parameter draw: the number of the repeat.
    public func planted(in cell: CellData, draw: Int) -> CellData {
        var cell = cell
        let share = (try? right(in: cell)) ?? 0
        let chance = share > 0 ? min(1, size / share) : 0
        let key = ContentHash(of: "assay/calibration/loss/\(cell.task)/\(cell.condition.name)/\(draw)").leadingBits
        for place in cell.items.indices {
            let item = cell.items[place]
            guard item.response.status == .graded, item.item.parent == nil else { continue }
            if metric == .nll {
                if let nll = item.response.nll { cell.items[place].response.nll = nll + size }
                continue
            }
            guard (metric == .success) == (item.item.id.sequence > 0 && cell.family == .agent) else { continue }
            var random = CounterRandom(key: key, index: UInt64(bitPattern: item.item.id.rawValue))
            if random.chance(chance) { cell.items[place].response.fail() }
        }
        return cell
    }

    /// The share of answers (episodes) that are right and could be lost; nil where there are none.
    func right(in cell: CellData) throws -> Double? {
        let prepared = try PreparedCell(cell)
        let grades = prepared.items.indices.compactMap { place -> Double? in
            guard prepared.isMain(place), prepared.isEpisode(place) == (metric == .success) else { return nil }
            return metric == .success ? prepared.score(place) : prepared.exact(place)
        }
        return grades.isEmpty ? nil : grades.reduce(0, +) / Double(grades.count)
    }
}

extension ResponseRecord {
    /// Makes the answer wrong; of a set, nothing is right any more.
    fileprivate mutating func fail() {
        if score != nil { score = 0 }
        for name in ["exact", "precision", "recall"] where detail[name] != nil { detail[name] = 0 }
    }
}
