import CKernels

extension Tape {
    /// The sum of several outputs of the same heads, each times a gate of its own for every head and token.
    /// - Parameters:
    ///   - branches: `[batch, time, heads * any]` each.
    ///   - gates: `[batch, time, heads * branches]`, the gates of a head next to each other, before the sigmoid.
    public func gatedBranches(_ branches: [Tensor], gates: Tensor, heads: Int) -> Tensor {
        precondition(
            branches.allSatisfy { $0.shape == branches[0].shape } && gates.width == heads * branches.count
                && branches[0].width % heads == 0, "gates do not fit")
        let shares = sigmoid(gates)
        let output = tensor(branches[0].shape)
        record(GatedBranchesOperation(branches: branches, shares: shares, heads: heads, output: output))
        return output
    }
}

private final class GatedBranchesOperation: TapeOperation {
    let branches: [Tensor]
    let shares: Tensor
    let heads: Int
    let output: Tensor

    init(branches: [Tensor], shares: Tensor, heads: Int, output: Tensor) {
        self.branches = branches
        self.shares = shares
        self.heads = heads
        self.output = output
    }

    func forward() {
        let columns = output.width / heads
        output.value.update(repeating: 0, count: output.count)
        for (index, branch) in branches.enumerated() {
            for part in 0..<(output.rows * heads) {
                let place = part * columns
                ck_axpy(
                    columns, shares.value[part * branches.count + index], branch.value + place, output.value + place)
            }
        }
    }

    func backward() {
        let columns = output.width / heads
        let gradient = output.gradient
        if !shares.claimGradient() { shares.gradient.update(repeating: 0, count: shares.count) }
        for (index, branch) in branches.enumerated() {
            if !branch.claimGradient() { branch.gradient.update(repeating: 0, count: branch.count) }
            for part in 0..<(output.rows * heads) {
                let (place, gate) = (part * columns, part * branches.count + index)
                ck_axpy(columns, shares.value[gate], gradient + place, branch.gradient + place)
                shares.gradient[gate] += Float(ck_dot(columns, gradient + place, branch.value + place))
            }
        }
    }
}
