import AssayTensor

/// Full causal softmax attention, as in Llama; with `query-key-norm` as in Qwen3 or MiniMax-M2.
///
/// Options: `rotary-fraction` (share of a head that rotary embedding turns, 1 for all, 0 for none), `rotary-base`,
/// `query-key-norm` (`none`, `head`, `all`).
public struct FullAttention: Mixer {
    /// `full`.
    public static let name = "full"
    /// See the type.
    public static let optionNames = SoftmaxAttention.optionNames

    private let attention: SoftmaxAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws { attention = try SoftmaxAttention(request) }

    /// Declares the projections, and the norms of queries and keys if there are any.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        attention.parallel(x, prefix: prefix, on: tape)
    }

    /// Keys and values of every token.
    public func stateLayout(capacity: Int) -> StateLayout { attention.stateLayout(capacity: capacity) }

    /// The recurrent form, over a cache of keys and values.
    public func step(_ call: MixerStep) { attention.step(call) }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        attention.stepScratchCount(batch: batch, capacity: capacity)
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        attention.reference(x, time: time, weights: weights)
    }

    /// What a token costs.
    public func cost(context: Int) -> MixerCost { attention.cost(context: context) }
}
