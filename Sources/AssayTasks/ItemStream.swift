/// Which of the disjoint streams of clusters is meant: the stream is part of the random key, so no item is in two.
public enum ItemStream: Sendable, Hashable {
    /// Training data of a seed.
    case training(seed: UInt64)
    /// Evaluation items of a seed, never trained on.
    case evaluation(seed: UInt64)

    /// The name that goes into the random key.
    public var name: String {
        switch self {
        case .training(let seed): "training/\(seed)"
        case .evaluation(let seed): "evaluation/\(seed)"
        }
    }
}
