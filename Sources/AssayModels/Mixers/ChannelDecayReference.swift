/// The state of a recurrence with channel-wise decay in double precision, token by token; see ck_channel.h.
struct ChannelDecayReference {
    /// How the state changes once it has decayed.
    enum Write {
        /// `S <- S + k v'`.
        case additive
        /// `S <- S + beta k (v - S' k)'`.
        case delta(beta: Double)
        /// `S <- S - w (S_old' r)' + k v'`, `S_old` being the state before its decay.
        case lowRank(read: [Double], write: [Double])
    }

    private(set) var state: [Double]
    private let keys: Int
    private let values: Int

    init(keys: Int, values: Int) {
        (self.keys, self.values) = (keys, values)
        state = [Double](repeating: 0, count: keys * values)
    }

    /// Takes a token; `decay` are factors, not their logarithms.
    /// - Returns: `S' q`.
    mutating func step(query: [Double], key: [Double], value: [Double], decay: [Double], _ write: Write) -> [Double] {
        var taken = [Double](repeating: 0, count: values)
        if case .lowRank(let read, _) = write { taken = product(read) }
        for i in 0..<(keys * values) { state[i] *= decay[i / values] }
        var written = value
        if case .delta(let beta) = write { written = zip(value, product(key)).map { beta * ($0 - $1) } }
        for i in 0..<keys {
            for j in 0..<values {
                state[i * values + j] += key[i] * written[j]
                if case .lowRank(_, let removal) = write { state[i * values + j] -= removal[i] * taken[j] }
            }
        }
        return product(query)
    }

    private func product(_ vector: [Double]) -> [Double] {
        (0..<values).map { j in (0..<keys).reduce(0.0) { $0 + state[$1 * values + j] * vector[$1] } }
    }

    /// A vector divided by its length.
    static func normalised(_ vector: some Sequence<Double>) -> [Double] {
        let inverse = 1 / vector.reduce(Double(HeadNorm.epsilon)) { $0 + $1 * $1 }.squareRoot()
        return vector.map { $0 * inverse }
    }
}
