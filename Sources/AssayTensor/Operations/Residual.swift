import CKernels

/// What the two sides of a residual sum count: `stream * x + branch * y`.
public struct ResidualFactors: Sendable, Hashable {
    /// Of what is carried on.
    public var stream: Float
    /// Of what is added.
    public var branch: Float

    /// Both as they are.
    public static let plain = ResidualFactors(stream: 1, branch: 1)

    /// Factors.
    public init(stream: Float, branch: Float) {
        self.stream = stream
        self.branch = branch
    }
}

extension Tape {
    /// The residual sum of `x`, the stream, and `y`, what a branch adds to it.
    public func residual(_ x: Tensor, _ y: Tensor, _ factors: ResidualFactors = .plain) -> Tensor {
        precondition(x.shape == y.shape, "a residual of other shape")
        let output = tensor(x.shape)
        record(ResidualOperation(stream: x, branch: y, factors: factors, output: output))
        return output
    }

    /// The target rows of the residual sum of `x` and `y`, both `[batch, time, width]`, as `[targets.capacity, width]`:
    /// what follows runs over the rows that matter only. It may be norms, residuals, linear maps, products with a number
    /// and feed-forwards; other operations do not know that the last rows are idle.
    public func gatherSum(
        _ x: Tensor, _ y: Tensor, _ targets: TargetTable, _ factors: ResidualFactors = .plain
    ) -> Tensor {
        precondition(x.shape == y.shape, "a residual of other shape")
        let output = tensor([targets.capacity, x.width])
        record(GatherSumOperation(stream: x, branch: y, targets: targets, factors: factors, output: output))
        return output
    }
}

private final class ResidualOperation: TapeOperation {
    let stream: Tensor
    let branch: Tensor
    let factors: ResidualFactors
    let output: Tensor

    init(stream: Tensor, branch: Tensor, factors: ResidualFactors, output: Tensor) {
        self.stream = stream
        self.branch = branch
        self.factors = factors
        self.output = output
    }

    private var activeCount: Int { stream.activeRows * stream.width }

    func forward() {
        output.activeRows = stream.activeRows
        if factors == .plain {
            ck_add(activeCount, stream.value, branch.value, output.value)
        } else {
            ck_scale(activeCount, factors.stream, stream.value, output.value)
            ck_axpy(activeCount, factors.branch, branch.value, output.value)
        }
    }

    func backward() {
        pass(to: stream, factors.stream)
        pass(to: branch, factors.branch)
    }

    private func pass(to input: Tensor, _ factor: Float) {
        if factor == 1 {
            input.passGradient(of: output)
            return
        }
        let gradient = output.gradient
        if input.claimGradient() {
            ck_axpy(activeCount, factor, gradient, input.gradient)
        } else {
            ck_scale(activeCount, factor, gradient, input.gradient)
        }
    }
}

private final class GatherSumOperation: TapeOperation {
    let stream: Tensor
    let branch: Tensor
    let targets: TargetTable
    let factors: ResidualFactors
    let output: Tensor

    init(stream: Tensor, branch: Tensor, targets: TargetTable, factors: ResidualFactors, output: Tensor) {
        self.stream = stream
        self.branch = branch
        self.targets = targets
        self.factors = factors
        self.output = output
    }

    func forward() {
        output.activeRows = targets.count
        let width = output.width
        for index in 0..<targets.count {
            let place = Int(targets.rows[index]) * width
            let row = output.value + index * width
            if factors == .plain {
                ck_add(width, stream.value + place, branch.value + place, row)
            } else {
                ck_scale(width, factors.stream, stream.value + place, row)
                ck_axpy(width, factors.branch, branch.value + place, row)
            }
        }
    }

    func backward() {
        if scatter(into: stream, factors.stream), factors.stream == factors.branch {
            branch.passGradient(of: stream)
        } else {
            _ = scatter(into: branch, factors.branch)
        }
    }

    /// Adds the rows of the output's gradient to their places. True if nothing else was there.
    private func scatter(into input: Tensor, _ factor: Float) -> Bool {
        let width = output.width
        let gradient = output.gradient
        let isFirst = !input.claimGradient()
        let scattered = input.gradient
        if isFirst { scattered.update(repeating: 0, count: input.count) }
        for index in 0..<targets.count {
            ck_axpy(width, factor, gradient + index * width, scattered + Int(targets.rows[index]) * width)
        }
        return isFirst
    }
}
