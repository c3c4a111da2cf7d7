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
    /// Free blocks of one size.
    private final class Shelf {
        let count: Int
        var blocks: [GradientBlock] = []

        init(count: Int) { self.count = count }
    }

    // A model has a handful of sizes: a search is faster than a dictionary, and allocates nothing.
    private var shelves: [Shelf] = []
    private(set) var floatCount = 0

    func take(count: Int) -> GradientBlock {
        let block = shelf(count).blocks.popLast() ?? allocate(count)
        block.users = 1
        return block
    }

    func release(_ block: GradientBlock) {
        block.users -= 1
        if block.users == 0 { shelf(block.count).blocks.append(block) }
    }

    private func shelf(_ count: Int) -> Shelf {
        for shelf in shelves where shelf.count == count { return shelf }
        let shelf = Shelf(count: count)
        shelves.append(shelf)
        return shelf
    }

    private func allocate(_ count: Int) -> GradientBlock {
        floatCount += count
        return GradientBlock(count: count)
    }
}
