/// One row whose logits are wanted, and the token that they should predict.
public struct Target: Sendable, Hashable, BitwiseCopyable {
    /// `sequence * time + position`: the logits at this row predict the token.
    public var row: Int32
    /// The token that should come next.
    public var token: Int32
    /// What its negative log likelihood counts in the loss.
    public var weight: Float

    /// A target.
    public init(row: Int32, token: Int32, weight: Float) {
        self.row = row
        self.token = token
        self.weight = weight
    }
}
