import AssayTensor

/// Softmax attention over the last `window` tokens, itself included, and the first `sinks` tokens (StreamingLLM, Xiao et
/// al. 2023).
///
/// Options: `window` (default 128), `sinks` (default 0), and those of full attention: `rotary-fraction`, `rotary-base`,
/// `query-key-norm`.
public struct SlidingWindowAttention: Mixer {
    /// `sliding-window`.
    public static let name = "sliding-window"
    /// See the type.
    public static let optionNames = ["window", "sinks"] + SoftmaxAttention.optionNames

    private let attention: SoftmaxAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try SoftmaxAttention(
            request, window: request.integer("window", default: 128, in: 1...1_048_576),
            sinks: request.integer("sinks", default: 0, in: 0...1_048_576))
    }

    /// Declares the projections, and the norms of queries and keys if there are any.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        attention.parallel(x, prefix: prefix, on: tape)
    }

    /// Keys and values of the window and the sinks.
    public func stateLayout(capacity: Int) -> StateLayout { attention.stateLayout(capacity: capacity) }

    /// The recurrent form, over a ring of keys and values.
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
