/// Memory for the gradient of an activation, which some tensors may share.
final class GradientBlock {
    let pointer: UnsafeMutablePointer<Float>
    let count: Int
    var users = 0
    private let memory: FloatBlock

    init(count: Int) {
        memory = FloatBlock(count: count)
        self.count = count
        pointer = memory.pointer
    }
}

/// Lends memory to gradients of activations for the time between their first write and their last read, so that a
/// backward pass works in a few warm blocks instead of one block for every activation.
///
/// Blocks are reused for exactly their size only: then every pass needs what the first one needed, and allocates
/// nothing.
final class GradientPool {
    private var free: [Int: [GradientBlock]] = [:]
    private(set) var floatCount = 0

    func take(count: Int) -> GradientBlock {
        let block = free[count]?.popLast() ?? allocate(count)
        block.users = 1
        return block
    }

    func release(_ block: GradientBlock) {
        block.users -= 1
        if block.users == 0 { free[block.count]?.append(block) }
    }

    private func allocate(_ count: Int) -> GradientBlock {
        floatCount += count
        if free[count] == nil { free[count] = [] }
        free[count]?.reserveCapacity(16)
        return GradientBlock(count: count)
    }
}
