/// A float32 array of a tape: an activation or a parameter, with its gradient.
///
/// Activations keep their place in the tape's arena for the life of the tape; parameters are re-bound to the block of
/// weights and gradients of the micro-batch at hand, so operations read the pointers when they run, never earlier.
public final class Tensor {
    /// Dimensions, slowest first.
    public let shape: [Int]
    /// Elements.
    public let count: Int
    /// The values, row-major.
    public internal(set) var value: UnsafeMutablePointer<Float>
    /// The gradient of the loss with respect to the values; only to be touched in backward passes.
    public internal(set) var gradient: UnsafeMutablePointer<Float>
    /// Whether some operation of the running backward pass has written the gradient already.
    var gradientIsWritten = false

    init(shape: [Int], value: UnsafeMutablePointer<Float>, gradient: UnsafeMutablePointer<Float>) {
        self.shape = shape
        self.count = shape.reduce(1, *)
        self.value = value
        self.gradient = gradient
    }

    /// The last dimension.
    public var width: Int { shape[shape.count - 1] }
    /// Elements over the last dimension: the rows of the array seen as a matrix.
    public var rows: Int { count / width }

    /// Called by an operation that is about to write this tensor's gradient. True: add to what is there; false: it is
    /// the first to write in this pass, and overwrites.
    public func claimGradient() -> Bool {
        defer { gradientIsWritten = true }
        return gradientIsWritten
    }
}
