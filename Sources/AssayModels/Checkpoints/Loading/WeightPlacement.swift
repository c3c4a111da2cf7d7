import AssayCore
import AssayTensor

/// Puts the tensors of a released checkpoint where a model has its parameters, and watches that every parameter gets its
/// values and no tensor is left over.
final class WeightPlacement {
    let source: any TensorSource
    private let layout: ParameterLayout
    private let target: FloatBlock
    private var placed: Set<String> = []
    private var taken: Set<String> = []

    /// - Throws: ``AssayError`` when the file holds too few values to fill the model, before anything is allocated.
    init(_ source: any TensorSource, model: LanguageModel) throws {
        self.source = source
        layout = model.layout
        // Few parameters are not read from the file: biases that are left out, none larger than a tensor that is there.
        let wanted = model.layout.parameterCount
        guard wanted / 2 <= source.elementCount else {
            throw AssayError.badInput(
                "the tensors hold \(source.elementCount) values, but the configuration describes a model of \(wanted)",
                at: source.location, remedy: "The files are not of one checkpoint, or some are missing")
        }
        target = FloatBlock(count: model.layout.count)
    }

    /// Whether there is a tensor of a name.
    func has(_ name: String) -> Bool { source.shape(name) != nil }

    /// Reads a tensor of a shape, as rows of its last dimension; dimensions of 1 may be left out or added, so that a
    /// vector is a column.
    /// - Throws: ``AssayError`` naming the file and the tensor when it is missing or has another shape.
    func take(_ name: String, _ shape: Int...) throws -> LoadedTensor { try take(name, shape: shape) }

    /// The same for a shape as an array.
    func take(_ name: String, shape: [Int]) throws -> LoadedTensor {
        guard let actual = source.shape(name) else {
            throw AssayError.badInput(
                "there is no tensor '\(name)'", at: source.location,
                remedy: Suggestion.nearest(to: name, among: source.names).map { "The nearest is '\($0)'" })
        }
        guard actual.filter({ $0 != 1 }) == shape.filter({ $0 != 1 }) else {
            throw AssayError.badInput(
                "tensor '\(name)' has the shape \(actual), but the configuration asks for \(shape)",
                at: source.location(of: name))
        }
        taken.insert(name)
        let columns = shape.count > 1 ? shape[shape.count - 1] : 1
        let values = try source.floats(name)
        return LoadedTensor(rows: values.count / max(columns, 1), columns: columns, values: values)
    }

    /// The first of several names that there is, for releases that do not agree; the first if there is none.
    func firstName(_ names: String...) -> String { names.first(where: has) ?? names[0] }

    /// Lets tensors be left over: those of a part that a model does not run.
    func skip(_ names: String...) { taken.formUnion(names) }

    /// Fills a parameter with the rows of tensors, one after another.
    func set(_ parameter: String, _ parts: LoadedTensor...) throws { try set(parameter, parts) }

    /// The same for any number of tensors.
    func set(_ parameter: String, _ parts: [LoadedTensor]) throws {
        guard let specification = layout[parameter] else {
            throw AssayError(.defect, "the model has no parameter '\(parameter)'", at: source.location)
        }
        guard parts.reduce(0, { $0 + $1.values.count }) == specification.count, placed.insert(parameter).inserted else {
            throw AssayError(
                .defect, "parameter '\(parameter)' of shape \(specification.shape) is given other values",
                at: source.location)
        }
        var place = target.pointer + specification.offset
        for part in parts {
            part.values.withUnsafeBufferPointer {
                guard let base = $0.baseAddress else { return }
                place.update(from: base, count: $0.count)
            }
            place += part.values.count
        }
    }

    /// Ends the placement.
    /// - Parameter ignores: tensors that may be left over: those of parts that are not run.
    /// - Returns: the weights.
    func finish(ignoring ignores: (String) -> Bool) throws -> FloatBlock {
        if let name = source.names.filter({ !taken.contains($0) && !ignores($0) }).min() {
            throw AssayError.badInput(
                "tensor '\(name)' of shape \(source.shape(name) ?? []) has no place in the model that the configuration"
                    + " describes", at: source.location(of: name))
        }
        if let specification = layout.specifications.first(where: { !placed.contains($0.name) }) {
            throw AssayError(
                .defect, "parameter '\(specification.name)' of shape \(specification.shape) got no values",
                at: source.location)
        }
        return target
    }
}
