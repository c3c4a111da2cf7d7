/// A change of a model that needs no training: the weights stay what they are, and the model is run otherwise.
///
/// A swap has one textual form, in conditions, files and the store alike (``name``, ``init(_:)``):
///
///     halve-windows          every sliding window half as wide
///     window=256             softmax attention sees the last 256 tokens, itself included
///     window=256+4           ... and the first 4 (StreamingLLM, Xiao et al. 2023)
///     top-k=64               every query sees the 64 keys with the highest scores of its softmax, and no others
///     no-rotary              no token is turned: attention without positions
///     shift-positions=1      queries are turned as if every key stood one token further back
///     drop=3                 the mixer of layer 3, counted from 0, adds nothing
///     drop-head=3.1          head 1 of layer 3 adds nothing
public enum Swap: Sendable, Hashable {
    /// Every sliding window half as wide, rounded down but at least 1.
    case halvedWindows
    /// Full attention becomes a window with sinks, and wider windows become narrower.
    case window(Int, sinks: Int)
    /// So many keys for every query, those with the highest scores.
    case topScores(Int)
    /// Rotary embedding without angles.
    case noRotary
    /// The distance by which every key seems further from its query than it is; negative for nearer.
    case shiftedPositions(Int)
    /// The mixer of a layer adds nothing.
    case dropped(layer: Int)
    /// A head of a layer adds nothing.
    case droppedHead(layer: Int, head: Int)

    /// Tokens of a window, and keys of a choice.
    static let counts = 1...1_048_576
    /// First tokens that stay in sight.
    static let sinks = 0...1_048_576
    /// Positions that queries can be shifted by, beside none.
    static let shifts = -65_536...65_536
    /// Layers and heads that can be named; which ones a model has is told when it is swapped.
    static let places = 0...65_535

    /// The name used in files, tables and the store.
    public var name: String {
        switch self {
        case .halvedWindows: Kind.halvedWindows.rawValue
        case .window(let window, 0): "\(Kind.window.rawValue)=\(window)"
        case .window(let window, let sinks): "\(Kind.window.rawValue)=\(window)+\(sinks)"
        case .topScores(let count): "\(Kind.topScores.rawValue)=\(count)"
        case .noRotary: Kind.noRotary.rawValue
        case .shiftedPositions(let shift): "\(Kind.shiftedPositions.rawValue)=\(shift)"
        case .dropped(let layer): "\(Kind.dropped.rawValue)=\(layer)"
        case .droppedHead(let layer, let head): "\(Kind.droppedHead.rawValue)=\(layer).\(head)"
        }
    }

    /// The first words of the textual forms, in the order in which swaps are made and written.
    enum Kind: String, CaseIterable {
        case halvedWindows = "halve-windows"
        case window
        case topScores = "top-k"
        case noRotary = "no-rotary"
        case shiftedPositions = "shift-positions"
        case dropped = "drop"
        case droppedHead = "drop-head"

        /// Whether there can be several in one condition.
        var isRepeatable: Bool { self == .dropped || self == .droppedHead }
        /// Whether nothing stands after it.
        var isPlain: Bool { self == .halvedWindows || self == .noRotary }
    }

    var kind: Kind {
        switch self {
        case .halvedWindows: .halvedWindows
        case .window: .window
        case .topScores: .topScores
        case .noRotary: .noRotary
        case .shiftedPositions: .shiftedPositions
        case .dropped: .dropped
        case .droppedHead: .droppedHead
        }
    }
}

extension Swap: Comparable {
    /// The order in which swaps are made and written.
    public static func < (a: Swap, b: Swap) -> Bool { a.rank < b.rank }

    private var rank: (Int, Int, Int) {
        let place = Kind.allCases.firstIndex(of: kind) ?? 0
        return switch self {
        case .halvedWindows, .noRotary: (place, 0, 0)
        case .window(let window, let sinks): (place, window, sinks)
        case .topScores(let number), .shiftedPositions(let number), .dropped(let number): (place, number, 0)
        case .droppedHead(let layer, let head): (place, layer, head)
        }
    }
}

extension Swap {
    /// Reads the textual form.
    /// - Throws: ``AssayError`` saying what is wrong and what to write.
    public init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let kind = Kind(rawValue: parts[0]) else {
            throw AssayError.badInput(
                "'\(text)' is not a swap",
                remedy: Suggestion.remedy(for: parts[0], among: Kind.allCases.map(\.rawValue)))
        }
        func failure(_ remedy: String) -> AssayError { .badInput("'\(text)' is not a swap", remedy: remedy) }
        func integers(_ separator: Character, _ ranges: [ClosedRange<Int>], least: Int, like example: String) throws
            -> [Int]
        {
            let numbers = parts.count == 2 ? parts[1].split(separator: separator, omittingEmptySubsequences: false) : []
            let values = zip(numbers, ranges).compactMap { number, range in
                Int(number).flatMap { range.contains($0) && "\($0)" == number ? $0 : nil }
            }
            guard values.count == numbers.count, values.count >= least else {
                let bounds = ranges.map { "\($0.lowerBound) to \($0.upperBound)" }.joined(separator: " and ")
                throw failure("Write '\(kind.rawValue)=\(example)', with whole numbers from \(bounds)")
            }
            return values
        }
        switch kind {
        case .halvedWindows, .noRotary:
            guard parts.count == 1 else { throw failure("Write '\(kind.rawValue)'") }
            self = kind == .noRotary ? .noRotary : .halvedWindows
        case .window:
            let numbers = try integers("+", [Self.counts, Self.sinks], least: 1, like: "256+4")
            self = .window(numbers[0], sinks: numbers.count > 1 ? numbers[1] : 0)
        case .topScores: self = .topScores(try integers("+", [Self.counts], least: 1, like: "64")[0])
        case .shiftedPositions:
            let shift = try integers("+", [Self.shifts], least: 1, like: "1")[0]
            guard shift != 0 else { throw failure("A shift by 0 changes nothing: leave it out") }
            self = .shiftedPositions(shift)
        case .dropped: self = .dropped(layer: try integers(".", [Self.places], least: 1, like: "3")[0])
        case .droppedHead:
            let numbers = try integers(".", [Self.places, Self.places], least: 2, like: "3.1")
            self = .droppedHead(layer: numbers[0], head: numbers[1])
        }
    }

    /// Whether a part of a condition is meant to be a swap, rightly written or not, and not a format.
    static func isMeant(by text: String) -> Bool {
        text.contains("=")
            || StateFormat(rawValue: text) == nil
                && Suggestion.nearest(to: text, among: Kind.allCases.map(\.rawValue)) != nil
    }

    /// Reads several with `:` between them, in any order.
    /// - Throws: ``AssayError`` also where two of them cannot be made together.
    public static func list(_ text: String) throws -> [Swap] {
        try list(text.split(separator: ":", omittingEmptySubsequences: false).map(String.init))
    }

    static func list(_ texts: [String]) throws -> [Swap] {
        let swaps = try texts.map { try Swap($0) }
        for kind in Kind.allCases where !kind.isRepeatable {
            let own = swaps.filter { $0.kind == kind }
            guard own.count < 2 else {
                throw AssayError.badInput(
                    "'\(own[0].name)' and '\(own[1].name)' are both '\(kind.rawValue)'", remedy: "Leave one out")
            }
        }
        return Set(swaps).sorted()
    }
}
