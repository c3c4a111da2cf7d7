import Foundation

/// Cosines and sines of the rotary angles of positions.
public struct RotaryTable: Sendable {
    /// Positions.
    public let time: Int
    /// Elements of a head that are turned; even.
    public let dimension: Int
    /// `[time, dimension / 2]`.
    public let cosines: [Float]
    /// `[time, dimension / 2]`.
    public let sines: [Float]

    /// Angles `position * base^(-2 i / dimension)` (Su et al., RoFormer).
    public init(time: Int, dimension: Int, base: Double) {
        precondition(dimension % 2 == 0, "rotary pairs need an even dimension")
        self.time = time
        self.dimension = dimension
        let half = dimension / 2
        var cosines = [Float](repeating: 0, count: time * half)
        var sines = cosines
        for t in 0..<time {
            for i in 0..<half {
                let angle = Double(t) * pow(base, -2 * Double(i) / Double(dimension))
                cosines[t * half + i] = Float(cos(angle))
                sines[t * half + i] = Float(sin(angle))
            }
        }
        self.cosines = cosines
        self.sines = sines
    }

    /// A table of at least `time` positions, made once for all who ask for the same angles.
    public static func shared(time: Int, dimension: Int, base: Double) -> RotaryTable {
        RotaryTableCache.shared.table(time: time, dimension: dimension, base: base)
    }
}

/// The tables that were made so far.
private final class RotaryTableCache: @unchecked Sendable {
    static let shared = RotaryTableCache()

    private let lock = NSLock()
    private var tables: [(dimension: Int, base: Double, table: RotaryTable)] = []

    func table(time: Int, dimension: Int, base: Double) -> RotaryTable {
        lock.lock()
        defer { lock.unlock() }
        let known = tables.firstIndex { $0.dimension == dimension && $0.base == base }
        if let known, tables[known].table.time >= time { return tables[known].table }
        var room = 256
        while room < time { room *= 2 }
        let table = RotaryTable(time: room, dimension: dimension, base: base)
        if let known {
            tables[known].table = table
        } else {
            tables.append((dimension, base, table))
        }
        return table
    }
}
