import Foundation

/// By which angles the pairs of a head turn from one position to the next.
public struct RotaryAngles: Sendable, Hashable {
    /// Elements of a head that are turned; even.
    public var dimension: Int
    /// Frequencies are `base^(-2 i / dimension)` (Su et al., RoFormer).
    public var base: Double
    /// What is done to them.
    public var scaling: RotaryScaling?
    /// The position that the first token is taken to have.
    public var start: Int

    /// Angles.
    public init(dimension: Int, base: Double, scaling: RotaryScaling? = nil, start: Int = 0) {
        self.dimension = dimension
        self.base = base
        self.scaling = scaling
        self.start = start
    }

    /// The angle of each pair from one position to the next.
    public var frequencies: [Double] {
        let plain = (0..<(dimension / 2)).map { pow(base, -2 * Double($0) / Double(dimension)) }
        return scaling?.scaled(plain, dimension: dimension, base: base) ?? plain
    }

    /// What multiplies cosines and sines.
    public var magnitude: Double { scaling?.magnitude ?? 1 }
}

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

    /// Angles `position * base^(-2 i / dimension)`.
    public init(time: Int, dimension: Int, base: Double) {
        self.init(time: time, RotaryAngles(dimension: dimension, base: base))
    }

    /// The angles of the first positions.
    public init(time: Int, _ angles: RotaryAngles) {
        precondition(angles.dimension % 2 == 0, "rotary pairs need an even dimension")
        self.time = time
        dimension = angles.dimension
        let half = dimension / 2
        let (frequencies, magnitude) = (angles.frequencies, angles.magnitude)
        var cosines = [Float](repeating: 0, count: time * half)
        var sines = cosines
        for t in 0..<time {
            for i in 0..<half {
                let angle = Double(t + angles.start) * frequencies[i]
                cosines[t * half + i] = Float(magnitude * cos(angle))
                sines[t * half + i] = Float(magnitude * sin(angle))
            }
        }
        self.cosines = cosines
        self.sines = sines
    }

    /// A table of at least `time` positions, made once for all who ask for the same angles.
    public static func shared(time: Int, _ angles: RotaryAngles) -> RotaryTable {
        RotaryTableCache.shared.table(time: time, angles)
    }
}

/// The tables that were made so far.
private final class RotaryTableCache: @unchecked Sendable {
    static let shared = RotaryTableCache()

    private let lock = NSLock()
    private var tables: [RotaryAngles: RotaryTable] = [:]

    func table(time: Int, _ angles: RotaryAngles) -> RotaryTable {
        lock.lock()
        defer { lock.unlock() }
        if let known = tables[angles], known.time >= time { return known }
        var room = 256
        while room < time { room *= 2 }
        let table = RotaryTable(time: room, angles)
        tables[angles] = table
        return table
    }
}
