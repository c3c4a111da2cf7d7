import AssayCore

/// How a parameter starts.
public enum Initialisation: Sendable, Equatable {
    /// Normal with mean zero and this standard deviation.
    case normal(standardDeviation: Float)
    /// Every element the same.
    case constant(Float)
    /// Uniform between two bounds.
    case uniform(Float, Float)
    /// These numbers, one for each element.
    case values([Float])
    /// Logarithm of a uniform number between two positive bounds.
    case logarithmOfUniform(Float, Float)
    /// Inverse softplus of a number that is log-uniform between two positive bounds (Mamba-2's `dt_bias`).
    case inverseSoftplusOfLogUniform(Float, Float)
}

/// A named weight of a model.
public struct ParameterSpecification: Sendable, Equatable {
    /// The name in checkpoints, such as `model.layers.0.mixer.q_proj.weight`.
    public let name: String
    /// The shape; a linear map is `[out, in]`.
    public let shape: [Int]
    /// How it starts.
    public let initialisation: Initialisation
    /// Whether AdamW decays it: matrices yes, gains and biases no.
    public let decays: Bool
    /// Where it begins in the block, in elements.
    public let offset: Int

    /// Elements.
    public var count: Int { shape.reduce(1, *) }
}

/// Where every parameter of a model lies in one flat block of floats.
public struct ParameterLayout: Sendable, Equatable {
    /// The parameters in order of declaration.
    public private(set) var specifications: [ParameterSpecification] = []
    /// Floats of the whole block, padding between parameters included.
    public private(set) var count = 0
    private var indices: [String: Int] = [:]

    /// No parameters yet.
    public init() {}

    /// Adds a parameter; names are unique.
    public mutating func declare(
        _ name: String, _ shape: [Int], _ initialisation: Initialisation, decays: Bool = true
    ) {
        precondition(indices[name] == nil, "parameter \(name) is declared twice")
        indices[name] = specifications.count
        let specification = ParameterSpecification(
            name: name, shape: shape, initialisation: initialisation, decays: decays, offset: count)
        specifications.append(specification)
        // Whole cache lines, so that no two parameters share a vector.
        count += (specification.count + 15) / 16 * 16
    }

    /// The parameter of a name.
    public subscript(name: String) -> ParameterSpecification? { indices[name].map { specifications[$0] } }

    /// Trainable numbers, padding not counted.
    public var parameterCount: Int { specifications.reduce(0) { $0 + $1.count } }
}
