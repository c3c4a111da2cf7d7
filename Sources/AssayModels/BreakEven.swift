/// From which context length on a model costs no more than another.
public enum BreakEven {
    /// The longest context that is looked at.
    public static let limit = 1 << 30

    /// The smallest context length from which on `cost` is at most `control`, if there is one up to ``limit``; nil if
    /// not. The difference must not change its sign twice, as that of a straight line and one that bends down.
    public static func length(
        _ cost: (_ context: Int) -> Double, against control: (_ context: Int) -> Double
    ) -> Int? {
        func isReached(_ context: Int) -> Bool { cost(context) <= control(context) }
        guard isReached(limit) else { return nil }
        var (low, high) = (1, limit)
        while low < high {
            let middle = low + (high - low) / 2
            if isReached(middle) { high = middle } else { low = middle + 1 }
        }
        return low
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
