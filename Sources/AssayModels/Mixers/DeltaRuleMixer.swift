import AssayTensor

/// A mixer that is a ``DeltaRuleLayer`` and nothing else: DeltaNet with and without decay, and DeltaProduct.
public protocol DeltaRuleMixer: Mixer {
    /// The heads.
    var layer: DeltaRuleLayer { get }
}

extension DeltaRuleMixer {
    /// Declares the weights.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        layer.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        layer.parallel(x, prefix: prefix, on: tape)
    }

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every value head.
    public func stateLayout(capacity: Int) -> StateLayout { layer.stateLayout(capacity: capacity) }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        layer.stepScratchCount(batch: batch, capacity: capacity)
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) { layer.step(call) }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        layer.reference(x, time: time, weights: weights)
    }

    /// Value heads.
    public var headCount: Int { layer.shape.valueHeads }

    /// What a token costs.
    public func cost(context: Int) -> MixerCost { layer.cost(context: context) }
}
