import AssayTensor
import CKernels

/// The feed-forward of RWKV-7: `y = W_value max(W_key x_k, 0)^2` with the token shift `x_k = x_t + s (x_{t-1} - x_t)`.
///
/// Options: `hidden`, the inner width (default: the architecture's; the published models have four times the width).
public struct RWKVChannelMix: Mixer {
    /// `rwkv-channel-mix`.
    public static let name = "rwkv-channel-mix"
    /// See the type.
    public static let optionNames = ["hidden"]

    private let width: Int
    private let hidden: Int
    private let start: RWKV7Start

    /// The feed-forward of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        width = architecture.width
        hidden = try request.integer("hidden", default: architecture.hiddenWidth, in: 1...65_536)
        start = RWKV7Start(architecture: architecture, layer: request.layer, headDimension: 1, heads: 1)
    }

    /// Declares the shift and both projections.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        layout.declare(prefix + "x_k", [width], .values(start.channelShift), decays: false)
        layout.declare(
            prefix + "key_proj.weight", [hidden, width], .normal(standardDeviation: start.deviation))
        layout.declare(
            prefix + "value_proj.weight", [width, hidden],
            .normal(standardDeviation: start.outputDeviation))
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let shifted = tape.tokenShift(x, mixes: [tape.parameter(prefix + "x_k")])
        let inner = tape.reluSquared(
            tape.linear(shifted[0], tape.parameter(prefix + "key_proj.weight")))
        return tape.linear(inner, tape.parameter(prefix + "value_proj.weight"))
    }

    /// The input before.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        layout.append("shift", .history, [1, width])
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int { batch * (width + hidden) }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let shifted = call.scratch
        let inner = shifted + call.batch * width
        let mix = call.parameter("x_k")
        for i in 0..<call.batch {
            let (row, state) = (call.input + i * width, call.states[i])
            ck_token_shift_forward(1, width, state, row, width, mix, shifted + i * width, width)
            state.update(from: row, count: width)
        }
        call.multiply("key_proj.weight", shifted, stride: width, into: inner, stride: hidden)
        ck_relu_squared(call.batch * hidden, inner, inner)
        call.multiply("value_proj.weight", inner, stride: hidden, into: call.output, stride: width)
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let mix = weights["x_k"], let key = weights["key_proj.weight"],
            let value = weights["value_proj.weight"]
        else { preconditionFailure("weights of a channel mix are missing") }
        let inner = Reference.linear(Reference.tokenShift(x, mix), key, inputs: width).map {
            max($0, 0) * max($0, 0)
        }
        return Reference.linear(inner, value, inputs: hidden)
    }

    /// What a token costs: two matrix products.
    public func cost(context: Int) -> MixerCost {
        let operations = Double(4 * width * hidden)
        return MixerCost(
            prefillFLOPs: operations, decodeFLOPs: operations,
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
