import AssayCore

/// A small language model: widths, which mixer and feed-forward each layer has, and how they sit on the residual stream.
public struct Architecture: Sendable, Hashable {
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
    /// Inner width of the feed-forward; what it means for a mixture of experts is told there.
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
    /// Epsilon of the norms.
    public var normEpsilon: Double
    /// Base of the rotary frequencies.
    public var rotaryBase: Double
    /// Standard deviation of the initial weights.
    public var initialDeviation: Double
    /// Standard deviation with which projections into the residual stream start. At 0 every layer begins as the identity,
    /// and no layer hides the tokens from those after it while it has learned nothing.
    public var outputDeviation: Double
    /// Norms, residual sums and constant factors.
    public var block: BlockForm

    /// An architecture; widths that are not given follow from the others.
    public init(
        name: String, width: Int, heads: Int, keyValueHeads: Int? = nil, headDimension: Int? = nil,
        hiddenWidth: Int? = nil, layers: [LayerConfiguration], vocabularyCount: Int, tiedHead: Bool = true,
        shortConvolution: Int = 0, normEpsilon: Double = 1e-5, rotaryBase: Double = 10_000,
        initialDeviation: Double = 0.02, outputDeviation: Double? = nil, block: BlockForm = BlockForm()
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
        self.block = block
    }

    /// What the names of the parameters of a part of a layer begin with.
    public static func prefix(layer: Int, part: LayerPart) -> String {
        "model.layers.\(layer)." + (part == .mixer ? "mixer." : "mlp.")
    }

    /// The prefix of a layer's mixer parameters.
    public static func mixerPrefix(layer: Int) -> String { prefix(layer: layer, part: .mixer) }

    /// A norm of the residual stream.
    func norm(_ name: String) -> StreamNorm {
        StreamNorm(kind: block.norm, name: name, width: width, epsilon: normEpsilon)
    }

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
        let own = layers.flatMap { [$0.mixerForm, $0.feedForwardForm] }.compactMap { $0 }.flatMap {
            [(name: "streamFactor", value: $0.streamFactor), (name: "branchFactor", value: $0.branchFactor)]
        }
        for factor in block.factors + own {
            try demand(
                factor.value.isFinite && factor.value != 0, "\(factor.name) is \(factor.value)",
                "Give a number that is not zero")
        }
        try demand(
            block.logitsCap >= 0 && block.logitsCap.isFinite, "logitsCap is \(block.logitsCap)",
            "Give a positive number, or 0 for none")
    }
}

// By hand, so that a field that is not used is not written: an architecture keeps its text, and so its identity, when
// fields are added.
extension Architecture: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, width, heads, keyValueHeads, headDimension, hiddenWidth, layers, vocabularyCount, tiedHead
        case shortConvolution, normEpsilon, rotaryBase, initialDeviation, outputDeviation, block
    }

    /// Reads an architecture.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            name: try values.decode(String.self, forKey: .name), width: try values.decode(Int.self, forKey: .width),
            heads: try values.decode(Int.self, forKey: .heads),
            keyValueHeads: try values.decode(Int.self, forKey: .keyValueHeads),
            headDimension: try values.decode(Int.self, forKey: .headDimension),
            hiddenWidth: try values.decode(Int.self, forKey: .hiddenWidth),
            layers: try values.decode([LayerConfiguration].self, forKey: .layers),
            vocabularyCount: try values.decode(Int.self, forKey: .vocabularyCount),
            tiedHead: try values.decode(Bool.self, forKey: .tiedHead),
            shortConvolution: try values.decode(Int.self, forKey: .shortConvolution),
            normEpsilon: try values.decode(Double.self, forKey: .normEpsilon),
            rotaryBase: try values.decode(Double.self, forKey: .rotaryBase),
            initialDeviation: try values.decode(Double.self, forKey: .initialDeviation),
            outputDeviation: try values.decode(Double.self, forKey: .outputDeviation),
            block: try values.decodeIfPresent(BlockForm.self, forKey: .block) ?? BlockForm())
    }

    /// Writes all but a standard block form.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(name, forKey: .name)
        try values.encode(width, forKey: .width)
        try values.encode(heads, forKey: .heads)
        try values.encode(keyValueHeads, forKey: .keyValueHeads)
        try values.encode(headDimension, forKey: .headDimension)
        try values.encode(hiddenWidth, forKey: .hiddenWidth)
        try values.encode(layers, forKey: .layers)
        try values.encode(vocabularyCount, forKey: .vocabularyCount)
        try values.encode(tiedHead, forKey: .tiedHead)
        try values.encode(shortConvolution, forKey: .shortConvolution)
        try values.encode(normEpsilon, forKey: .normEpsilon)
        try values.encode(rotaryBase, forKey: .rotaryBase)
        try values.encode(initialDeviation, forKey: .initialDeviation)
        try values.encode(outputDeviation, forKey: .outputDeviation)
        if block != BlockForm() { try values.encode(block, forKey: .block) }
    }
}
