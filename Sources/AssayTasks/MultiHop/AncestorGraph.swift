/// A directed graph without cycles: parents, ancestors and depths of its nodes.
struct AncestorGraph: Sendable {
    /// The nodes in order of their tokens.
    let names: [Int32]
    private let numbers: [Int32: Int]
    /// By node, one bit for each other node: its parents, and its ancestors.
    private var parentBits: [UInt64]
    private var ancestorBits: [UInt64]
    private var depths: [Int]

    /// The graph of some edges among at most 64 nodes.
    init(_ edges: [(from: Int32, to: Int32)]) {
        names = Set(edges.flatMap { [$0.from, $0.to] }).sorted()
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        self.numbers = numbers
        parentBits = [UInt64](repeating: 0, count: names.count)
        for (from, to) in edges {
            guard let from = numbers[from], let to = numbers[to] else { continue }
            parentBits[to] |= 1 << UInt64(from)
        }
        ancestorBits = parentBits
        depths = [Int](repeating: 0, count: names.count)
        // Every round carries ancestors one edge farther; the depth is the last round in which a node has news.
        var front = names.indices.filter { parentBits[$0] == 0 }
        var done: UInt64 = 0
        while !front.isEmpty {
            for node in front { done |= 1 << UInt64(node) }
            front = names.indices.filter { done >> UInt64($0) & 1 == 0 && parentBits[$0] & ~done == 0 }
            for node in front {
                var parents = parentBits[node]
                while parents != 0 {
                    let parent = parents.trailingZeroBitCount
                    parents &= parents - 1
                    ancestorBits[node] |= ancestorBits[parent]
                    depths[node] = max(depths[node], depths[parent] + 1)
                }
            }
        }
    }

    private static func members(_ bits: UInt64) -> [Int] {
        var (members, rest) = ([Int](), bits)
        while rest != 0 {
            members.append(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return members
    }

    /// The parents of a node.
    func parents(of node: Int32) -> [Int32] {
        numbers[node].map { AncestorGraph.members(parentBits[$0]).map { names[$0] } } ?? []
    }

    /// The ancestors of a node, by depth and then by token.
    func ancestors(of node: Int32) -> [Int32] {
        guard let number = numbers[node] else { return [] }
        // Names ascend with their numbers.
        return AncestorGraph.members(ancestorBits[number]).sorted { (depths[$0], $0) < (depths[$1], $1) }
            .map { names[$0] }
    }

    /// The nodes of at most so many ancestors, by token.
    func nodes(ancestors most: Int) -> [(name: Int32, depth: Int)] {
        names.indices.filter { ancestorBits[$0].nonzeroBitCount <= most }.map { (names[$0], depths[$0]) }
    }

    /// Edges on the longest path to a node.
    func depth(of node: Int32) -> Int { numbers[node].map { depths[$0] } ?? 0 }
}
