import AssayTensor
import CKernels

/// What most mixers begin with: queries, keys and values in one product, then perhaps a short convolution over time,
/// then perhaps SiLU.
///
/// The result is one tensor whose rows are `q | k | v`. A mixer keeps one of these as a stored property and calls it in
/// each of its forms:
///
///     parallel    let qkv = projection.parallel(x, prefix: prefix, on: tape)     // [batch, time, channels]
///                 ... qkv.columns(projection.keyOffset, projection.keyWidth) ...
///     recurrent   projection.step(call, into: rows)                              // [batch, channels]
///     reference   let qkv = projection.reference(x, weights: weights)            // [time, channels]
///
/// The first ``stateCount`` floats of the mixer's state are the convolution's history and belong to it.
public struct QueryKeyValueProjection: Sendable, Hashable {
    /// Width of the residual stream.
    public let width: Int
    /// Columns of all queries.
    public let queryWidth: Int
    /// Columns of all keys.
    public let keyWidth: Int
    /// Columns of all values.
    public let valueWidth: Int
    /// Kernel of the convolution; 0 for none.
    public let kernel: Int
    /// Whether SiLU follows.
    public let activates: Bool
    /// Whether the product has a bias.
    public let hasBias: Bool
    /// Standard deviation of the initial product.
    public let deviation: Float

    /// A projection of an architecture's residual stream, with the architecture's short convolution unless another
    /// kernel is given.
    public init(
        _ architecture: Architecture, queryWidth: Int, keyWidth: Int, valueWidth: Int, kernel: Int? = nil,
        activates: Bool, hasBias: Bool = false
    ) {
        width = architecture.width
        self.queryWidth = queryWidth
        self.keyWidth = keyWidth
        self.valueWidth = valueWidth
        self.kernel = kernel ?? architecture.shortConvolution
        self.activates = activates
        self.hasBias = hasBias
        deviation = Float(architecture.initialDeviation)
    }

    /// Where keys begin in a row.
    public var keyOffset: Int { queryWidth }
    /// Where values begin in a row.
    public var valueOffset: Int { queryWidth + keyWidth }
    /// Columns of a row.
    public var channels: Int { queryWidth + keyWidth + valueWidth }
    /// Floats of decode state: the last `kernel - 1` inputs of the convolution.
    public var stateCount: Int { kernel > 1 ? (kernel - 1) * channels : 0 }
    /// Adds the convolution's history, the first part of a mixer's state.
    public func appendState(to layout: inout StateLayout) {
        layout.append("convolution", .history, [max(kernel - 1, 0), channels])
    }

    /// Operations for one token.
    public var operations: Double { Double(2 * channels * (width + kernel)) }

    private static let product = "qkv_proj.weight"
    private static let bias = "qkv_proj.bias"
    private static let convolution = "conv.weight"

    /// Declares `qkv_proj.weight` `[channels, width]`, with a bias `qkv_proj.bias` `[channels]`, and with a convolution
    /// `conv.weight` `[channels, kernel]`.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        layout.declare(prefix + Self.product, [channels, width], .normal(standardDeviation: deviation))
        if hasBias { layout.declare(prefix + Self.bias, [channels], .constant(0), decays: false) }
        if kernel > 0 {
            // The default of PyTorch's Conv1d for one input channel a group.
            let bound = 1 / Float(kernel).squareRoot()
            layout.declare(prefix + Self.convolution, [channels, kernel], .uniform(-bound, bound))
        }
    }

    /// The parallel form: `[batch, time, width]` to `[batch, time, channels]`.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        var rows = tape.linear(x, tape.parameter(prefix + Self.product))
        if hasBias { rows = tape.add(rows, tape.parameter(prefix + Self.bias)) }
        if kernel > 0 {
            return tape.shortConvolution(rows, tape.parameter(prefix + Self.convolution), silu: activates)
        }
        return activates ? tape.silu(rows) : rows
    }

    /// The recurrent form: `[batch, width]` to `[batch, channels]`.
    public func step(_ call: MixerStep, into rows: UnsafeMutablePointer<Float>) {
        call.multiply(Self.product, call.input, stride: width, into: rows, stride: channels)
        if hasBias { call.addBias(Self.bias, to: rows, width: channels) }
        if kernel > 0 {
            let weight = call.parameter(Self.convolution)
            for i in 0..<call.batch {
                let row = rows + i * channels
                ck_convolution_step(channels, kernel, call.states[i], row, weight, nil, activates ? 1 : 0, row)
            }
        } else if activates {
            ck_silu(call.batch * channels, rows, rows)
        }
    }

    /// The reference form: `[time, width]` to `[time, channels]`.
    public func reference(_ x: [Double], weights: [String: [Double]]) -> [Double] {
        guard let product = weights[Self.product] else { preconditionFailure("no \(Self.product)") }
        var rows = Reference.linear(x, product, inputs: width)
        if let bias = weights[Self.bias] { rows = Reference.addBias(rows, bias) }
        if kernel > 0, let weight = weights[Self.convolution] {
            rows = Reference.convolution(rows, weight, channels: channels)
        }
        return activates ? rows.map(Reference.silu) : rows
    }
}
