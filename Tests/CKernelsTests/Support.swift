import CKernels
import Testing

/// All tests of kernels. They run one at a time, because they switch the instruction set of the process.
@Suite("Kernels", .serialized) enum KernelTests {}

/// The instruction sets that this CPU has.
let instructionSets: [Int32] = [CK_ISA_BASELINE, CK_ISA_AVX2, CK_ISA_AVX512].filter {
    defer { ck_isa_select(CK_ISA_BEST) }
    return ck_isa_select($0) == 1
}

/// Runs a body with an instruction set, and goes back to the best.
func withInstructionSet(_ isa: Int32, _ body: () throws -> Void) rethrows {
    #expect(ck_isa_select(isa) == 1)
    defer { ck_isa_select(CK_ISA_BEST) }
    try body()
}

/// Reproducible numbers for tests (SplitMix64).
struct TestRandom: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// Floats between two bounds.
    mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &self) }
    }
}

/// Rows at a distance, as kernels see them: whatever lies between two rows must stay as it is.
struct Matrix {
    let rows: Int
    let columns: Int
    let stride: Int
    var values: [Float]
    static let gap: Float = 1234.5

    init(_ rows: Int, _ columns: Int, stride: Int? = nil, random: inout TestRandom) {
        self.init(rows, columns, stride: stride)
        for r in 0..<rows { for c in 0..<columns { self[r, c] = Float.random(in: -1...1, using: &random) } }
    }

    init(_ rows: Int, _ columns: Int, stride: Int? = nil, filled value: Float = .nan) {
        self.rows = rows
        self.columns = columns
        self.stride = stride ?? columns
        values = [Float](repeating: Matrix.gap, count: rows * self.stride)
        for r in 0..<rows { for c in 0..<columns { self[r, c] = value } }
    }

    subscript(_ row: Int, _ column: Int) -> Float {
        get { values[row * stride + column] }
        set { values[row * stride + column] = newValue }
    }

    /// The elements without the gaps.
    var dense: [Double] { (0..<rows).flatMap { r in (0..<columns).map { Double(self[r, $0]) } } }

    /// Whether the gaps between the rows are untouched.
    var gapsAreIntact: Bool {
        (0..<rows).allSatisfy { r in (columns..<stride).allSatisfy { values[r * stride + $0] == Matrix.gap } }
    }
}

/// The derivative of a scalar function with respect to each input, by central differences.
func numericalGradient(_ x: [Double], of function: ([Double]) -> Double) -> [Double] {
    x.indices.map { i in
        var moved = x
        moved[i] = x[i] + 1e-5
        let above = function(moved)
        moved[i] = x[i] - 1e-5
        return (above - function(moved)) / 2e-5
    }
}

/// The inner product with fixed weights: it makes a scalar loss out of an output, whose gradient is the weights.
func weighted(_ output: [Double], by weights: [Double]) -> Double {
    zip(output, weights).reduce(0) { $0 + $1.0 * $1.1 }
}

/// Expects each value to be near the reference.
func expectClose(
    _ actual: [Double], _ expected: [Double], tolerance: Double, _ what: @autoclosure () -> String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(actual.count == expected.count, sourceLocation: sourceLocation)
    var worst = 0.0
    var place = 0
    for (i, (a, e)) in zip(actual, expected).enumerated() {
        let difference = abs(a - e) / max(1, abs(e))
        if !(difference <= worst) {
            worst = difference
            place = i
        }
    }
    #expect(
        worst <= tolerance,
        "\(what()) element \(place) of \(actual.count): difference \(worst)", sourceLocation: sourceLocation)
}

/// Single precision to double, element by element.
func doubles(_ values: [Float]) -> [Double] { values.map(Double.init) }
