import AssayCore

/// An expression of operations on two values each, with the value of every part.
struct PrefixTree: Sendable {
    /// A part: a number, or an operation on two later parts.
    private enum Part {
        case number
        case operation(sign: Int, right: Int)
    }

    /// The parts in the order in which they are written: the left side of an operation follows it.
    private var parts: [Part] = []
    private var values: [Int] = []
    /// Operations of the longest path.
    let depth: Int
    /// Operations.
    let operations: Int

    /// Draws an expression of some operations and exactly some depth, with factors that are not 0.
    init(_ operations: Int, depth: Int, operators: Int, _ field: PrimeField, _ random: inout CounterRandom) {
        self.depth = depth
        self.operations = operations
        parts.reserveCapacity(2 * operations + 1)
        grow(operations, depth: depth, operators: operators, &random)
        values = [Int](repeating: 0, count: parts.count)
        values[0] = random.below(field.modulus)
        while isProduct(0), values[0] == 0 { values[0] = random.below(field.modulus) }
        for part in parts.indices { divide(part, field, &random) }
    }

    /// The value of the whole.
    var value: Int { values[0] }

    /// Appends a tree: one side of its root is exactly one less deep, the other at most so.
    private mutating func grow(_ operations: Int, depth: Int, operators: Int, _ random: inout CounterRandom) {
        guard operations > 0 else { return parts.append(.number) }
        let most = depth > 62 ? Int.max : 1 << (depth - 1) - 1
        // Operations of the side that reaches the depth: enough for it, and not more than the other one can spare.
        let least = max(depth - 1, operations - 1 - most)
        let deep = least + random.below(min(operations - 1, most) - least + 1)
        let rest = operations - 1 - deep
        let possible = ArithmeticTree.depths(rest)
        let highest = min(possible.upperBound, depth - 1)
        let restDepth = possible.lowerBound + random.below(highest - possible.lowerBound + 1)
        let isLeftDeep = random.next() & 1 == 0
        let place = parts.count
        parts.append(.number)
        let sign = random.below(operators)
        grow(isLeftDeep ? deep : rest, depth: isLeftDeep ? depth - 1 : restDepth, operators: operators, &random)
        parts[place] = .operation(sign: sign, right: parts.count)
        grow(isLeftDeep ? rest : deep, depth: isLeftDeep ? restDepth : depth - 1, operators: operators, &random)
    }

    private func isProduct(_ part: Int) -> Bool {
        if case .operation(sign: 2, _) = parts[part] { true } else { false }
    }

    /// Draws values of both sides of an operation that give its value.
    private mutating func divide(_ part: Int, _ field: PrimeField, _ random: inout CounterRandom) {
        guard case .operation(let sign, let right) = parts[part] else { return }
        while true {
            let a = random.below(field.modulus)
            let b: Int
            switch sign {
            case 0: b = field.apply(1, values[part], a)
            case 1: b = field.apply(1, a, values[part])
            default:
                guard a > 0 else { continue }
                b = (1..<field.modulus).first { a * $0 % field.modulus == values[part] } ?? 0
            }
            // A product is never 0.
            if isProduct(part + 1) && a == 0 || isProduct(right) && b == 0 { continue }
            (values[part + 1], values[right]) = (a, b)
            return
        }
    }

    /// The expression in prefix form.
    func tokens(_ field: PrimeField) -> [Int32] {
        parts.indices.map { part in
            if case .operation(let sign, _) = parts[part] { return Vocabulary.firstOperator + Int32(sign) }
            return field.numbers[values[part]]
        }
    }

    /// The single operations of a tree of several, each on the values that its sides have.
    var steps: [PrefixTree] {
        guard operations > 1 else { return [] }
        return parts.indices.compactMap { part in
            guard case .operation(let sign, let right) = parts[part] else { return nil }
            return PrefixTree(sign: sign, values[part + 1], values[right], value: values[part])
        }
    }

    private init(sign: Int, _ a: Int, _ b: Int, value: Int) {
        (depth, operations) = (1, 1)
        parts = [.operation(sign: sign, right: 2), .number, .number]
        values = [value, a, b]
    }
}
