import CKernels

extension Tape {
    /// `x + y`. `y` has the shape of `x`, or that of its last axes (a bias), or one element for each row of `x`.
    public func add(_ x: Tensor, _ y: Tensor) -> Tensor { combine(x, y, .sum) }

    /// `x - y`, where `y` may be smaller as in ``add(_:_:)``.
    public func subtract(_ x: Tensor, _ y: Tensor) -> Tensor { combine(x, y, .difference) }

    /// `x y` of each element, where `y` may be smaller as in ``add(_:_:)``.
    public func multiply(_ x: Tensor, _ y: Tensor) -> Tensor { combine(x, y, .product) }

    /// `factor x`.
    public func scale(_ x: Tensor, by factor: Float) -> Tensor {
        let output = tensor(x.shape)
        record(ScaleOperation(input: x, factor: factor, output: output))
        return output
    }

    private func combine(_ x: Tensor, _ y: Tensor, _ kind: ArithmeticOperation.Kind) -> Tensor {
        let isRowScalar = y.count == x.rows && (y.shape == x.shape.dropLast() || y.shape == x.shape.dropLast() + [1])
        let isSuffix = y.shape.count <= x.shape.count && x.shape.suffix(y.shape.count).elementsEqual(y.shape)
        precondition(isRowScalar || isSuffix, "shapes \(x.shape) and \(y.shape) cannot be combined")
        let output = tensor(x.shape)
        record(ArithmeticOperation(x: x, y: y, kind: kind, perRow: isRowScalar && !isSuffix, output: output))
        return output
    }
}

private final class ScaleOperation: TapeOperation {
    let input: Tensor
    let factor: Float
    let output: Tensor

    init(input: Tensor, factor: Float, output: Tensor) {
        self.input = input
        self.factor = factor
        self.output = output
    }

    private var activeCount: Int { input.activeRows * input.width }

    func forward() {
        output.activeRows = input.activeRows
        ck_scale(activeCount, factor, input.value, output.value)
    }

    func backward() {
        let gradient = output.gradient
        if input.claimGradient() {
            ck_axpy(activeCount, factor, gradient, input.gradient)
        } else {
            ck_scale(activeCount, factor, gradient, input.gradient)
        }
    }
}

/// Sums, differences and products of two tensors, of which the second may repeat.
private final class ArithmeticOperation: TapeOperation {
    enum Kind { case sum, difference, product }

    let x: Tensor
    let y: Tensor
    let kind: Kind
    /// Whether `y` has one element for each row of `x`, rather than a block that repeats.
    let perRow: Bool
    let output: Tensor

    init(x: Tensor, y: Tensor, kind: Kind, perRow: Bool, output: Tensor) {
        self.x = x
        self.y = y
        self.kind = kind
        self.perRow = perRow
        self.output = output
    }

    func forward() {
        if perRow {
            forwardRows()
            return
        }
        for start in stride(from: 0, to: x.count, by: y.count) {
            let (left, result) = (x.value + start, output.value + start)
            switch kind {
            case .sum: ck_add(y.count, left, y.value, result)
            case .difference: ck_subtract(y.count, left, y.value, result)
            case .product: ck_multiply(y.count, left, y.value, result)
            }
        }
    }

    private func forwardRows() {
        let width = x.width
        for row in 0..<x.rows {
            let right = y.value[row]
            for i in (row * width)..<((row + 1) * width) {
                switch kind {
                case .sum: output.value[i] = x.value[i] + right
                case .difference: output.value[i] = x.value[i] - right
                case .product: output.value[i] = x.value[i] * right
                }
            }
        }
    }

    func backward() {
        backwardLeft()
        let gradient = output.gradient
        if !y.claimGradient() { y.gradient.update(repeating: 0, count: y.count) }
        if perRow {
            backwardRows(gradient)
            return
        }
        for start in stride(from: 0, to: x.count, by: y.count) {
            switch kind {
            case .sum: ck_axpy(y.count, 1, gradient + start, y.gradient)
            case .difference: ck_axpy(y.count, -1, gradient + start, y.gradient)
            case .product: ck_multiply_accumulate(y.count, gradient + start, x.value + start, y.gradient)
            }
        }
    }

    private func backwardLeft() {
        if kind != .product {
            x.passGradient(of: output)
            return
        }
        let gradient = output.gradient
        if !x.claimGradient() { x.gradient.update(repeating: 0, count: x.count) }
        if perRow {
            for row in 0..<x.rows {
                ck_axpy(x.width, y.value[row], gradient + row * x.width, x.gradient + row * x.width)
            }
        } else {
            for start in stride(from: 0, to: x.count, by: y.count) {
                ck_multiply_accumulate(y.count, gradient + start, y.value, x.gradient + start)
            }
        }
    }

    private func backwardRows(_ gradient: UnsafeMutablePointer<Float>) {
        let width = x.width
        for row in 0..<x.rows {
            let place = gradient + row * width
            switch kind {
            case .sum: y.gradient[row] += Float(ck_sum(width, place))
            case .difference: y.gradient[row] -= Float(ck_sum(width, place))
            case .product: y.gradient[row] += Float(ck_dot(width, place, x.value + row * width))
            }
        }
    }
}
