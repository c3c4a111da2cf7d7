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
/// and sines (default `0.1 ln(factor) + 1`). `still` turns nothing and keeps `rotary-attention` (default 1).
///
/// `rotary-shift` (default 0) makes every key seem so many positions further from its query than it is, or nearer if
/// negative: the fault of a cache whose positions are off.
struct RotaryEmbedding: Sendable {
    static let optionNames =
        ["rotary-fraction", "rotary-base", "rotary-scaling", "rotary-shift"]
        + scalingOptions.values.flatMap { $0 }.uniqueSorted()

    /// The options of each kind of scaling.
    private static let scalingOptions: [String: [String]] = [
        "none": [], "still": ["rotary-attention"], "linear": ["rotary-factor"],
        "llama3": ["rotary-factor", "rotary-length", "rotary-low", "rotary-high"],
        "yarn": [
            "rotary-factor", "rotary-length", "rotary-slow", "rotary-fast", "rotary-truncate", "rotary-attention",
        ],
    ]

    /// The angles of keys.
    let angles: RotaryAngles
    /// The angles of queries.
    let queryAngles: RotaryAngles

    /// Elements of a head that turn; even.
    var dimension: Int { angles.dimension }

    /// Whether a turned head depends on its position.
    var hasPositions: Bool {
        if case .still = angles.scaling { return false }
        return dimension > 0
    }

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
        let shift = try request.integer("rotary-shift", default: 0, in: -65_536...65_536)
        var angles = RotaryAngles(dimension: dimension, base: base, scaling: try Self.scaling(request))
        angles.start = max(-shift, 0)
        self.angles = angles
        angles.start = max(shift, 0)
        queryAngles = angles
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
        if kind == "none" { return nil }
        if kind == "still" { return .still(attention: try number("rotary-attention", 1)) }
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

    /// Turns heads of every row of `x`, in place: some of queries and, after them, some of keys; see
    /// ``Tape/rotary(_:offset:heads:headDimension:table:)``.
    func turn(_ x: Tensor, offset: Int = 0, queries: Int = 0, keys: Int = 0, headDimension: Int, on tape: Tape) {
        for part in parts(queries: queries, keys: keys) {
            let table = RotaryTable.shared(time: x.shape[1], part.angles)
            tape.rotary(
                x, offset: offset + part.first * headDimension, heads: part.count, headDimension: headDimension,
                table: table)
        }
    }

    /// Turns heads of one token, in place: some of queries and, after them, some of keys.
    func turn(
        _ row: UnsafeMutablePointer<Float>, queries: Int = 0, keys: Int = 0, headDimension: Int, position: Int,
        capacity: Int
    ) {
        for part in parts(queries: queries, keys: keys) {
            let table = RotaryTable.shared(time: capacity, part.angles)
            let (start, width) = (position * dimension / 2, part.count * headDimension)
            table.cosines.withUnsafeBufferPointer { cosines in
                table.sines.withUnsafeBufferPointer { sines in
                    guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                    ck_rotary(
                        1, part.count, headDimension, dimension, cosines + start, sines + start,
                        row + part.first * headDimension, width, 0)
                }
            }
        }
    }

    /// Neighbouring heads that turn by the same angles: the first, and how many.
    private func parts(queries: Int, keys: Int) -> [(first: Int, count: Int, angles: RotaryAngles)] {
        guard dimension > 0 else { return [] }
        if angles == queryAngles { return [(0, queries + keys, angles)] }
        return [(0, queries, queryAngles), (queries, keys, angles)].filter { $0.1 > 0 }
    }

    /// The turned queries of a sequence, in double precision.
    func referenceQueries(_ x: [Double], heads: Int, headDimension: Int) -> [Double] {
        dimension > 0 ? Reference.rotary(x, heads: heads, headDimension: headDimension, queryAngles) : x
    }

    /// The turned keys of a sequence, in double precision.
    func referenceKeys(_ x: [Double], heads: Int, headDimension: Int) -> [Double] {
        dimension > 0 ? Reference.rotary(x, heads: heads, headDimension: headDimension, angles) : x
    }
}

/// A mixer whose queries and keys are turned.
protocol RotaryMixer: Mixer {
    /// How they are turned.
    var rotary: RotaryEmbedding { get }
}

extension [String] {
    /// Each once, in order.
    fileprivate func uniqueSorted() -> [String] { Set(self).sorted() }
}
