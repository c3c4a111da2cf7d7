import AssayCore
import AssayTensor
import CKernels

/// A token mixer, one attention variant, or a feed-forward (a channel mixer), in three forms that must agree.
///
/// The parallel form trains, the recurrent form decodes, the reference form is the plain definition in double precision
/// that both are held against.
public protocol Mixer: Sendable {
    /// The name in architecture files, such as `gated-delta-net`.
    static var name: String { get }

    /// The options that it knows, by the names of architecture files; others are refused.
    static var optionNames: [String] { get }

    /// The mixer of one layer.
    /// - Throws: ``AssayError`` (``MixerRequest/failure(_:_:remedy:)``) for an option that it cannot take.
    init(_ request: MixerRequest) throws

    /// Declares the weights, every name starting with `prefix`.
    func declareParameters(prefix: String, in layout: inout ParameterLayout)

    /// The parallel form: records the whole sequence on a tape.
    /// - Parameter x: `[batch, time, width]`, already normalised.
    /// - Returns: `[batch, time, width]`, to be added to the residual stream.
    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor

    /// What one sequence of at most `capacity` tokens keeps in this layer while it decodes. Copies, resets and rounding
    /// touch only what the layout says is in use.
    func stateLayout(capacity: Int) -> StateLayout

    /// The recurrent form: one token for each row. A state of zeros is an empty history.
    ///
    /// Rows may be tokens of one sequence that follow each other, so they take effect strictly in their order: a row's
    /// state is written before the next row reads it.
    func step(_ call: MixerStep)

    /// Floats of scratch that a step over `batch` sequences needs.
    func stepScratchCount(batch: Int, capacity: Int) -> Int

    /// The reference form, in double precision, for one sequence.
    /// - Parameters:
    ///   - x: `[time, width]`.
    ///   - weights: the layer's parameters by name without the prefix.
    /// - Returns: `[time, width]`.
    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double]

    /// Floats of a token that the layers of this mixer pass on to later ones (``MixerStep/shared``).
    var sharedCount: Int { get }

    /// The reference form of a mixer whose layers pass values on: earlier layers leave them in `shared`, by name, as
    /// the parallel form does in ``Tape/shared``.
    func reference(
        _ x: [Double], time: Int, weights: [String: [Double]], shared: inout [String: [Double]]
    ) -> [Double]

    /// What a token costs, and what the state weighs.
    func cost(context: Int) -> MixerCost

    /// Heads whose outputs lie side by side, equally wide, in what the matrix `out_proj.weight` maps to the residual
    /// stream; 0 where there are none.
    var headCount: Int { get }

    /// Whether it treats every token by itself: then the last layer runs it over the rows of targets alone, and its
    /// parallel form takes `[rows, width]`, of which the last rows may be idle, as in ``Tape/gatherSum(_:_:_:)``.
    var isRowwise: Bool { get }

    /// Parameters, by name without the prefix, that an objective of the mixer's own teaches: on the loss they act by
    /// choices alone, which have no gradient.
    var selfTaughtParameters: [String] { get }
}

extension Mixer {
    /// No: it looks at the tokens before.
    public var isRowwise: Bool { false }

    /// None.
    public var headCount: Int { 0 }

    /// None: the loss teaches them all.
    public var selfTaughtParameters: [String] { [] }

    /// None: layers know nothing of each other.
    public var sharedCount: Int { 0 }

    /// That without shared values.
    public func reference(
        _ x: [Double], time: Int, weights: [String: [Double]], shared: inout [String: [Double]]
    ) -> [Double] {
        reference(x, time: time, weights: weights)
    }

    /// Floats of decode state that one sequence of at most `capacity` tokens needs in this layer.
    public func stateCount(capacity: Int) -> Int { stateLayout(capacity: capacity).count }
}

/// One recurrent step of a mixer over a batch of tokens.
public struct MixerStep {
    /// Tokens in this step: of different sequences, or following each other in one.
    public let batch: Int
    /// The normalised inputs, `[batch, width]`.
    public let input: UnsafePointer<Float>
    /// Where the outputs go, `[batch, width]`.
    public let output: UnsafeMutablePointer<Float>
    /// The state of this layer for the sequence of each token.
    public let states: UnsafePointer<UnsafeMutablePointer<Float>>
    /// How many tokens the sequence has seen before each token.
    public let positions: UnsafePointer<Int32>
    /// Tokens that a state was made for.
    public let capacity: Int
    /// Scratch of ``Mixer/stepScratchCount(batch:capacity:)`` floats.
    public let scratch: UnsafeMutablePointer<Float>
    /// What earlier layers of the same mixer left for each token, `[batch, sharedCount]`.
    public let shared: UnsafeMutablePointer<Float>
    let parameters: LayerParameters

    /// A parameter of this layer, by its name without the prefix.
    public func parameter(_ name: String) -> UnsafeMutablePointer<Float> { parameters.pointer(name) }

    /// `output = rows * weight^T` for a parameter `[out, in]` of this layer and ``batch`` rows.
    public func multiply(
        _ name: String, _ rows: UnsafePointer<Float>, stride: Int, into output: UnsafeMutablePointer<Float>,
        stride outputStride: Int
    ) {
        parameters.matrix(name).multiply(rows: batch, rows, stride: stride, into: output, stride: outputStride)
    }
}

extension MixerStep {
    /// The same with only some rows of the weight, which make as many columns of the output.
    public func multiply(
        _ name: String, outputs: Range<Int>, _ rows: UnsafePointer<Float>, stride: Int,
        into output: UnsafeMutablePointer<Float>, stride outputStride: Int
    ) {
        parameters.matrix(name, rows: outputs)
            .multiply(rows: batch, rows, stride: stride, into: output, stride: outputStride)
    }

    /// Adds a bias `[width]` to each of ``batch`` rows.
    public func addBias(_ name: String, to rows: UnsafeMutablePointer<Float>, width: Int) {
        let bias = parameter(name)
        for i in 0..<batch { ck_add(width, rows + i * width, bias, rows + i * width) }
    }
}

/// What a mixer layer costs.
public struct MixerCost: Sendable, Hashable, Codable {
    /// Floating-point operations of the mixer for one token at a context length, projections included, in prefill
    /// (averaged over a sequence of that length).
    public var prefillFLOPs: Double
    /// The same for one decoded token after that many tokens.
    public var decodeFLOPs: Double
    /// Bytes of float32 decode state after that many tokens.
    public var stateBytes: Double

    /// A cost.
    public init(prefillFLOPs: Double, decodeFLOPs: Double, stateBytes: Double) {
        self.prefillFLOPs = prefillFLOPs
        self.decodeFLOPs = decodeFLOPs
        self.stateBytes = stateBytes
    }
}
