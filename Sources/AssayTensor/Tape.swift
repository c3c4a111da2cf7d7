import AssayCore

/// A differentiable operation on a tape, with a hand-written backward.
///
/// It is made once, when the tape is recorded, and run many times. It keeps references to its tensors and to scratch of
/// the tape, and allocates nothing when it runs.
public protocol TapeOperation: AnyObject {
    /// Reads the values of its inputs and writes those of its outputs.
    func forward()
    /// Reads the gradients of its outputs and writes (``Tensor/claimGradient()``) those of its inputs.
    func backward()
}

/// Memory that all operations of a tape share: what is in it is lost when the operation returns.
public final class Workspace {
    private var memory = FloatBlock(count: 0)

    /// Where it begins; only to be read when the operation runs, because recording further operations moves it.
    public var pointer: UnsafeMutablePointer<Float> { memory.pointer }
    /// Floats.
    public var count: Int { memory.count }

    func reserve(_ count: Int) {
        if count > memory.count { memory = FloatBlock(count: count) }
    }
}

/// The record of one forward computation of fixed shape: recorded once, run for every micro-batch of that shape.
///
/// A tape belongs to one worker. All its memory is allocated while it is recorded and in the first backward pass; a step
/// allocates nothing.
public final class Tape {
    /// Where the model's parameters lie.
    public let layout: ParameterLayout
    /// Whether backward passes will be run; without them activations have no gradients.
    public let recordsGradients: Bool
    /// Tokens that chunked operations take at a time; nil for what suits each best. It changes results by rounding only.
    public let chunk: Int?
    /// Columns of matrices that products take as zero, by the name of the parameter.
    public let removed: [String: [Range<Int>]]

    /// Values that layers leave for later ones while they are recorded, by name.
    public var shared: [String: Tensor] = [:]

    private struct Node {
        let operation: any TapeOperation
        /// What it produced: no gradient of these is needed once its backward has run.
        let outputs: [TensorStorage]
    }

    private struct Packing {
        let weight: TensorStorage
        let isTransposed: Bool
        let matrix: PackedMatrix
        let removed: [Range<Int>]
    }

    private var nodes: [Node] = []
    private var pendingOutputs: [TensorStorage] = []
    private var inputs: [TensorStorage] = []
    private var parameters: [String: (tensor: Tensor, offset: Int)] = [:]
    private var packedMatrices: [Packing] = []
    private var blocks: [FloatBlock] = []
    private let pool = GradientPool()
    private let sharedWorkspace = Workspace()
    private let unbound = FloatBlock(count: 0)
    /// What is bound lives as long as its binding.
    private var boundWeights: FloatBlock?
    private var boundGradients: FloatBlock?

    /// An empty tape over a model's parameters.
    public init(
        layout: ParameterLayout, recordsGradients: Bool, chunk: Int? = nil, removed: [String: [Range<Int>]] = [:]
    ) {
        precondition((chunk ?? 1) > 0, "a chunk of nothing")
        precondition(!recordsGradients || removed.isEmpty, "weights that are taken as zero cannot learn")
        self.removed = removed
        self.layout = layout
        self.recordsGradients = recordsGradients
        self.chunk = chunk
    }

    /// A new activation of a shape; the operation that is recorded next writes it.
    public func tensor(_ shape: [Int]) -> Tensor {
        let storage = activation(shape)
        pendingOutputs.append(storage)
        return Tensor(shape: shape, storage: storage)
    }

    /// A new tensor whose values the caller sets before each run. Its gradient stays readable after the backward pass.
    public func input(_ shape: [Int]) -> Tensor {
        let storage = activation(shape)
        inputs.append(storage)
        return Tensor(shape: shape, storage: storage)
    }

    /// A tensor of numbers that never change, such as a mask.
    public func constant(_ values: [Float], _ shape: [Int]) -> Tensor {
        let result = input(shape)
        precondition(values.count == result.count, "a constant has one value for each element")
        for (i, value) in values.enumerated() { result.value[i] = value }
        return result
    }

    /// The same elements in another shape, without a copy.
    public func reshape(_ x: Tensor, _ shape: [Int]) -> Tensor {
        precondition(shape.reduce(1, *) == x.count, "a reshape keeps the number of elements")
        return Tensor(shape: shape, storage: x.storage)
    }

