import AssayCore

/// A cell with its items in order and its single-hop twins found.
struct PreparedCell: Sendable {
    let data: CellData
    /// In order of identity, each once.
    let items: [ScoredItem]
    /// Places of the single-hop twins of an item, by the item's identity.
    let twins: [ItemID: [Int]]
    /// Hops of the items that have twins.
    let parentHops: [ItemID: Int]
    /// Twins stand for hop 1 when no main question has one hop.
    let twinsCountAsOneHop: Bool
    /// Holds generated sets of values: the score is an F1, the exact match a detail.
    let isSet: Bool
    /// The task asks for sets, here or under another condition of the same side.
    private(set) var asksForSets: Bool
    /// The trials of the episodes of each cluster; empty in a cell without episodes.
    let trials: [Int: TrialCount]
    /// The same items under the plain condition that the loss by this one is measured against; empty where there is no
    /// such cell of the same task.
    private(set) var references: [ItemID: ResponseRecord] = [:]

    init(_ data: CellData) throws {
        self.data = data
        items = data.items.sorted { $0.item.id < $1.item.id }
        var twins: [ItemID: [Int]] = [:]
        for (place, scored) in items.enumerated() {
            if place > 0, items[place - 1].item.id == scored.item.id {
                throw AssayError(
                    .defect, "item \(scored.item.id.rawValue) of task '\(data.task)' appears twice in a cell")
            }
            if scored.response.item != scored.item.id {
                throw AssayError(
                    .defect, "a response of task '\(data.task)' is joined to another item than its own")
            }
            if let parent = scored.item.parent { twins[parent, default: []].append(place) }
        }
        self.twins = twins
        parentHops = Dictionary(
            uniqueKeysWithValues: items.filter { twins[$0.item.id] != nil }.map { ($0.item.id, $0.item.hops) })
        twinsCountAsOneHop = !items.contains { $0.item.parent == nil && $0.item.hops == 1 }
        isSet = items.contains { $0.response.detail["precision"] != nil }
        asksForSets = isSet
        trials = data.family == .agent ? Self.countTrials(items) : [:]
    }

    /// Counts the trials of each cluster: its episodes, see ``isEpisode(_:)``.
    private static func countTrials(_ items: [ScoredItem]) -> [Int: TrialCount] {
        var trials: [Int: TrialCount] = [:]
        for (place, scored) in items.enumerated() where scored.item.id.sequence > 0 {
            var count = trials[scored.item.id.cluster] ?? TrialCount(first: place)
            count.trials += 1
            switch scored.response.grade {
            case .some(let score): count.successes += score == 1 ? 1 : 0
            case nil: count.lost += 1
            }
            trials[scored.item.id.cluster] = count
        }
        return trials
    }

    /// The cells of a side, which tell each other what their tasks ask for.
    static func side(_ cells: [CellData]) throws -> [PreparedCell] {
        let prepared = try cells.map(PreparedCell.init)
        let sets = Set(prepared.filter(\.isSet).map(\.data.task))
        return prepared.map { cell in
            var cell = cell
            cell.asksForSets = sets.contains(cell.data.task)
            if let reference = cell.data.condition.reference,
                let other = prepared.first(where: {
                    $0.data.task == cell.data.task && $0.data.condition == reference && $0.isSet == cell.isSet
                })
            {
                cell.references = Dictionary(uniqueKeysWithValues: other.items.map { ($0.item.id, $0.response) })
            }
            return cell
        }
    }

    /// The floor of exact matches: the task's, unless that is the F1 of a set, which no shortcut gets wholly right.
    var exactFloor: Double { asksForSets ? 0 : data.floor }

    /// Whether the cell holds episodes in closed loop.
    var isEpisodes: Bool { data.family == .agent && data.condition.path.givesAnswers }

    /// Whether an item is an episode. In a cell of episodes the others are single actions of the expert, each scored with
    /// those before it in place (sequence 0 of a cluster).
    func isEpisode(_ place: Int) -> Bool { data.family == .agent && items[place].item.id.sequence > 0 }

