import AssayTensor

/// No feed-forward at all: the layer is its mixer alone, without a second norm, as in Mamba-2.
public struct NoFeedForward: Mixer {
    /// `none`.
    public static let name = "none"
    /// It has no options.
    public static let optionNames: [String] = []

    private let width: Int

    /// The absence of a feed-forward.
    public init(_ request: MixerRequest) { width = request.architecture.width }

    /// It looks at nothing.
    public var isRowwise: Bool { true }

    /// Declares nothing.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {}

    /// Zero, which adds nothing. Models leave the branch out.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor { tape.scale(x, by: 0) }

    /// Nothing.
    public func stateLayout(capacity: Int) -> StateLayout { StateLayout() }

    /// Zero.
    public func step(_ call: MixerStep) { call.output.update(repeating: 0, count: call.batch * width) }

    /// None.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int { 0 }

    /// Zero.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        [Double](repeating: 0, count: x.count)
    }

    /// Nothing.
    public func cost(context: Int) -> MixerCost { MixerCost(prefillFLOPs: 0, decodeFLOPs: 0, stateBytes: 0) }
}