    /// The values of an activation, through which no gradient passes back to it.
    public func detached(_ x: Tensor) -> Tensor {
        precondition(x.storage.boundGradient == nil, "parameters are bound anew and cannot be detached")
        let storage = TensorStorage(count: x.count, value: x.value, pool: recordsGradients ? pool : nil)
        pendingOutputs.append(storage)
        return Tensor(shape: x.shape, storage: storage)
    }

    /// Zeroed memory for an operation's own use, such as values that its backward needs again.
    public func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
        let block = FloatBlock(count: count)
        blocks.append(block)
        return block.pointer
    }

    /// Memory of at least `count` floats for use within one call of an operation's forward or backward.
    public func workspace(_ count: Int) -> Workspace {
        sharedWorkspace.reserve(count)
        return sharedWorkspace
    }

    /// The parameter of a name, declared in the layout. Its pointers are bound before each run.
    public func parameter(_ name: String) -> Tensor {
        if let known = parameters[name] { return known.tensor }
        guard let specification = layout[name] else { preconditionFailure("no parameter is named \(name)") }
        let storage = TensorStorage(count: specification.count, value: unbound.pointer, pool: nil)
        storage.boundGradient = unbound.pointer
        let tensor = Tensor(shape: specification.shape, storage: storage)
        parameters[name] = (tensor, specification.offset)
        return tensor
    }

    /// A packed copy of a parameter `[out, in]` for products `x * weight^T` (`isTransposed`) or `x * weight`.
    public func packed(_ weight: Tensor, isTransposed: Bool) -> PackedMatrix {
        precondition(weight.storage.boundGradient != nil, "only parameters are packed")
        let known = packedMatrices.first { $0.weight === weight.storage && $0.isTransposed == isTransposed }
        if let known { return known.matrix }
        let matrix = PackedMatrix(shape: weight.shape, isTransposed: isTransposed)
        let name = parameters.first { $0.value.tensor.storage === weight.storage }?.key
        packedMatrices.append(
            Packing(
                weight: weight.storage, isTransposed: isTransposed, matrix: matrix,
                removed: name.flatMap { removed[$0] } ?? []))
        return matrix
    }

    /// Appends an operation.
    public func record(_ operation: some TapeOperation) {
        nodes.append(Node(operation: operation, outputs: pendingOutputs))
        pendingOutputs = []
    }

    /// Floats that the tape holds: activations, gradients and scratch.
    public var floatCount: Int { blocks.reduce(pool.floatCount + sharedWorkspace.count) { $0 + $1.count } }

    /// Binds the parameters to a block of weights and, for training, one of gradients of the same layout. To be called
    /// again whenever the weights have changed, because products read packed copies of them.
    public func bind(weights: FloatBlock, gradients: FloatBlock? = nil) {
        precondition(weights.count >= layout.count, "the block of weights is too small for the layout")
        boundWeights = weights
        for (tensor, offset) in parameters.values { tensor.storage.value = weights.pointer + offset }
        for packing in packedMatrices { packing.matrix.pack(packing.weight.value, without: packing.removed) }
        if let gradients { bind(gradients: gradients) }
    }

    /// Changes only where the gradients of the parameters are added.
    public func bind(gradients: FloatBlock) {
        precondition(gradients.count >= layout.count, "the block of gradients is too small for the layout")
        boundGradients = gradients
        for (tensor, offset) in parameters.values { tensor.storage.boundGradient = gradients.pointer + offset }
    }

    /// Runs all operations in order.
    public func forward() {
        for node in nodes { node.operation.forward() }
    }

    /// Runs all backward passes in reverse order. Parameter gradients are added to; the caller zeroes them first.
    public func backward() {
        precondition(recordsGradients, "this tape was recorded without gradients")
        precondition(boundGradients != nil || parameters.isEmpty, "no gradients are bound")
        for input in inputs { input.releaseGradient() }
        for node in nodes.reversed() {
            node.operation.backward()
            for output in node.outputs { output.releaseGradient() }
        }
    }

    private func activation(_ shape: [Int]) -> TensorStorage {
        let count = shape.reduce(1, *)
        return TensorStorage(count: count, value: scratch(count), pool: recordsGradients ? pool : nil)
    }
}
