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

/// The record of one forward computation of fixed shape: recorded once, run for every micro-batch of that shape.
///
/// A tape belongs to one worker. All its memory is allocated while it is recorded; a step allocates nothing.
public final class Tape {
    /// Where the model's parameters lie.
    public let layout: ParameterLayout
    /// Whether backward passes will be run; without them activations have no gradients.
    public let recordsGradients: Bool

    private var operations: [any TapeOperation] = []
    private var activations: [Tensor] = []
    private var parameters: [String: (tensor: Tensor, offset: Int)] = [:]
    private var blocks: [FloatBlock] = []
    private let unbound = FloatBlock(count: 0)

    /// An empty tape over a model's parameters.
    public init(layout: ParameterLayout, recordsGradients: Bool) {
        self.layout = layout
        self.recordsGradients = recordsGradients
    }

    /// A new activation of a shape; the operation that is recorded next writes it.
    public func tensor(_ shape: [Int]) -> Tensor {
        let count = shape.reduce(1, *)
        let gradient = recordsGradients ? scratch(count) : unbound.pointer
        let tensor = Tensor(shape: shape, value: scratch(count), gradient: gradient)
        activations.append(tensor)
        return tensor
    }

    /// Zeroed memory for an operation's own use, such as values that its backward needs again.
    public func scratch(_ count: Int) -> UnsafeMutablePointer<Float> {
        let block = FloatBlock(count: count)
        blocks.append(block)
        return block.pointer
    }

    /// The parameter of a name, declared in the layout. Its pointers are bound before each run.
    public func parameter(_ name: String) -> Tensor {
        if let known = parameters[name] { return known.tensor }
        guard let specification = layout[name] else { preconditionFailure("no parameter is named \(name)") }
        let tensor = Tensor(shape: specification.shape, value: unbound.pointer, gradient: unbound.pointer)
        parameters[name] = (tensor, specification.offset)
        return tensor
    }

    /// Appends an operation.
    public func record(_ operation: some TapeOperation) { operations.append(operation) }

    /// Floats that the tape holds: activations, gradients and scratch.
    public var floatCount: Int { blocks.reduce(0) { $0 + $1.count } }

    /// Binds the parameters to a block of weights and, for training, one of gradients of the same layout.
    public func bind(weights: FloatBlock, gradients: FloatBlock? = nil) {
        precondition(weights.count >= layout.count, "the block of weights is too small for the layout")
        for (tensor, offset) in parameters.values {
            tensor.value = weights.pointer + offset
            tensor.gradient = (gradients?.pointer ?? unbound.pointer) + (gradients == nil ? 0 : offset)
        }
    }

    /// Runs all operations in order.
    public func forward() {
        for operation in operations { operation.forward() }
    }

    /// Runs all backward passes in reverse order. Parameter gradients are added to; the caller zeroes them first.
    public func backward() {
        precondition(recordsGradients, "this tape was recorded without gradients")
        for tensor in activations { tensor.gradientIsWritten = false }
        for (tensor, _) in parameters.values { tensor.gradientIsWritten = true }
        for operation in operations.reversed() { operation.backward() }
    }
}
