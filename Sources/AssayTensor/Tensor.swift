import CKernels

/// What tensors that are views of each other share: values, and the gradient of the loss with respect to them.
final class TensorStorage {
    let count: Int
    var value: UnsafeMutablePointer<Float>
    /// Where an activation's gradient comes from; nil for parameters, whose gradient is bound from outside.
    let pool: GradientPool?
    var block: GradientBlock?
    /// The bound gradient of a parameter.
    var boundGradient: UnsafeMutablePointer<Float>?
    var gradientIsWritten = false

    init(count: Int, value: UnsafeMutablePointer<Float>, pool: GradientPool?) {
        self.count = count
        self.value = value
        self.pool = pool
    }

    /// Gives the gradient's memory back.
    func releaseGradient() {
        if let block { pool?.release(block) }
        block = nil
        gradientIsWritten = false
    }
}

/// A float32 array of a tape: an activation or a parameter, with its gradient.
///
/// Parameters are re-bound to the weights and gradients of the micro-batch at hand, and the memory of an activation's
/// gradient is lent to it for a part of the backward pass only, so operations read the pointers when they run, never
/// earlier.
public final class Tensor {
    /// Dimensions, slowest first.
    public let shape: [Int]
    /// Elements.
    public let count: Int
    let storage: TensorStorage
    /// Leading rows that row-wise operations work on, at most ``rows``: fewer where only some rows are targets.
    var activeRows: Int

    init(shape: [Int], storage: TensorStorage) {
        self.shape = shape
        self.count = shape.reduce(1, *)
        self.storage = storage
        self.activeRows = shape.isEmpty ? 1 : count / max(shape[shape.count - 1], 1)
    }

    /// The values, row-major.
    public var value: UnsafeMutablePointer<Float> { storage.value }

    /// The gradient of the loss with respect to the values; only to be touched in backward passes. It is zero when
    /// nothing has written it.
    public var gradient: UnsafeMutablePointer<Float> {
        if let bound = storage.boundGradient { return bound }
        if let block = storage.block { return block.pointer }
        let fresh = takeBlock()
        fresh.pointer.update(repeating: 0, count: count)
        storage.gradientIsWritten = true
        return fresh.pointer
    }

    /// The last dimension.
    public var width: Int { shape[shape.count - 1] }
    /// Elements over the last dimension: the rows of the array seen as a matrix.
    public var rows: Int { count / width }

    /// Called by an operation that is about to write this tensor's gradient, before it reads ``gradient``. True: add to
    /// what is there; false: it is the first to write in this pass, and overwrites.
    public func claimGradient() -> Bool {
        if storage.boundGradient != nil { return true }
        if storage.gradientIsWritten {
            separateGradient()
            return true
        }
        storage.gradientIsWritten = true
        _ = takeBlock()
        return false
    }

    /// Adds the gradient of an output of the same size to this one's: the backward of an operation that passes values
    /// on as they are. The first time, the two share memory; whoever writes next takes a copy.
    public func passGradient(of output: Tensor) {
        precondition(output.count == count, "a gradient passes between tensors of one size")
        if storage === output.storage { return }
        let source = output.gradient
        if let block = output.storage.block, storage.boundGradient == nil, !storage.gradientIsWritten {
            block.users += 1
            storage.block = block
            storage.gradientIsWritten = true
        } else {
            let accumulates = claimGradient()
            let active = activeRows * width
            if accumulates {
                ck_add(active, gradient, source, gradient)
            } else {
                gradient.update(from: source, count: active)
            }
        }
    }

    /// Makes the gradient this tensor's alone, so that it can be changed in place.
    func separateGradient() {
        guard let block = storage.block, block.users > 1 else { return }
        storage.pool?.release(block)
        let own = takeBlock()
        own.pointer.update(from: block.pointer, count: count)
    }

    private func takeBlock() -> GradientBlock {
        guard let pool = storage.pool else { preconditionFailure("this tensor was recorded without gradients") }
        let block = pool.take(count: count)
        storage.block = block
        return block
    }
}
