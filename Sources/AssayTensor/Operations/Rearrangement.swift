import CKernels

extension Tape {
    /// The axes in another order: axis i of the result is axis `axes[i]` of `x`.
    public func transpose(_ x: Tensor, _ axes: [Int]) -> Tensor {
        precondition(axes.sorted() == Array(x.shape.indices), "each axis once")
        let output = tensor(axes.map { x.shape[$0] })
        record(TransposeOperation(input: x, axes: axes, output: output))
        return output
    }

    /// Columns `offset ..< offset + width` of the last axis.
    public func slice(_ x: Tensor, offset: Int, width: Int) -> Tensor {
        let output = tensor(x.shape.dropLast() + [width])
        record(ColumnsOperation(whole: [x.columns(offset, width)], parts: [output.allColumns]))
        return output
    }

    /// Tensors side by side on the last axis.
    public func concatenate(_ parts: [Tensor]) -> Tensor {
        precondition(!parts.isEmpty && parts.allSatisfy { $0.rows == parts[0].rows }, "rows differ")
        let output = tensor(parts[0].shape.dropLast() + [parts.reduce(0) { $0 + $1.width }])
        var column = 0
        var places: [TensorSlice] = []
        for part in parts {
            places.append(output.columns(column, part.width))
            column += part.width
        }
        record(ColumnsOperation(whole: parts.map(\.allColumns), parts: places))
        return output
    }
}

/// Copies columns from sources to destinations.
private final class ColumnsOperation: TapeOperation {
    let sources: [TensorSlice]
    let destinations: [TensorSlice]
    let claims: [SliceClaim]

    init(whole sources: [TensorSlice], parts destinations: [TensorSlice]) {
        self.sources = sources
        self.destinations = destinations
        claims = sources.map { SliceClaim([$0]) }
    }

    func forward() {
        for (source, destination) in zip(sources, destinations) {
            for row in 0..<source.tensor.rows {
                (destination.value + row * destination.stride)
                    .update(from: source.value + row * source.stride, count: source.width)
            }
        }
    }

    func backward() {
        for (i, source) in sources.enumerated() {
            let destination = destinations[i]
            let gradient = destination.gradient
            claims[i].claim()
            for row in 0..<source.tensor.rows {
                let (from, to) = (gradient + row * destination.stride, source.gradient + row * source.stride)
                if claims[i].adds(0) {
                    ck_axpy(source.width, 1, from, to)
                } else {
                    to.update(from: from, count: source.width)
                }
            }
        }
    }
}

private final class TransposeOperation: TapeOperation {
    let input: Tensor
    let output: Tensor
    /// For each element of the output, where it is in the input.
    let places: [Int32]

    init(input: Tensor, axes: [Int], output: Tensor) {
        self.input = input
        self.output = output
        var strides = [Int](repeating: 1, count: input.shape.count)
        for axis in input.shape.indices.dropLast().reversed() {
            strides[axis] = strides[axis + 1] * input.shape[axis + 1]
        }
        var places: [Int32] = [0]
        for axis in axes {
            places = places.flatMap { place in
                (0..<input.shape[axis]).map { place + Int32($0 * strides[axis]) }
            }
        }
        self.places = places
    }

    func forward() {
        let (source, destination) = (input.value, output.value)
        for (i, place) in places.enumerated() { destination[i] = source[Int(place)] }
    }

    func backward() {
        let gradient = output.gradient
        let adds = input.claimGradient()
        let destination = input.gradient
        if adds {
            for (i, place) in places.enumerated() { destination[Int(place)] += gradient[i] }
        } else {
            for (i, place) in places.enumerated() { destination[Int(place)] = gradient[i] }
        }
    }
}
