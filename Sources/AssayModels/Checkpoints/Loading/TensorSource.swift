/// Where the weights of a released checkpoint come from: tensors by name, widened to float32 when they are read.
protocol TensorSource {
    /// The file or folder, for messages.
    var location: String { get }
    /// The names of all tensors.
    var names: [String] { get }
    /// Elements of all tensors together.
    var elementCount: Int { get }
    /// The shape of a tensor, slowest dimension first; nil if there is none of the name.
    func shape(_ name: String) -> [Int]?
    /// The file of a tensor, for messages.
    func location(of name: String) -> String
    /// The values of a tensor.
    /// - Throws: ``AssayError`` for a type that cannot be read, and for values that are no numbers.
    func floats(_ name: String) throws -> [Float]
}
