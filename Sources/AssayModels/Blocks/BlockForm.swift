/// Which norm the residual stream has.
public enum NormKind: String, Sendable, Codable, CaseIterable {
    /// Root mean square, with a gain. Norms that are published with a gain of `1 + w` (Gemma 3, Qwen3-Next) are the
    /// same function with the sum stored.
    case rms
    /// Mean and variance, with gain and bias, as in RWKV.
    case layer
}

/// Where the norms of a branch (a mixer or a feed-forward) stand, with `a` and `b` for the factors of ``BlockForm``.
public enum ResidualForm: String, Sendable, Codable, CaseIterable {
    /// `x <- a x + b f(norm(x))`: Llama and most others.
    case pre
    /// `y = norm(x); x <- a y + b f(y)`: the normalised value is carried on, as in MiniMax-Text-01.
    case post
    /// `x <- a x + b norm(f(norm(x)))`: Gemma 3.
    case sandwich
    /// `x <- a x + b norm(f(x))`: OLMo 2.
    case output

    /// Whether a branch reads normalised values.
    var normalisesInput: Bool { self != .output }
    /// Whether what a branch adds is normalised.
    var normalisesOutput: Bool { self == .sandwich || self == .output }
}

/// How the layers of an architecture sit on the residual stream: norms, residual sums and constant factors.
public struct BlockForm: Sendable, Hashable {
    /// The norm.
    public var norm: NormKind
    /// Where it stands.
    public var residual: ResidualForm
    /// What counts the stream in a residual sum (MiniMax-Text-01's alpha).
    public var streamFactor: Double
    /// What counts a branch in a residual sum (MiniMax-Text-01's beta, Granite's residual multiplier).
    public var branchFactor: Double
    /// What multiplies the embedding (Granite's embedding multiplier, the square root of the width in Gemma).
    public var embeddingFactor: Double
    /// What the logits are divided by (Granite's logits scaling).
    public var logitsDivisor: Double
    /// Whether the embedding is normalised, as in RWKV.
    public var embeddingNorm: Bool
    /// What the logits never leave on either side, by ``AssayTensor/Tape/softCap(_:limit:)`` (Gemma); 0 for none.
    public var logitsCap: Double

    /// The form of Llama: RMS norms before each branch, plain sums.
    public init(
        norm: NormKind = .rms, residual: ResidualForm = .pre, streamFactor: Double = 1, branchFactor: Double = 1,
        embeddingFactor: Double = 1, logitsDivisor: Double = 1, embeddingNorm: Bool = false,
        logitsCap: Double = 0
    ) {
        self.norm = norm
        self.residual = residual
        self.streamFactor = streamFactor
        self.branchFactor = branchFactor
        self.embeddingFactor = embeddingFactor
        self.logitsDivisor = logitsDivisor
        self.embeddingNorm = embeddingNorm
        self.logitsCap = logitsCap
    }

    /// The numbers that must be finite and not zero, by name.
    var factors: [(name: String, value: Double)] {
        [
            ("streamFactor", streamFactor), ("branchFactor", branchFactor), ("embeddingFactor", embeddingFactor),
            ("logitsDivisor", logitsDivisor),
        ]
    }
}

// By hand, so that only what is not standard is written: the identity of an architecture does not change when a field
// is added that it does not use.
extension BlockForm: Codable {
    private enum CodingKeys: String, CodingKey {
        case norm, residual, streamFactor, branchFactor, embeddingFactor, logitsDivisor, embeddingNorm, logitsCap
    }

    /// Reads a form; what is absent is standard.
    public init(from decoder: any Decoder) throws {
        self.init()
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ path: WritableKeyPath<BlockForm, Value>, _ key: CodingKeys) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { self[keyPath: path] = value }
        }
        try read(\.norm, .norm)
        try read(\.residual, .residual)
        try read(\.streamFactor, .streamFactor)
        try read(\.branchFactor, .branchFactor)
        try read(\.embeddingFactor, .embeddingFactor)
        try read(\.logitsDivisor, .logitsDivisor)
        try read(\.embeddingNorm, .embeddingNorm)
        try read(\.logitsCap, .logitsCap)
    }

    /// Writes what is not standard.
    public func encode(to encoder: any Encoder) throws {
        let standard = BlockForm()
        var values = encoder.container(keyedBy: CodingKeys.self)
        func write<Value: Encodable & Equatable>(_ path: KeyPath<BlockForm, Value>, _ key: CodingKeys) throws {
            if self[keyPath: path] != standard[keyPath: path] { try values.encode(self[keyPath: path], forKey: key) }
        }
        try write(\.norm, .norm)
        try write(\.residual, .residual)
        try write(\.streamFactor, .streamFactor)
        try write(\.branchFactor, .branchFactor)
        try write(\.embeddingFactor, .embeddingFactor)
        try write(\.logitsDivisor, .logitsDivisor)
        try write(\.embeddingNorm, .embeddingNorm)
        try write(\.logitsCap, .logitsCap)
    }
}
