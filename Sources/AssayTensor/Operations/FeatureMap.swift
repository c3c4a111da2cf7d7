import CKernels

/// What linear attention does to queries and keys, element by element.
public enum FeatureMap: String, Sendable, Hashable, CaseIterable {
    /// Nothing.
    case identity
    /// `x sigmoid(x)`.
    case silu
    /// `elu(x) + 1`, which is positive (Katharopoulos et al. 2020).
    case elu

    /// Applies the map to numbers, which may stay where they are.
    public func apply(_ count: Int, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>) {
        switch self {
        case .identity: if y != x { y.update(from: x, count: count) }
        case .silu: ck_silu(count, x, y)
        case .elu: ck_elu_plus_one(count, x, y)
        }
    }

    /// `dx = dy f'(x)`, added to `dx` if `adds`.
    func applyBackward(
        _ count: Int, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, into dx: UnsafeMutablePointer<Float>,
        adds: Bool
    ) {
        switch self {
        case .identity: adds ? ck_axpy(count, 1, dy, dx) : dx.update(from: dy, count: count)
        case .silu: ck_silu_backward(count, x, dy, dx, adds ? 1 : 0)
        case .elu: ck_elu_plus_one_backward(count, x, dy, dx, adds ? 1 : 0)
        }
    }
}

extension Tape {
    /// A feature map of some columns: `[batch, time, width of the slice]`.
    public func featureMap(_ x: TensorSlice, _ map: FeatureMap) -> Tensor {
        let output = tensor(x.tensor.shape.dropLast() + [x.width])
        record(FeatureMapOperation(input: x, map: map, output: output))
        return output
    }
}

private final class FeatureMapOperation: TapeOperation {
    let input: TensorSlice
    let map: FeatureMap
    let output: Tensor
    let claim: SliceClaim

    init(input: TensorSlice, map: FeatureMap, output: Tensor) {
        self.input = input
        self.map = map
        self.output = output
        claim = SliceClaim([input])
    }

    func forward() {
        for row in 0..<output.rows {
            map.apply(input.width, input.value + row * input.stride, into: output.value + row * output.width)
        }
    }

    func backward() {
        let gradient = output.gradient
        claim.claim()
        let (target, adds) = (input.gradient, claim.adds(0))
        for row in 0..<output.rows {
            map.applyBackward(
                input.width, input.value + row * input.stride, gradient + row * output.width,
                into: target + row * input.stride, adds: adds)
        }
    }
}
