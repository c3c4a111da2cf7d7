import AssayCore

/// A small language model: widths, and which mixer each layer has.
public struct Architecture: Sendable, Codable, Hashable {
    /// The name, such as `qwen3-next`.
    public var name: String
    /// Width of the residual stream.
    public var width: Int
    /// Query heads of attention mixers, and heads of those that have one kind.
    public var heads: Int
    /// Key and value heads; query heads share them in groups.
    public var keyValueHeads: Int
    /// Width of a head.
    public var headDimension: Int
    /// Inner width of the gated MLP.
    public var hiddenWidth: Int
    /// The layers, first to last, expanded from the pattern.
    public var layers: [LayerConfiguration]
    /// Tokens of the vocabulary.
    public var vocabularyCount: Int
    /// Whether the head is the embedding matrix.
    public var tiedHead: Bool
    /// Kernel width of a depthwise short convolution on q, k and v of every mixer, followed by SiLU where the mixer has
    /// one; 0 for none.
    public var shortConvolution: Int
    /// Epsilon of the RMS norms.
    public var normEpsilon: Double
    /// Base of the rotary frequencies.
    public var rotaryBase: Double
    /// Standard deviation of the initial weights.
    public var initialDeviation: Double
    /// Standard deviation with which projections into the residual stream start. At 0 every layer begins as the identity,
    /// and no layer hides the tokens from those after it while it has learned nothing.
    public var outputDeviation: Double

    /// An architecture; widths that are not given follow from the others.
    public init(
        name: String, width: Int, heads: Int, keyValueHeads: Int? = nil, headDimension: Int? = nil,
        hiddenWidth: Int? = nil, layers: [LayerConfiguration], vocabularyCount: Int, tiedHead: Bool = true,
        shortConvolution: Int = 0, normEpsilon: Double = 1e-5, rotaryBase: Double = 10_000,
        initialDeviation: Double = 0.02, outputDeviation: Double? = nil
    ) {
        self.name = name
        self.width = width
        self.heads = heads
        self.keyValueHeads = keyValueHeads ?? heads
        self.headDimension = headDimension ?? (heads > 0 ? width / heads : 0)
        // 8/3 of the width, as in Llama, in whole vectors.
        self.hiddenWidth = hiddenWidth ?? (width * 8 / 3 + 15) / 16 * 16
        self.layers = layers
        self.vocabularyCount = vocabularyCount
        self.tiedHead = tiedHead
        self.shortConvolution = shortConvolution
        self.normEpsilon = normEpsilon
        self.rotaryBase = rotaryBase
        self.initialDeviation = initialDeviation
        // There are two such projections in each layer, and their sum should not grow with depth (as in GPT-2).
        self.outputDeviation = outputDeviation ?? initialDeviation / (2 * Double(max(layers.count, 1))).squareRoot()
    }

    /// The prefix of a layer's mixer parameters.
    public static func mixerPrefix(layer: Int) -> String { "model.layers.\(layer).mixer." }

    /// Refuses what cannot be built, naming the field.
    /// - Throws: ``AssayError`` of kind `badInput`.
    public func validate() throws {
        func demand(_ condition: Bool, _ problem: String, _ remedy: String) throws {
            if !condition { throw AssayError.badInput("architecture '\(name)': \(problem)", remedy: remedy) }
        }
        func range(_ field: String, _ value: Int, _ bounds: ClosedRange<Int>) throws {
            try demand(
                bounds.contains(value), "\(field) is \(value)",
                "Give a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
        }
        try range("width", width, 1...16_384)
        try range("heads", heads, 1...1_024)
        try range("keyValueHeads", keyValueHeads, 1...1_024)
        try range("headDimension", headDimension, 1...1_024)
        try range("hiddenWidth", hiddenWidth, 1...65_536)
        try range("vocabularyCount", vocabularyCount, 2...1_000_000)
        try range("shortConvolution", shortConvolution, 0...8)
        try range("the number of layers", layers.count, 1...256)
        try demand(
            heads % keyValueHeads == 0, "keyValueHeads is \(keyValueHeads), which does not divide heads, \(heads)",
            "Give a divisor of \(heads)")
        try demand(
            normEpsilon > 0 && normEpsilon < 1, "normEpsilon is \(normEpsilon)", "Give a small positive number")
        try demand(
            rotaryBase > 1 && rotaryBase.isFinite, "rotaryBase is \(rotaryBase)", "Give a number above 1")
        try demand(
            initialDeviation > 0 && initialDeviation <= 1, "initialDeviation is \(initialDeviation)",
            "Give a number above 0 and at most 1")
        try demand(
            outputDeviation >= 0 && outputDeviation <= 1, "outputDeviation is \(outputDeviation)",
            "Give a number from 0 to 1")
    }
}
