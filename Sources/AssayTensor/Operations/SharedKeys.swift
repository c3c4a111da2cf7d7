extension Tape {
    /// Heads that share some of their elements: each is `shared | own`.
    /// - Parameters:
    ///   - shared: `[batch, time, any]`, the same for every head.
    ///   - own: `[batch, time, heads * any]`.
    /// - Returns: `[batch, time, heads * (shared + own of a head)]`.
    public func headsWithShared(_ shared: TensorSlice, own: TensorSlice, heads: Int) -> Tensor {
        precondition(own.width % heads == 0 && shared.tensor.rows == own.tensor.rows, "heads do not fit")
        let output = tensor(own.tensor.shape.dropLast() + [heads * shared.width + own.width])
        record(SharedHeadsOperation(shared: shared, own: own, heads: heads, output: output))
        return output
    }
}

private final class SharedHeadsOperation: TapeOperation {
    let shared: TensorSlice
    let own: TensorSlice
    let heads: Int
    let output: Tensor
    let claim: SliceClaim

    init(shared: TensorSlice, own: TensorSlice, heads: Int, output: Tensor) {
        self.shared = shared
        self.own = own
        self.heads = heads
        self.output = output
        claim = SliceClaim([shared, own])
    }

    func forward() {
        let (common, part) = (shared.width, own.width / heads)
        for row in 0..<output.rows {
            for head in 0..<heads {
                let place = output.value + row * output.width + head * (common + part)
                place.update(from: shared.value + row * shared.stride, count: common)
                (place + common).update(from: own.value + row * own.stride + head * part, count: part)
            }
        }
    }

    func backward() {
        let (common, part) = (shared.width, own.width / heads)
        let gradient = output.gradient
        claim.claim()
        if !claim.adds(0) { shared.clearGradient() }
        if !claim.adds(1) { own.clearGradient() }
        for row in 0..<output.rows {
            let sum = shared.gradient + row * shared.stride
            for head in 0..<heads {
                let place = gradient + row * output.width + head * (common + part)
                let target = own.gradient + row * own.stride + head * part
                for i in 0..<common { sum[i] += place[i] }
                for i in 0..<part { target[i] += place[common + i] }
            }
        }
    }
}
