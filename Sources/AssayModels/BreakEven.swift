/// From which context length on something holds, such as that a model costs no more than another.
public enum BreakEven {
    /// The longest context that is looked at unless another is named.
    public static let limit = 1 << 30

    /// The smallest context length from which on a condition holds, nil if it does not hold at the limit. The condition
    /// may change once between powers of two.
    public static func length(upTo limit: Int = limit, where holds: (_ context: Int) -> Bool) -> Int? {
        guard holds(limit) else { return nil }
        var high = limit
        while high > 1, holds(high / 2) { high /= 2 }
        var low = high / 2
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if holds(middle) { high = middle } else { low = middle }
        }
        return high
    }
}

extension Architecture {
    /// The same architecture with full attention in the place of every mixer: what its mixers are held against.
    public var withFullAttention: Architecture {
        var architecture = self
        for layer in layers.indices {
            architecture.layers[layer].mixer = FullAttention.name
            architecture.layers[layer].options = [:]
        }
        return architecture
    }
}
