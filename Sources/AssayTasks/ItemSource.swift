import AssayCore

/// Where a generator's random numbers come from: counters under a key made of the task's identity, the stream and the use.
///
/// Training and evaluation differ in the key, and besides no context can be in both: contexts whose fingerprint ends in
/// two zero bits are evaluation contexts, the others training contexts. A draw that falls on the wrong side is repeated.
struct ItemSource: Sendable {
    /// What the numbers are for.
    enum Use: UInt64 {
        case cluster = 1
        case training = 2
    }

    private let key: UInt64

    /// The source of a task; hashes the identity once.
    init(_ identity: TaskIdentity) { key = CounterRandom(domain: identity.text, index: 0).derivedKey() }

    /// The random numbers of item `index`, a pure function of the arguments.
    func random(_ stream: ItemStream, _ use: Use, _ index: Int) -> CounterRandom {
        let seed: UInt64
        let side: UInt64
        switch stream {
        case .training(let value): (seed, side) = (value, 0)
        case .evaluation(let value): (seed, side) = (value, 1)
        }
        var keys = CounterRandom(key: ContentBits.mix(key &+ (use.rawValue << 1 | side)), index: seed)
        return CounterRandom(key: keys.next(), index: UInt64(index))
    }

    /// Draws a context on the stream's side of the hold-out, and gives the random numbers that follow it.
    func draw<Context>(
        _ stream: ItemStream, _ use: Use, _ index: Int,
        _ make: (inout CounterRandom) -> (context: Context, bits: UInt64)
    ) -> (context: Context, random: CounterRandom) {
        var random = random(stream, use, index)
        let wanted = if case .evaluation = stream { true } else { false }
        while true {
            let drawn = make(&random)
            if ItemSource.isHeldOut(drawn.bits) == wanted { return (drawn.context, random) }
        }
    }

    /// Whether a context of this fingerprint is for evaluation: one in four.
    static func isHeldOut(_ bits: UInt64) -> Bool { bits & 3 == 0 }
}

extension CounterRandom {
    /// A key for further counters.
    fileprivate func derivedKey() -> UInt64 {
        var copy = self
        return copy.next()
    }

    /// `count` numbers below `bound` in random order, each as often as the others, or once more.
    mutating func rounds(_ count: Int, of bound: Int) -> [Int] {
        var drawn: [Int] = []
        drawn.reserveCapacity(count)
        while drawn.count < count { drawn += distinct(min(bound, count - drawn.count), below: bound) }
        return drawn
    }

    /// A difficulty for training: the hardest half of the time, else any between. Small models learn sooner when some
    /// sequences are easy.
    mutating func difficulty(_ range: ClosedRange<Int>) -> Int {
        if next() & 1 == 0 { return range.upperBound }
        return range.lowerBound + below(range.count)
    }
}
