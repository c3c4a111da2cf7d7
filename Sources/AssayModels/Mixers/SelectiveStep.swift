import AssayTensor
import CKernels
import Foundation

extension Tape {
    /// The step sizes and log decays of Mamba-2: `dt = softplus(raw + bias)` and `g = -exp(decay) dt` for every head.
    /// - Parameters:
    ///   - raw: `[batch, time, heads]`, possibly columns of a wider tensor.
    ///   - bias: `dt_bias`, `[heads]`.
    ///   - decay: `A_log`, `[heads]`.
    ///   - limits: between what dt is held.
    /// - Returns: both as `[batch, time, heads]`.
    func selectiveStep(
        _ raw: TensorSlice, bias: Tensor, decay: Tensor, limits: ClosedRange<Float>
    ) -> (step: Tensor, logDecay: Tensor) {
        let shape = [raw.tensor.shape[0], raw.tensor.shape[1], raw.width]
        let (step, logDecay) = (tensor(shape), tensor(shape))
        record(
            SelectiveStepOperation(
                raw: raw, bias: bias, decay: decay, limits: limits, step: step, logDecay: logDecay,
                workspace: workspace(2 * step.count)))
        return (step, logDecay)
    }
}

/// The limits of steps.
enum SelectiveStep {
    /// Holds steps between limits.
    static func hold(_ count: Int, _ steps: UnsafeMutablePointer<Float>, in limits: ClosedRange<Float>) {
        guard limits.lowerBound > 0 || limits.upperBound < .infinity else { return }
        for i in 0..<count { steps[i] = min(max(steps[i], limits.lowerBound), limits.upperBound) }
    }
}

private final class SelectiveStepOperation: TapeOperation {
    let raw: TensorSlice
    let bias: Tensor
    let decay: Tensor
    let limits: ClosedRange<Float>
    let step: Tensor
    let logDecay: Tensor
    let workspace: Workspace
    let claim: SliceClaim

    init(
        raw: TensorSlice, bias: Tensor, decay: Tensor, limits: ClosedRange<Float>, step: Tensor, logDecay: Tensor,
        workspace: Workspace
    ) {
        self.raw = raw
        self.bias = bias
        self.decay = decay
        self.limits = limits
        self.step = step
        self.logDecay = logDecay
        self.workspace = workspace
        claim = SliceClaim([raw])
    }

    private func addBias(into sum: UnsafeMutablePointer<Float>) {
        let heads = raw.width
        for row in 0..<step.rows {
            for head in 0..<heads { sum[row * heads + head] = raw.value[row * raw.stride + head] + bias.value[head] }
        }
    }

    func forward() {
        let heads = raw.width
        addBias(into: step.value)
        ck_softplus(step.count, step.value, step.value)
        SelectiveStep.hold(step.count, step.value, in: limits)
        for head in 0..<heads {
            let rate = -exp(decay.value[head])
            for i in stride(from: head, to: step.count, by: heads) { logDecay.value[i] = rate * step.value[i] }
        }
    }

    func backward() {
        let heads = raw.width
        let (dstep, dlog) = (step.gradient, logDecay.gradient)
        let (sum, draw) = (workspace.pointer, workspace.pointer + step.count)
        for head in 0..<heads {
            let rate = -exp(decay.value[head])
            var total: Float = 0
            for i in stride(from: head, to: step.count, by: heads) {
                // A step at a limit does not move.
                let isHeld = step.value[i] <= limits.lowerBound || step.value[i] >= limits.upperBound
                draw[i] = isHeld && step.value[i] > 0 ? 0 : dstep[i] + rate * dlog[i]
                total += dlog[i] * logDecay.value[i]
            }
            decay.gradient[head] += total
        }
        addBias(into: sum)
        ck_softplus_backward(step.count, sum, draw, draw, 0)
        claim.claim()
        let (target, adds) = (raw.gradient, claim.adds(0))
        for row in 0..<step.rows {
            for head in 0..<heads {
                let (d, place) = (draw[row * heads + head], row * raw.stride + head)
                bias.gradient[head] += d
                target[place] = adds ? target[place] + d : d
            }
        }
    }
}
