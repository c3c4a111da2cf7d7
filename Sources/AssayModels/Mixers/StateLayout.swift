/// What a mixer keeps for one sequence while it decodes: named parts, one after another, in float32.
///
/// The layout is the truth about the decode state: its size, what of it is in use, and which of its numbers are
/// rewritten by every token and so carry rounding errors on.
public struct StateLayout: Sendable, Hashable {
    /// How a part changes from token to token.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Rewritten by every token: `[heads, rows, columns]`.
        case recurrence
        /// One entry a token, written once: `[heads, entries, columns]`.
        case cache
        /// The last inputs of a convolution or of a token shift: `[steps, channels]`.
        case history
    }

    /// A part of the state.
    public struct Part: Sendable, Hashable {
        /// What it holds, such as `keys`.
        public let name: String
        /// How it changes.
        public let kind: Kind
        /// Its dimensions, slowest first; the last is the row that shares one scale when it is quantised.
        public let shape: [Int]
        /// Where it begins in the state.
        public let offset: Int
        /// For a cache, how many of the latest tokens it keeps beside the first ``sinks``; 0 for all.
        public let window: Int
        /// For a cache with a window, first tokens that stay.
        public let sinks: Int
        /// For a cache, tokens that share an entry, which is written with the last of them; 1 for an entry each.
        public let stride: Int

        /// Floats of the part.
        public var count: Int { shape.reduce(1, *) }
        /// Floats of a row.
        public var rowCount: Int { shape[shape.count - 1] }

        /// Where the entry of a token lies among the entries of a cache: sinks stay, the others go round.
        public func entryIndex(position: Int) -> Int {
            if stride > 1 { return position / stride }
            if window == 0 || position < sinks { return position }
            return sinks + (position - sinks) % window
        }

        /// Entries of a cache in use after `position` tokens.
        public func entryCount(position: Int) -> Int { min(position / stride, shape[1]) }

        /// Where the entries of a head of a cache begin in the state.
        public func block(_ head: Int) -> Int { offset + head * shape[1] * shape[2] }

        /// Writes a token's entry of a cache: `row` holds that of every head, one after another.
        public func write(_ row: UnsafePointer<Float>, position: Int, to state: UnsafeMutablePointer<Float>) {
            let place = entryIndex(position: position) * rowCount
            for head in 0..<shape[0] {
                (state + block(head) + place).update(from: row + head * rowCount, count: rowCount)
            }
        }

        /// Floats of the part in use after `position` tokens, as ranges of the state.
        func used(position: Int) -> [Range<Int>] {
            guard kind == .cache else { return count > 0 ? [offset..<(offset + count)] : [] }
            let (head, used) = (shape[1] * shape[2], entryCount(position: position) * shape[2])
            return (0..<shape[0]).map { (offset + $0 * head)..<(offset + $0 * head + used) }
        }
    }

    /// The parts, in their order.
    public private(set) var parts: [Part] = []
    /// Floats of the state.
    public private(set) var count = 0

    /// A state of nothing.
    public init() {}

    /// Adds a part at the end.
    /// - Parameters:
    ///   - shape: as ``Kind`` says; a part without elements is left out.
    ///   - window: for a cache that keeps only the latest tokens, how many.
    ///   - sinks: and how many of the first ones stay.
    ///   - stride: for a cache without a window, how many tokens share an entry.
    public mutating func append(
        _ name: String, _ kind: Kind, _ shape: [Int], window: Int = 0, sinks: Int = 0, stride: Int = 1
    ) {
        precondition(shape.count == (kind == .history ? 2 : 3), "a \(kind.rawValue) has another number of dimensions")
        let part = Part(
            name: name, kind: kind, shape: shape, offset: count, window: window, sinks: sinks, stride: stride)
        guard part.count > 0 else { return }
        parts.append(part)
        count += part.count
    }

    /// Which floats are in use after `position` tokens; the rest may hold anything.
    public func used(position: Int) -> [Range<Int>] { parts.flatMap { $0.used(position: position) } }

    /// Floats in use after `position` tokens.
    public func usedCount(position: Int) -> Int { used(position: position).reduce(0) { $0 + $1.count } }

    /// The part of a name.
    public subscript(_ name: String) -> Part? { parts.first { $0.name == name } }
}
