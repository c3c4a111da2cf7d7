/// Random numbers from counters: draw number n of a key is a pure function of (key, n), so that any item can be made
/// alone, in any order, on any machine, with the same result.
///
/// Philox4x32-10 of Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011).
public struct CounterRandom: RandomNumberGenerator, Sendable {
    private let key: (UInt32, UInt32)
    private let index: (UInt32, UInt32)
    private var block: UInt64 = 0
    private var held: UInt64 = 0
    private var hasHeld = false

    /// The stream number `index` of a key.
    public init(key: UInt64, index: UInt64) {
        self.key = (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
        self.index = (UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32))
    }

    /// The stream number `index` of a name, such as a task's identity: names give independent keys.
    public init(domain: String, index: UInt64) {
        self.init(key: ContentHash(of: domain).leadingBits, index: index)
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        if hasHeld {
            hasHeld = false
            return held
        }
        let words = CounterRandom.philox(
            counter: (UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), index.0, index.1),
            key: key)
        block += 1
        held = UInt64(words.3) << 32 | UInt64(words.2)
        hasHeld = true
        return UInt64(words.1) << 32 | UInt64(words.0)
    }

    /// A whole number in `0 ..< bound`, without bias (Lemire's multiplication with rejection).
    public mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "a random number needs a positive bound")
        let range = UInt64(bound)
        var product = next().multipliedFullWidth(by: range)
        if product.low < range {
            let threshold = (0 &- range) % range
            while product.low < threshold { product = next().multipliedFullWidth(by: range) }
        }
        return Int(product.high)
    }

    /// A number in [0, 1) with 53 random bits.
    public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// True with a probability.
    public mutating func chance(_ probability: Double) -> Bool { unit() < probability }

    /// `count` different numbers of `0 ..< bound`, in random order (a partial Fisher-Yates shuffle).
    public mutating func distinct(_ count: Int, below bound: Int) -> [Int] {
        precondition(count <= bound, "cannot draw \(count) different numbers below \(bound)")
        var pool = Array(0..<bound)
        for i in 0..<count { pool.swapAt(i, i + below(bound - i)) }
        return Array(pool.prefix(count))
    }

    /// Shuffles in place (Fisher-Yates).
    public mutating func shuffle<T>(_ values: inout [T]) {
        guard values.count > 1 else { return }
        for i in stride(from: values.count - 1, to: 0, by: -1) { values.swapAt(i, below(i + 1)) }
    }

    /// An element of a collection that is not empty.
    public mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

    /// One Philox4x32-10 block.
    static func philox(
        counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
    ) -> (UInt32, UInt32, UInt32, UInt32) {
        var (c0, c1, c2, c3) = counter
        var (k0, k1) = key
        for _ in 0..<10 {
            let p0 = c0.multipliedFullWidth(by: 0xD251_1F53)
            let p1 = c2.multipliedFullWidth(by: 0xCD9E_8D57)
            (c0, c1, c2, c3) = (p1.high ^ c1 ^ k0, p1.low, p0.high ^ c3 ^ k1, p0.low)
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return (c0, c1, c2, c3)
    }
}
