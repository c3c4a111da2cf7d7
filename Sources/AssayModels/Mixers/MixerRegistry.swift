import AssayCore

/// Which mixers there are. A new mixer is one line here.
public enum MixerRegistry {
    /// The mixers.
    public static let types: [any Mixer.Type] = [
        CompressedSparseAttention.self,
        DeltaNet.self,
        DeltaProduct.self,
        FullAttention.self,
        GatedConvolution.self,
        GatedDeltaNet.self,
        GatedLinearAttention.self,
        KimiDeltaAttention.self,
        LightningAttention.self,
        LinearAttention.self,
        Mamba2.self,
        MultiHeadLatentAttention.self,
        RetNet.self,
        SigmoidAttention.self,
        RWKV7TimeMix.self,
        SlidingWindowAttention.self,
        SparseTopKAttention.self,
    ]

    /// Their names.
    public static var names: [String] { types.map { $0.name } }

    /// The mixer of one layer of an architecture.
    /// - Throws: ``AssayError`` for an unknown mixer, or an option that the mixer does not know or cannot take.
    public static func make(_ architecture: Architecture, layer: Int) throws -> any Mixer {
        try MixerRequest(architecture: architecture, layer: layer).make(among: types)
    }
}

/// The two things that a layer does to the residual stream, one after the other.
public enum LayerPart: Sendable, Hashable {
    /// Mixes tokens: attention of some kind.
    case mixer
    /// Mixes the channels of a token.
    case feedForward

    /// What it is called in messages.
    var title: String { self == .mixer ? "mixer" : "feed-forward" }
}

/// What a mixer or a feed-forward is made from: an architecture, and the place of the layer in it.
public struct MixerRequest: Sendable {
    /// The architecture.
    public let architecture: Architecture
    /// The index of the layer, from 0.
    public let layer: Int
    /// Which part of the layer.
    public let part: LayerPart
    /// Layers of the architecture.
    public var layerCount: Int { architecture.layers.count }
    /// The options of this part of the layer.
    public var options: [String: MixerOption] {
        part == .mixer ? architecture.layers[layer].options : architecture.layers[layer].feedForwardOptions
    }

    /// A layer of an architecture.
    public init(architecture: Architecture, layer: Int, part: LayerPart = .mixer) {
        self.architecture = architecture
        self.layer = layer
        self.part = part
    }

    /// The name that the architecture gives.
    private var name: String {
        part == .mixer ? architecture.layers[layer].mixer : architecture.layers[layer].feedForward
    }

    /// What is asked for, if it is among some types.
    func make(among types: [any Mixer.Type]) throws -> any Mixer {
        guard let type = types.first(where: { $0.name == name }) else {
            throw AssayError.badInput(
                "architecture '\(architecture.name)': layers[\(layer)]: unknown \(part.title) '\(name)'",
                remedy: Suggestion.remedy(for: name, among: types.map { $0.name }))
        }
        for option in options.keys.sorted() where !type.optionNames.contains(option) {
            let known = type.optionNames
            throw failure(
                option, "is not an option of \(type.name)",
                remedy: known.isEmpty ? "It has no options" : Suggestion.remedy(for: option, among: known))
        }
        return try type.init(self)
    }

    /// A whole-number option in a range, or its default.
    public func integer(_ option: String, default standard: Int, in range: ClosedRange<Int>) throws -> Int {
        guard let value = options[option] else { return standard }
        guard case .number(let number) = value, let whole = Int(exactly: number), range.contains(whole) else {
            throw failure(
                option, "is not a whole number from \(range.lowerBound) to \(range.upperBound)",
                remedy: "The default is \(standard)")
        }
        return whole
    }

    /// A number option in a range, or its default.
    public func number(_ option: String, default standard: Double, in range: ClosedRange<Double>) throws -> Double {
        guard let value = options[option] else { return standard }
        guard case .number(let number) = value, range.contains(number) else {
            throw failure(
                option, "is not a number from \(range.lowerBound) to \(range.upperBound)",
                remedy: "The default is \(standard)")
        }
        return number
    }

    /// A yes-or-no option, or its default.
    public func boolean(_ option: String, default standard: Bool) throws -> Bool {
        guard let value = options[option] else { return standard }
        guard case .boolean(let boolean) = value else {
            throw failure(option, "is neither true nor false", remedy: "The default is \(standard)")
        }
        return boolean
    }

    /// One of some words, or its default.
    public func word(_ option: String, default standard: String, among words: [String]) throws -> String {
        guard let value = options[option] else { return standard }
        guard case .text(let text) = value, words.contains(text) else {
            throw failure(option, "is none of \(words.joined(separator: ", "))", remedy: "The default is \(standard)")
        }
        return text
    }

    /// An error about an option of this layer.
    public func failure(_ option: String, _ problem: String, remedy: String) -> AssayError {
        .badInput(
            "architecture '\(architecture.name)': layers[\(layer)] (\(name)): '\(option)' \(problem)", remedy: remedy)
    }
}
