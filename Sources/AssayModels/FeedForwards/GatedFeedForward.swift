import AssayTensor
import CKernels

/// Which gated MLP a ``GatedFeedForward`` is.
public protocol GateFunction: Sendable {
    /// The name of the feed-forward in architecture files.
    static var name: String { get }
    /// The function of the gate.
    static var activation: GatedActivation { get }
}

/// The gate function of SwiGLU.
public enum SiLUGate: GateFunction {
    /// `swiglu`.
    public static let name = "swiglu"
    /// SiLU.
    public static let activation = GatedActivation.silu
}

/// The gate function of GeGLU.
public enum GELUGate: GateFunction {
    /// `geglu`.
    public static let name = "geglu"
    /// The tanh form of GELU.
    public static let activation = GatedActivation.geluTanh
}

/// The gated MLP with SiLU, as in Llama and most others.
public typealias SwiGLU = GatedFeedForward<SiLUGate>

/// The gated MLP with the tanh form of GELU, as in Gemma.
public typealias GeGLU = GatedFeedForward<GELUGate>

/// A gated MLP (Shazeer, "GLU Variants Improve Transformer", 2020): `down(activation(gate x) * up x)`.
///
/// Options: `hidden`, the inner width (default: the architecture's), `bias` (false: whether all three maps have one).
public struct GatedFeedForward<Gate: GateFunction>: Mixer {
    /// `swiglu` or `geglu`.
    public static var name: String { Gate.name }
    /// See the type.
    public static var optionNames: [String] { ["hidden", "bias"] }

    private let width: Int
    private let hidden: Int
    private let hasBias: Bool
    private let deviation: Float
    private let outputDeviation: Float

    /// The feed-forward of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        width = architecture.width
        hidden = try request.integer("hidden", default: architecture.hiddenWidth, in: 1...65_536)
        hasBias = try request.boolean("bias", default: false)
        deviation = Float(architecture.initialDeviation)
        outputDeviation = Float(architecture.outputDeviation)
    }

    /// It looks at no other token.
    public var isRowwise: Bool { true }

    /// Declares gate and up as one matrix, and down.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        layout.declare(prefix + "gate_up_proj.weight", [2 * hidden, width], .normal(standardDeviation: deviation))
        layout.declare(prefix + "down_proj.weight", [width, hidden], .normal(standardDeviation: outputDeviation))
        if hasBias {
            layout.declare(prefix + "gate_up_proj.bias", [2 * hidden], .constant(0), decays: false)
            layout.declare(prefix + "down_proj.bias", [width], .constant(0), decays: false)
        }
    }

    /// The parallel form, in blocks of rows.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        tape.gatedMLP(
            x, gateUp: tape.parameter(prefix + "gate_up_proj.weight"),
            down: tape.parameter(prefix + "down_proj.weight"),
            biases: hasBias
                ? (tape.parameter(prefix + "gate_up_proj.bias"), tape.parameter(prefix + "down_proj.bias")) : nil,
            activation: Gate.activation)
    }

    /// Nothing.
    public func stateLayout(capacity: Int) -> StateLayout { StateLayout() }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let products = call.scratch
        let activated = products + call.batch * 2 * hidden
        call.multiply("gate_up_proj.weight", call.input, stride: width, into: products, stride: 2 * hidden)
        if hasBias { call.addBias("gate_up_proj.bias", to: products, width: 2 * hidden) }
        Gate.activation.forward(rows: call.batch, hidden: hidden, products, into: activated)
        call.multiply("down_proj.weight", activated, stride: hidden, into: call.output, stride: width)
        if hasBias { call.addBias("down_proj.bias", to: call.output, width: width) }
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int { batch * 3 * hidden }

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        guard let gateUp = weights["gate_up_proj.weight"], let down = weights["down_proj.weight"] else {
            preconditionFailure("weights of a gated MLP are missing")
        }
        return Reference.gatedMLP(
            x, gateUp: gateUp, down: down, width: width, activation: Gate.activation,
            biases: weights["gate_up_proj.bias"].flatMap { first in weights["down_proj.bias"].map { (first, $0) } })
    }

    /// What a token costs: three matrix products.
    public func cost(context: Int) -> MixerCost {
        let operations = Double(6 * width * hidden)
        return MixerCost(prefillFLOPs: operations, decodeFLOPs: operations, stateBytes: 0)
    }
}
