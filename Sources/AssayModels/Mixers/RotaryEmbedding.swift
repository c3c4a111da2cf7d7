import AssayTensor
import CKernels

/// The rotary position embedding of a mixer's queries and keys (Su et al., RoFormer), in half-split pairs, in three
/// forms. Interleaved pairs are the same function after a permutation of the projection's rows.
///
/// Options: `rotary-fraction` (share of the elements that turn, the first ones; 1 for all, 0 for no positions at all:
/// NoPE, Kazemnejad et al. 2023), `rotary-base`, and `rotary-scaling`, what is done to the frequencies for texts longer
/// than those of the training (``RotaryScaling``): `none`, `linear`, `llama3` or `yarn`, by `rotary-factor`. The last two
/// have the `rotary-length` of the training; llama3 further `rotary-low` and `rotary-high` (1 and 4), and yarn
/// `rotary-slow` and `rotary-fast` (1 and 32), `rotary-truncate` (true) and `rotary-attention`, what multiplies cosines
/// and sines (default `0.1 ln(factor) + 1`).
struct RotaryEmbedding: Sendable {
    static let optionNames =
        ["rotary-fraction", "rotary-base", "rotary-scaling"] + scalingOptions.values.flatMap { $0 }.uniqueSorted()

    /// The options of each kind of scaling.
    private static let scalingOptions: [String: [String]] = [
        "none": [], "linear": ["rotary-factor"],
        "llama3": ["rotary-factor", "rotary-length", "rotary-low", "rotary-high"],
        "yarn": [
            "rotary-factor", "rotary-length", "rotary-slow", "rotary-fast", "rotary-truncate", "rotary-attention",
        ],
    ]

    let angles: RotaryAngles

    /// Elements of a head that turn; even.
    var dimension: Int { angles.dimension }

    /// The embedding of heads of which `elements` may turn.
    init(_ request: MixerRequest, elements: Int, called name: String = "headDimension") throws {
        let fraction = try request.number("rotary-fraction", default: 1, in: 0...1)
        let dimension = Int((Double(elements) * fraction / 2).rounded()) * 2
        guard dimension <= elements else {
            throw request.failure(
                "rotary-fraction", "turns pairs, but \(name) \(elements) is odd",
                remedy: "Give an even \(name) or a smaller fraction")
        }
        let base = try request.number("rotary-base", default: request.architecture.rotaryBase, in: 1.0.nextUp...1e12)
        angles = RotaryAngles(dimension: dimension, base: base, scaling: try Self.scaling(request))
    }

    private static func scaling(_ request: MixerRequest) throws -> RotaryScaling? {
        let kind = try request.word("rotary-scaling", default: "none", among: scalingOptions.keys.sorted())
        let own = scalingOptions[kind] ?? []
        for option in scalingOptions.values.flatMap({ $0 }).uniqueSorted()
        where request.options[option] != nil && !own.contains(option) {
            throw request.failure(option, "does nothing where 'rotary-scaling' is \(kind)", remedy: "Leave it out")
        }
        func number(_ option: String, _ standard: Double, _ range: ClosedRange<Double> = 1e-6...1e9) throws -> Double {
            try request.number(option, default: standard, in: range)
        }
        guard kind != "none" else { return nil }
        let factor = try number("rotary-factor", 1)
        if kind == "linear" { return .linear(factor: factor) }
        let length = try number("rotary-length", 8_192, 1...1e9)
        if kind == "llama3" {
            let (low, high) = (try number("rotary-low", 1), try number("rotary-high", 4))
            guard low < high else {
                throw request.failure("rotary-low", "is not below 'rotary-high'", remedy: "Give a smaller one")
            }
            return .llama3(factor: factor, low: low, high: high, length: length)
        }
        return .yarn(
            factor: factor, fast: try number("rotary-fast", 32), slow: try number("rotary-slow", 1), length: length,
            truncates: try request.boolean("rotary-truncate", default: true),
            attention: try number("rotary-attention", RotaryScaling.attention(factor: factor)))
    }

    /// Turns heads of every row of `x`, in place; see ``Tape/rotary(_:offset:heads:headDimension:table:)``.
    func turn(_ x: Tensor, offset: Int = 0, heads: Int, headDimension: Int, on tape: Tape) {
        guard dimension > 0 else { return }
        let table = RotaryTable.shared(time: x.shape[1], angles)
        tape.rotary(x, offset: offset, heads: heads, headDimension: headDimension, table: table)
    }

    /// Turns heads of one token, in place.
    func turn(
        _ row: UnsafeMutablePointer<Float>, heads: Int, headDimension: Int, position: Int, capacity: Int
    ) {
        guard dimension > 0 else { return }
        let table = RotaryTable.shared(time: capacity, angles)
        let start = position * dimension / 2
        table.cosines.withUnsafeBufferPointer { cosines in
            table.sines.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                ck_rotary(
                    1, heads, headDimension, dimension, cosines + start, sines + start, row, heads * headDimension, 0)
            }
        }
    }

    /// The turned heads of a sequence, in double precision.
    func reference(_ x: [Double], heads: Int, headDimension: Int) -> [Double] {
        guard dimension > 0 else { return x }
        return Reference.rotary(x, heads: heads, headDimension: headDimension, angles)
    }
}

extension [String] {
    /// Each once, in order.
    fileprivate func uniqueSorted() -> [String] { Set(self).sorted() }
}
