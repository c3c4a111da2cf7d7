import AssayCore
import CKernels
import Testing

@testable import AssayTensor

/// Consumes tensors as `sum(c x)` with random c: the backward pass begins here.
final class WeightedSum: TapeOperation {
    let tensors: [Tensor]
    let factors: [[Float]]

    init(_ tensors: [Tensor], seed: UInt64) {
        self.tensors = tensors
        var random = CounterRandom(key: 31, index: seed)
        factors = tensors.map { tensor in (0..<tensor.count).map { _ in Float(random.unit() - 0.5) } }
    }

    func forward() {}

    func backward() {
        for (tensor, own) in zip(tensors, factors) {
            let adds = tensor.claimGradient()
            for i in 0..<tensor.count { tensor.gradient[i] = (adds ? tensor.gradient[i] : 0) + own[i] }
        }
    }
}

/// Holds an operation's values and gradients against a definition of its own in double precision.
struct OperationCheck {
    /// Shapes of the activations that go in.
    var inputs: [[Int]] = []
    /// Shapes of the parameters that go in, after the inputs.
    var parameters: [[Int]] = []
    /// Records the operation.
    let record: (Tape, [Tensor]) -> [Tensor]
    /// The outputs, one after the other, from inputs and parameters.
    let reference: ([[Double]]) -> [Double]

    /// Runs the operation alone, and once more where its inputs have a gradient already.
    func run(tolerance: Double = 2e-4, sourceLocation: SourceLocation = #_sourceLocation) {
        for hasOtherConsumer in [false, true] {
            run(hasOtherConsumer: hasOtherConsumer, tolerance: tolerance, sourceLocation: sourceLocation)
        }
    }

    private func run(hasOtherConsumer: Bool, tolerance: Double, sourceLocation: SourceLocation) {
        var layout = ParameterLayout()
        for (i, shape) in parameters.enumerated() { layout.declare("p\(i)", shape, .constant(0)) }
        let weights = FloatBlock(count: layout.count)
        let gradients = FloatBlock(count: layout.count)
        let tape = Tape(layout: layout, recordsGradients: true)
        let activations = inputs.map { tape.input($0) }
        let tensors = activations + parameters.indices.map { tape.parameter("p\($0)") }
        let outputs = record(tape, tensors)
        let end = WeightedSum(outputs, seed: 1)
        tape.record(end)
        let other = WeightedSum(activations, seed: 2)
        if hasOtherConsumer { tape.record(other) }
        tape.bind(weights: weights, gradients: gradients)
        var random = CounterRandom(key: 3, index: UInt64(inputs.count))
        for tensor in tensors {
            for i in 0..<tensor.count { tensor.value[i] = Float(2 * random.unit() - 1) }
        }
        // Values of parameters changed: packed copies must follow.
        tape.bind(weights: weights, gradients: gradients)
        var point = tensors.map { tensor in (0..<tensor.count).map { Double(tensor.value[$0]) } }

        // Twice, so that what a pass leaves behind would show.
        for _ in 0..<2 {
            gradients.pointer.update(repeating: 0, count: gradients.count)
            tape.forward()
            tape.backward()
        }
        let values = outputs.flatMap { output in (0..<output.count).map { output.value[$0] } }
        let valueError = OperationCheck.error(values, reference(point))
        #expect(valueError < tolerance, "values", sourceLocation: sourceLocation)

        func loss() -> Double {
            let outer = zip(reference(point), end.factors.flatMap { $0 }).reduce(0.0) { $0 + $1.0 * Double($1.1) }
            guard hasOtherConsumer else { return outer }
            let inner = zip(point, other.factors).map { values, factors in
                zip(values, factors).reduce(0.0) { $0 + $1.0 * Double($1.1) }
            }
            return inner.reduce(outer, +)
        }
        for (index, tensor) in tensors.enumerated() {
            let numeric = point[index].indices.map { i in
                let (middle, step) = (point[index][i], 1e-5)
                point[index][i] = middle + step
                let high = loss()
                point[index][i] = middle - step
                let low = loss()
                point[index][i] = middle
                return (high - low) / (2 * step)
            }
            let gradientError = OperationCheck.error((0..<tensor.count).map { tensor.gradient[$0] }, numeric)
            #expect(
                gradientError < tolerance, "gradient \(index), other consumer: \(hasOtherConsumer)",
                sourceLocation: sourceLocation)
        }
    }

    /// The largest difference over the largest magnitude (or 1).
    static func error(_ a: [Float], _ b: [Double]) -> Double {
        guard a.count == b.count else { return .infinity }
        let scale = max(1, b.map { abs($0) }.max() ?? 1)
        return zip(a, b).map { abs(Double($0) - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) } / scale
    }
}
