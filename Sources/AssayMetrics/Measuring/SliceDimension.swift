import AssayCore

/// A covariate by which results are sliced.
enum SliceDimension: Sendable, CaseIterable {
    case hops
    case load
    case distance

    /// The level of an item; distances count in powers of two.
    func level(_ item: ItemRecord) -> Int {
        switch self {
        case .hops: item.hops
        case .load: item.load
        case .distance: item.distance < 1 ? 0 : 1 << (Int.bitWidth - 1 - item.distance.leadingZeroBitCount)
        }
    }

    /// The slice's name, such as `hops=4` or `distance=64-127`.
    func name(_ level: Int) -> String {
        switch self {
        case .hops: "hops=\(level)"
        case .load: "load=\(level)"
        case .distance: level < 2 ? "distance=\(level)" : "distance=\(level)-\(2 * level - 1)"
        }
    }
}

/// A slice of a group: its name and which items are in it.
struct Slice: Sendable {
    static let all = "all"

    var name: String
    var includes: [Bool]

    /// The slices of a metric over a group, `all` first.
    /// - Parameters:
    ///   - dimensions: the covariates; those with one level give no slice.
    ///   - asked: whether the metric asks for an item.
    static func slices(
        of group: CellGroup, includesAll: Bool, dimensions: [SliceDimension], asked: [Bool]
    ) -> [Slice] {
        var slices = includesAll ? [Slice(name: all, includes: asked)] : []
        for dimension in dimensions {
            let levels = (0..<group.count).map { dimension.level(group.record($0)) }
            let present = Set(zip(levels, asked).filter(\.1).map(\.0)).sorted()
            guard present.count >= 2 else { continue }
            for level in present {
                slices.append(
                    Slice(name: dimension.name(level), includes: zip(levels, asked).map { $0 == level && $1 }))
            }
        }
        return slices
    }
}

/// Distinct values of a covariate over a group, ascending, each with a slot.
struct Levels: Sendable {
    let values: [Int]
    private let slotOf: [Int: Int]

    init(_ values: some Sequence<Int>) {
        let sorted = Set(values).sorted()
        self.values = sorted
        slotOf = Dictionary(uniqueKeysWithValues: sorted.enumerated().map { ($1, $0) })
    }

    var count: Int { values.count }

    func slot(_ value: Int) -> Int? { slotOf[value] }
}
