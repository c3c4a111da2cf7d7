import AssayTensor
import CKernels
import Foundation

/// The time mix of RWKV-7 (Peng et al., "RWKV-7 'Goose' with Expressive Dynamic State Evolution", 2025): a state that
/// forgets by a vector, and from which every token takes away what it finds under one key before it writes under
/// another. With x_s = x_t + s (x_{t-1} - x_t) for each of six vectors s,
///
///     r = W_r x_r;  k = W_k x_k;  v = W_v x_v;  a = sigmoid(B_a A_a x_a + bias_a)
///     g = -e^(-1/2) sigmoid(B_w tanh(A_w x_w) + bias_w);  gate = B_g sigmoid(A_g x_g)
///     v <- v + (v_first - v) sigmoid(B_v A_v x_v + bias_v), but for the first layer, whose v is v_first
///     kappa = k k_k / |k k_k|;  k <- k (1 + (a - 1) k_a)
///     S <- diag(e^g) S - (a kappa) (S' kappa)' + k v', the old S on the right;  o = S' r
///     y = W_o((norm(o_h) + (sum over the head of r k r_k) v) gate)
///
/// The norm of a head subtracts the mean and has a weight and a bias for every channel; its epsilon is the
/// architecture's times the head dimension, as in flash-linear-attention. The length of `k k_k` has that library's 1e-6
/// under the root.
///
/// Options: `heads` and `head-dimension` (default: the architecture's), and the ranks of the low-rank maps,
/// `decay-rank`, `rate-rank`, `value-rank` and `gate-rank` (default: the published functions of the width).
public struct RWKV7TimeMix: Mixer {
    /// `rwkv-7`.
    public static let name = "rwkv-7"
    /// See the type.
    public static let optionNames = [
        "heads", "head-dimension", "decay-rank", "rate-rank", "value-rank", "gate-rank",
    ]

    /// The values of the first layer among ``Tape/shared``.
    static let firstValues = "rwkv-7.v_first"
    /// The token shifts, in the order of their outputs.
    static let shifts = ["r", "w", "k", "v", "a", "g"]

