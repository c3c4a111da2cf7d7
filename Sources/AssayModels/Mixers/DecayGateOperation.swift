import AssayTensor
import CKernels
import Foundation

/// How the logarithm of a channel-wise decay follows from the input `z` of its gate; see ck_channel.h.
enum DecayGate {
    /// `g = -exp(a_log) softplus(z + bias)`, one `a_log` a head.
    case softplus
    /// `g = factor log sigmoid(z + bias)`.
    case logSigmoid(factor: Float)
    /// `g = -factor sigmoid(z + bias)`.
    case sigmoid(factor: Float)

    var kind: Int32 {
        switch self {
        case .softplus: Int32(CK_DECAY_SOFTPLUS)
        case .logSigmoid: Int32(CK_DECAY_LOG_SIGMOID)
        case .sigmoid: Int32(CK_DECAY_SIGMOID)
        }
    }

    /// The factor before the function of the kernel, where it is not that of the head.
    var rate: Float {
        switch self {
        case .softplus: 0
        case .logSigmoid(let factor), .sigmoid(let factor): -factor
        }
    }

    /// `g` of one channel in double precision.
    func reference(_ z: Double, aLog: Double) -> Double {
        switch self {
        case .softplus: -exp(aLog) * Reference.softplus(z)
        case .logSigmoid(let factor): -Double(factor) * Reference.softplus(-z)
        case .sigmoid(let factor): -Double(factor) * Reference.sigmoid(z)
        }
    }

    /// The decays of some rows.
    /// - Parameters:
    ///   - input: `[rows, heads * width]`.
    ///   - bias: `[heads * width]`.
    ///   - aLog: `[heads]`, for ``softplus``.
    func forward(
        rows: Int, heads: Int, width: Int, _ input: UnsafePointer<Float>, bias: UnsafePointer<Float>,
        aLog: UnsafePointer<Float>?, into output: UnsafeMutablePointer<Float>
    ) {
        ck_decay_gate_forward(
            kind, rows, heads, width, input, heads * width, bias, aLog, rate, output, heads * width)
    }

    /// Records the gate on a tape.
    /// - Parameters:
    ///   - input: `[batch, time, heads * width]`.
    /// - Returns: the logarithms of the decays, of the same shape.
    func record(_ input: Tensor, bias: Tensor, aLog: Tensor?, heads: Int, on tape: Tape) -> Tensor {
        let output = tape.tensor(input.shape)
        tape.record(DecayGateOperation(gate: self, input: input, bias: bias, aLog: aLog, heads: heads, output: output))
        return output
    }
}

private final class DecayGateOperation: TapeOperation {
    let gate: DecayGate
    let input: Tensor
    let bias: Tensor
    let aLog: Tensor?
    let heads: Int
    let output: Tensor

    init(gate: DecayGate, input: Tensor, bias: Tensor, aLog: Tensor?, heads: Int, output: Tensor) {
        (self.gate, self.input, self.bias, self.aLog) = (gate, input, bias, aLog)
        (self.heads, self.output) = (heads, output)
    }

    func forward() {
        gate.forward(
            rows: input.rows, heads: heads, width: input.width / heads, input.value, bias: bias.value,
            aLog: aLog.map { UnsafePointer($0.value) }, into: output.value)
    }

    func backward() {
        let upstream = output.gradient
        let adds: Int32 = input.claimGradient() ? 1 : 0
        ck_decay_gate_backward(
            gate.kind, input.rows, heads, input.width / heads, input.value, input.width, bias.value, aLog?.value,
            gate.rate, upstream, output.width, input.gradient, input.width, adds, bias.gradient, aLog?.gradient)
    }
}
