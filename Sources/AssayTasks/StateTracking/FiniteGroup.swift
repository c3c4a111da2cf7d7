import AssayCore

/// A finite group with numbered elements, the neutral one first.
///
/// An element is a permutation of points and a turn of a wheel, so that products with a cyclic group are groups like the
/// others. The product of a and b does a first.
struct FiniteGroup: Sendable {
    /// As in the parameter `group`.
    let name: String
    /// The permutations, in lexicographic order.
    let permutations: [[Int]]
    /// Positions of the wheel; 1 for none. Element number `p * wheel + w` is permutation p and turn w.
    let wheel: Int
    /// Elements that generate the group.
    let generators: [Int]
    /// `[a * order + b]`: the number of the product of a and b.
    let table: [Int]

    /// Number of elements.
    var order: Int { permutations.count * wheel }

    private init(_ name: String, points: Int, isEven: Bool = false, wheel: Int = 1, generators: [([Int], Int)]) {
        let permutations = FiniteGroup.permutations(of: points).filter { !isEven || FiniteGroup.isEven($0) }
        let numbers = Dictionary(uniqueKeysWithValues: permutations.enumerated().map { ($1, $0) })
        let order = permutations.count * wheel
        var table = [Int](repeating: 0, count: order * order)
        for (p, first) in permutations.enumerated() {
            for (q, second) in permutations.enumerated() {
                let product = numbers[first.map { second[$0] }] ?? 0
                for turn in 0..<wheel {
                    for other in 0..<wheel {
                        table[(p * wheel + turn) * order + q * wheel + other] =
                            product * wheel + (turn + other) % wheel
                    }
                }
            }
        }
        self.name = name
        self.permutations = permutations
        self.wheel = wheel
        self.table = table
        self.generators = generators.compactMap { permutation, turn in
            numbers[permutation].map { $0 * wheel + turn }
        }
    }

    /// All permutations of `0 ..< count` in lexicographic order.
    private static func permutations(of count: Int) -> [[Int]] {
        func extend(_ prefix: [Int]) -> [[Int]] {
            guard prefix.count < count else { return [prefix] }
            return (0..<count).filter { !prefix.contains($0) }.flatMap { extend(prefix + [$0]) }
        }
        return extend([])
    }

    /// Whether a permutation is a product of an even number of swaps: by its cycles.
    private static func isEven(_ permutation: [Int]) -> Bool {
        var seen = [Bool](repeating: false, count: permutation.count)
        var swaps = 0
        for start in permutation.indices where !seen[start] {
            var at = start
            var size = 0
            while !seen[at] {
                seen[at] = true
                at = permutation[at]
                size += 1
            }
            swaps += size - 1
        }
        return swaps % 2 == 0
    }

    /// The groups in the order of the parameter: symmetric groups of 6, 24 and 120 elements; and of 60 elements a cyclic
    /// one, A4 x Z5 (solvable) and A5 (not solvable, so its word problem is complete for NC1: Barrington 1989).
    static let all: [FiniteGroup] = [
        FiniteGroup("S3", points: 3, generators: [([1, 0, 2], 0), ([1, 2, 0], 0)]),
        FiniteGroup("S4", points: 4, generators: [([1, 0, 2, 3], 0), ([1, 2, 3, 0], 0)]),
        FiniteGroup("S5", points: 5, generators: [([1, 0, 2, 3, 4], 0), ([1, 2, 3, 4, 0], 0)]),
        FiniteGroup("Z60", points: 1, wheel: 60, generators: [([0], 0), ([0], 1)]),
        FiniteGroup(
            "A4xZ5", points: 4, isEven: true, wheel: 5,
            generators: [([1, 2, 0, 3], 0), ([1, 0, 3, 2], 0), ([0, 1, 2, 3], 1)]),
        FiniteGroup(
            "A5", points: 5, isEven: true, generators: [([1, 2, 0, 3, 4], 0), ([1, 2, 3, 4, 0], 0)]),
    ]
}