    let width: Int
    let heads: Int
    let headDimension: Int
    /// Ranks of the low-rank maps, by their letter.
    let ranks: [String: Int]
    /// Whether its values are those that later layers mix in.
    let isFirst: Bool
    let epsilon: Double
    let gate = DecayGate.sigmoid(factor: exp(-0.5))
    private let start: RWKV7Start

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        width = architecture.width
        heads = try request.integer("heads", default: architecture.heads, in: 1...1_024)
        headDimension = try request.integer(
            "head-dimension", default: architecture.headDimension, in: 1...1_024)
        isFirst = architecture.layers.firstIndex { $0.mixer == Self.name } == request.layer
        epsilon = architecture.normEpsilon * Double(headDimension)
        // As in RWKV-LM: a multiple of 32 near this many times the root of the width.
        let root = Double(width).squareRoot()
        func rank(_ option: String, _ factor: Double) throws -> Int {
            let standard = max(32, Int((factor * root / 32).rounded()) * 32)
            return try request.integer(option, default: standard, in: 1...4_096)
        }
        let size = Double(headDimension) / 64
        ranks = [
            "w": try rank("decay-rank", 2.5 * size), "a": try rank("rate-rank", 2.5 * size),
            "v": try rank("value-rank", 1.7 * size), "g": try rank("gate-rank", 5),
        ]
        start = RWKV7Start(
            architecture: architecture, layer: request.layer, headDimension: headDimension, heads: heads)
    }

    /// Columns of all heads.
    var headsWidth: Int { heads * headDimension }

    /// The low-rank maps that this layer has.
    var maps: [String] { isFirst ? ["w", "a", "g"] : ["w", "a", "v", "g"] }

    func rank(_ map: String) -> Int {
        guard let rank = ranks[map] else { preconditionFailure("no low-rank map \(map)") }
        return rank
    }

    /// The values of the first layer.
    public var sharedCount: Int { headsWidth }

    /// Declares the shifts, the projections, the low-rank maps, and the vectors of the keys, the bonus and the norm.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        for shift in Self.shifts {
            layout.declare(prefix + "x_\(shift)", [width], .values(start.shift(shift)), decays: false)
        }
        for name in ["r", "k", "v"] {
            layout.declare(
                prefix + "\(name)_proj.weight", [headsWidth, width],
                .normal(standardDeviation: start.deviation))
        }
        for map in maps {
            // The first matrix starts at zero, so that every gate starts at its bias.
            layout.declare(prefix + "\(map)_lora.a.weight", [rank(map), width], .constant(0))
            layout.declare(
                prefix + "\(map)_lora.b.weight", [headsWidth, rank(map)],
                .normal(standardDeviation: 0.1 / Float(headsWidth).squareRoot()))
            if map != "g" {
                layout.declare(
                    prefix + "\(map)_lora.b.bias", [headsWidth], .values(start.bias(map)), decays: false)
            }
        }
        layout.declare(prefix + "k_k", [headsWidth], .values(start.removal), decays: false)
        layout.declare(prefix + "k_a", [headsWidth], .constant(1.02), decays: false)
        layout.declare(prefix + "r_k", [headsWidth], .constant(-0.04), decays: false)
        layout.declare(prefix + "norm.weight", [headsWidth], .constant(start.normWeight), decays: false)
        layout.declare(prefix + "norm.bias", [headsWidth], .constant(0), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth],
            .normal(standardDeviation: start.outputDeviation))
    }

    /// The parallel form, in chunks.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        let shifted = tape.tokenShift(x, mixes: Self.shifts.map { parameter("x_\($0)") })
        func lowRank(_ map: String, _ input: Tensor, _ activation: (Tensor) -> Tensor = { $0 })
            -> Tensor
        {
            let inner = activation(tape.linear(input, parameter("\(map)_lora.a.weight")))
            return tape.linear(inner, parameter("\(map)_lora.b.weight"))
        }
        let query = tape.linear(shifted[0], parameter("r_proj.weight"))
        let decay = gate.record(
            lowRank("w", shifted[1], tape.tanh), bias: parameter("w_lora.b.bias"), aLog: nil,
            heads: heads, on: tape)
        let raw = tape.linear(shifted[2], parameter("k_proj.weight"))
        var value = tape.linear(shifted[3], parameter("v_proj.weight"))
        if isFirst {
            tape.shared[Self.firstValues] = value
        } else if let first = tape.shared[Self.firstValues] {
            value = tape.gatedMix(
                value, first: first, gate: lowRank("v", shifted[3]), bias: parameter("v_lora.b.bias"))
        } else {
            preconditionFailure("no layer has left its values")
        }
        let keys = tape.rwkvKeys(
            raw, rates: lowRank("a", shifted[4]), bias: parameter("a_lora.b.bias"),
            removal: parameter("k_k"),
            replacement: parameter("k_a"), heads: heads)
        let outputs = ChannelDecayOperation.record(
            ChannelDecayOperation.Inputs(
                query: query.allColumns, key: keys.key.allColumns, value: value.allColumns,
                decay: decay.allColumns,
                removal: (keys.read.allColumns, keys.write.allColumns)),
            heads: heads, scale: 1, normalises: false, on: tape)
        let mixed = tape.rwkvOutput(
            outputs, query: query, key: keys.key, value: value,
            gate: lowRank("g", shifted[5], tape.sigmoid),
            weight: parameter("norm.weight"), bias: parameter("norm.bias"), bonus: parameter("r_k"),
            heads: heads,
            epsilon: Float(epsilon))
        return tape.linear(mixed, parameter("out_proj.weight"))
    }

    /// The input before, and `[headDimension, headDimension]` for every head.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        layout.append("shift", .history, [1, width])
        layout.append("state", .recurrence, [heads, headDimension, headDimension])
        return layout
    }

    func shape(time: Int) -> ck_channel_shape {
        ck_channel_shape(
            rule: Int32(CK_CHANNEL_LOW_RANK), time: time, chunk: 0, key_dimension: headDimension,
            value_dimension: headDimension)
    }

    /// Heads.
    public var headCount: Int { heads }

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    public func cost(context: Int) -> MixerCost {
        let lowRank = maps.reduce(0) { $0 + rank($1) * (width + headsWidth) }
        let projections = Double(2 * (4 * width * headsWidth + lowRank))
        let chunk = min(ck_channel_chunk(shape(time: context)), max(context, 1))
        let state = headDimension * headDimension
        // Four products of keys, as many with values (two of them solve), and four products with states.
        return MixerCost(
            prefillFLOPs: projections + Double(heads * (8 * chunk * headDimension + 8 * state)),
            decodeFLOPs: projections + Double(heads * 9 * state),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
