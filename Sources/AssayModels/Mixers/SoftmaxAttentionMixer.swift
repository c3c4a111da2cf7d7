import AssayTensor

/// A mixer that is a ``SoftmaxAttention`` and nothing else: full attention, and attention with a window.
public protocol SoftmaxAttentionMixer: Mixer {
    /// The attention.
    var attention: SoftmaxAttention { get }
}

extension SoftmaxAttentionMixer {
    /// Declares the projections, and the norms, the gate, the biases and the sink logits if there are any.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        attention.parallel(x, prefix: prefix, on: tape)
    }

    /// Keys and values of the tokens that a query can still see.
    public func stateLayout(capacity: Int) -> StateLayout { attention.stateLayout(capacity: capacity) }

    /// The recurrent form, over a cache of keys and values: with a window, a ring.
    public func step(_ call: MixerStep) { attention.step(call) }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        attention.stepScratchCount(batch: batch, capacity: capacity)
    }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        attention.reference(x, time: time, weights: weights)
    }

    /// Query heads.
    public var headCount: Int { attention.shape.heads }

    var rotary: RotaryEmbedding { attention.rotary }

    /// What a token costs.
    public func cost(context: Int) -> MixerCost { attention.cost(context: context) }
}

extension FullAttention: RotaryMixer {}
extension SlidingWindowAttention: RotaryMixer {}

extension MixerRequest {
    /// The option `sinks`: first tokens that stay in sight.
    func sinks() throws -> Int { try integer("sinks", default: 0, in: 0...1_048_576) }

    /// The option `top-scores`: keys that a query attends to, 0 for all.
    func topScores() throws -> Int { try integer("top-scores", default: 0, in: 0...1_048_576) }
}
