import CKernels
import Foundation

/// Cosines and sines of the rotary angles of positions.
public struct RotaryTable: Sendable {
    /// Positions.
    public let time: Int
    /// Elements of a head that are turned; even.
    public let dimension: Int
    /// `[time, dimension / 2]`.
    public let cosines: [Float]
    /// `[time, dimension / 2]`.
    public let sines: [Float]

    /// Angles `position * base^(-2 i / dimension)` (Su et al., RoFormer).
    public init(time: Int, dimension: Int, base: Double, firstPosition: Int = 0) {
        precondition(dimension % 2 == 0, "rotary pairs need an even dimension")
        self.time = time
        self.dimension = dimension
        let half = dimension / 2
        var cosines = [Float](repeating: 0, count: time * half)
        var sines = cosines
        for t in 0..<time {
            for i in 0..<half {
                let angle = Double(firstPosition + t) * pow(base, -2 * Double(i) / Double(dimension))
                cosines[t * half + i] = Float(cos(angle))
                sines[t * half + i] = Float(sin(angle))
            }
        }
        self.cosines = cosines
        self.sines = sines
    }
}

extension Tape {
    /// Turns the first `table.dimension` elements of each of the first `heads` heads, IN PLACE, and returns `x`.
    ///
    /// - Parameter x: `[batch, time, at least heads * headDimension]`, the output of an operation whose backward does
    ///   not read its output: a linear map, a norm or a convolution.
    @discardableResult
    public func rotary(_ x: Tensor, heads: Int, headDimension: Int, table: RotaryTable) -> Tensor {
        precondition(x.shape.count == 3 && x.width >= heads * headDimension, "rotary heads do not fit")
        precondition(table.time >= x.shape[1] && table.dimension <= headDimension, "a rotary table too small")
        if table.dimension > 0 {
            record(RotaryOperation(x: x, heads: heads, headDimension: headDimension, table: table))
        }
        return x
    }
}

private final class RotaryOperation: TapeOperation {
    let x: Tensor
    let heads: Int
    let headDimension: Int
    let table: RotaryTable

    init(x: Tensor, heads: Int, headDimension: Int, table: RotaryTable) {
        self.x = x
        self.heads = heads
        self.headDimension = headDimension
        self.table = table
    }

    private func turn(_ pointer: UnsafeMutablePointer<Float>, inverse: Int32) {
        let time = x.shape[1]
        for sequence in 0..<x.shape[0] {
            ck_rotary(
                time, heads, headDimension, table.dimension, table.cosines, table.sines,
                pointer + sequence * time * x.width, x.width, inverse)
        }
    }

    func forward() { turn(x.value, inverse: 0) }

    func backward() {
        _ = x.gradient
        x.separateGradient()
        turn(x.gradient, inverse: 1)
    }
}
