/// How one branch, a mixer or a feed-forward, sits on the residual stream, where it does not as the ``BlockForm`` says.
public struct BranchForm: Sendable, Hashable, Codable {
    /// Where its norms stand.
    public var residual: ResidualForm
    /// What counts the stream in its residual sum.
    public var streamFactor: Double
    /// What counts the branch in it.
    public var branchFactor: Double

    /// A form; plain sums unless factors are given.
    public init(_ residual: ResidualForm, streamFactor: Double = 1, branchFactor: Double = 1) {
        self.residual = residual
        self.streamFactor = streamFactor
        self.branchFactor = branchFactor
    }
}

extension BlockForm {
    /// The form of branches that have none of their own.
    var branch: BranchForm { BranchForm(residual, streamFactor: streamFactor, branchFactor: branchFactor) }
}

extension Architecture {
    /// The form of a branch.
    func form(layer: Int, part: LayerPart) -> BranchForm {
        let own = part == .mixer ? layers[layer].mixerForm : layers[layer].feedForwardForm
        return own ?? block.branch
    }
}