    /// Whether an item is a single action of the expert.
    func isExpertStep(_ place: Int) -> Bool { data.family == .agent && items[place].item.id.sequence == 0 }

    /// Whether the cell holds answers that are right or wrong.
    var isAnswers: Bool { data.condition.path.givesAnswers && !isEpisodes }

    /// Tokens of the longest item.
    var longest: Int { items.reduce(0) { max($0, $1.item.length) } }

    /// An item of its own, not the twin of another.
    func isMain(_ place: Int) -> Bool { items[place].item.parent == nil }

    /// A main item, or a twin where twins stand for hop 1.
    func countsForHops(_ place: Int) -> Bool { isMain(place) || twinsCountAsOneHop }

    /// A grade in [0, 1]; nil when the item is lost.
    func score(_ place: Int) -> Double? { items[place].response.grade }

    /// A finite detail of a graded item.
    func detail(_ name: String, _ place: Int) -> Double? { items[place].response.finiteDetail(name) }

    /// Whether any response has a detail.
    func has(_ detail: String) -> Bool { items.contains { $0.response.detail[detail] != nil } }

    /// Whether the whole answer was right.
    func exact(_ place: Int) -> Double? { isSet ? detail("exact", place) : score(place) }

    /// Wrong actions in the history that was forced on the model, per right one, in per mille; nil without a history.
    var mistakes: Int? {
        items.lazy.compactMap { $0.response.finiteDetail("mistakes") }.first.map { Int((1000 * $0).rounded()) }
    }

    /// The gold-answer NLL; nil when the item is lost.
    func nll(_ place: Int) -> Double? { items[place].response.finiteNLL }

    /// Whether the whole answer was right under the plain condition.
    func referenceExact(_ place: Int) -> Double? {
        guard let response = references[items[place].item.id] else { return nil }
        return isSet ? response.finiteDetail("exact") : response.grade
    }

    /// The gold-answer NLL under the plain condition.
    func referenceNLL(_ place: Int) -> Double? { references[items[place].item.id]?.finiteNLL }
}

extension ResponseRecord {
    /// A grade in [0, 1]; nil when there is none.
    fileprivate var grade: Double? {
        guard status == .graded, let score, (0...1).contains(score) else { return nil }
        return score
    }

    /// A finite detail of a graded response.
    fileprivate func finiteDetail(_ name: String) -> Double? {
        guard status == .graded, let value = detail[name], value.isFinite else { return nil }
        return value
    }

    /// A negative log likelihood that can be one.
    fileprivate var finiteNLL: Double? {
        guard status == .graded, let nll, nll.isFinite, nll >= 0 else { return nil }
        return nll
    }
}

/// Cells that one metric spans: one task, or several tasks of a generator, under one condition.
struct CellGroup: Sendable {
    let label: String
    let condition: Condition
    let cells: [PreparedCell]
    /// The cell and the place in it of every item.
    let places: [(cell: Int, place: Int)]
    /// The cluster of every item, counted through all cells.
    let clusterOf: [Int]
    /// The cell of every cluster.
    let strata: [Int]

    init(label: String, cells: [PreparedCell]) {
        self.label = label
        self.cells = cells
        condition = cells[0].data.condition
        var places: [(cell: Int, place: Int)] = []
        var clusterOf: [Int] = []
        var strata: [Int] = []
        for (index, cell) in cells.enumerated() {
            var last: Int?
            for (place, scored) in cell.items.enumerated() {
                // Items are in order of identity, so a cluster's items are neighbours.
                if scored.item.id.cluster != last {
                    last = scored.item.id.cluster
                    strata.append(index)
                }
                places.append((index, place))
                clusterOf.append(strata.count - 1)
            }
        }
        self.places = places
        self.clusterOf = clusterOf
        self.strata = strata
    }

    var count: Int { places.count }

    func record(_ position: Int) -> ItemRecord {
        let (cell, place) = places[position]
        return cells[cell].items[place].item
    }
}
