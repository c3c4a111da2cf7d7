import AssayTensor
import CKernels

/// The rotary position embedding of a mixer's queries and keys (Su et al., RoFormer), in half-split pairs, in three
/// forms. Interleaved pairs are the same function after a permutation of the projection's rows.
///
/// Options: `rotary-fraction` (share of the elements that turn, the first ones; 1 for all, 0 for no positions at all:
/// NoPE, Kazemnejad et al. 2023), `rotary-base`.
struct RotaryEmbedding: Sendable {
    static let optionNames = ["rotary-fraction", "rotary-base"]

    /// Elements of a head that turn; even.
    let dimension: Int
    let base: Double

    /// The embedding of heads of which `elements` may turn.
    init(_ request: MixerRequest, elements: Int, called name: String = "headDimension") throws {
        let fraction = try request.number("rotary-fraction", default: 1, in: 0...1)
        dimension = Int((Double(elements) * fraction / 2).rounded()) * 2
        guard dimension <= elements else {
            throw request.failure(
                "rotary-fraction", "turns pairs, but \(name) \(elements) is odd",
                remedy: "Give an even \(name) or a smaller fraction")
        }
        base = try request.number("rotary-base", default: request.architecture.rotaryBase, in: 1.0.nextUp...1e12)
    }

    /// Turns heads of every row of `x`, in place; see ``Tape/rotary(_:offset:heads:headDimension:table:)``.
    func turn(_ x: Tensor, offset: Int = 0, heads: Int, headDimension: Int, on tape: Tape) {
        guard dimension > 0 else { return }
        let table = RotaryTable.shared(time: x.shape[1], dimension: dimension, base: base)
        tape.rotary(x, offset: offset, heads: heads, headDimension: headDimension, table: table)
    }

    /// Turns heads of one token, in place.
    func turn(
        _ row: UnsafeMutablePointer<Float>, heads: Int, headDimension: Int, position: Int, capacity: Int
    ) {
        guard dimension > 0 else { return }
        let table = RotaryTable.shared(time: capacity, dimension: dimension, base: base)
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
        return Reference.rotary(x, heads: heads, headDimension: headDimension, dimension: dimension, base: base)
    }
}
