import AssayCore
import AssayModels
import Foundation

/// A small language model, as an architecture file states it; what is nil follows from the rest or has a default.
public struct ArchitectureConfiguration: Sendable, Hashable {
    /// The name of the file.
    public var name: String
    /// What it is.
    public var description: String?
    /// The system whose layout it has at small scale, such as `MiniMax-Text-01`.
    public var system: String?
    /// Width of the residual stream.
    public var width: Marked<Int>
    /// Query heads.
    public var heads: Marked<Int>
    /// Key and value heads.
    public var keyValueHeads: Marked<Int>?
    /// Width of a head.
    public var headDimension: Marked<Int>?
    /// Inner width of the feed-forward.
    public var hidden: Marked<Int>?
    /// The layers, such as `[gated-delta-net x3, full] x1`.
    public var pattern: Marked<String>
    /// The feed-forwards: one name for all layers, or a pattern with one for each; nil for `swiglu`.
    public var feedForward: Marked<String>?
    /// Options by mixer or feed-forward and name, for every layer that has it.
    public var options: [String: MixerOptions]
    /// Norms, residual sums and constant factors.
    public var block: BlockForm
    /// Whether the head is the embedding matrix.
    public var tiedHead: Bool?
    /// Kernel width of the short convolution of every mixer; 0 for none.
    public var shortConvolution: Marked<Int>?
    /// Epsilon of the norms.
    public var normEpsilon: Marked<Double>?
    /// Base of the rotary frequencies.
    public var rotaryBase: Marked<Double>?
    /// Standard deviation of the initial weights.
    public var initialDeviation: Marked<Double>?
    /// Standard deviation with which projections into the residual stream start.
    public var outputDeviation: Marked<Double>?
    /// Where it begins.
    public var mark: SourceMark

    private static let keys = [
        "name", "description", "system", "width", "heads", "key-value-heads", "head-dimension", "hidden", "pattern",
        "feed-forward", "options", "tied-head", "short-convolution", "norm-epsilon", "rotary-base",
        "initial-deviation", "output-deviation", "norm", "residual", "stream-factor", "branch-factor",
        "embedding-factor", "embedding-norm", "logits-divisor", "logits-cap",
    ]

    /// Reads an architecture file.
    public static func read(_ url: URL) throws -> ArchitectureConfiguration {
        let top = try ConfigurationDocument.read(url, kind: "architecture").mapping("architecture", keys: keys)
        try ConfigurationLibrary.checkName(top.optional("name"), of: url, kind: .architecture)
        let pattern = try top.required("pattern")
        let architecture = ArchitectureConfiguration(
            name: ConfigurationLibrary.name(of: url), description: try top.optional("description")?.text(),
            system: try top.optional("system")?.text(),
            width: try top.markedInteger("width", 1...16_384) ?? top.absent("width"),
            heads: try top.markedInteger("heads", 1...1_024) ?? top.absent("heads"),
            keyValueHeads: try top.markedInteger("key-value-heads", 1...1_024),
            headDimension: try top.markedInteger("head-dimension", 1...1_024),
            hidden: try top.markedInteger("hidden", 1...65_536), pattern: Marked(try pattern.text(), at: pattern.mark),
            feedForward: try top.optional("feed-forward").map { Marked(try $0.text(), at: $0.mark) },
            options: try top.optional("options").map(MixerOptions.read) ?? [:],
            block: try block(top),
            tiedHead: try top.optional("tied-head")?.boolean(),
            shortConvolution: try top.markedInteger("short-convolution", 0...8),
            normEpsilon: try top.markedNumber("norm-epsilon", 0...0.1, above: 0),
            rotaryBase: try top.markedNumber("rotary-base", 1...1e12, above: 1),
            initialDeviation: try top.markedNumber("initial-deviation", 0...1, above: 0),
            outputDeviation: try top.markedNumber("output-deviation", 0...1), mark: top.mark)
        try architecture.check()
        return architecture
    }

    private static func block(_ top: ConfigurationReader) throws -> BlockForm {
        var block = BlockForm()
        func read<Value>(
            _ path: WritableKeyPath<BlockForm, Value>, _ key: String, _ value: (ConfigurationValue) throws -> Value
        ) throws {
            if let place = top.optional(key) { block[keyPath: path] = try value(place) }
        }
        try read(\.norm, "norm") { try $0.word() }
        try read(\.residual, "residual") { try $0.word() }
        try read(\.embeddingNorm, "embedding-norm") { try $0.boolean() }
        let factor: (ConfigurationValue) throws -> Double = { try $0.number(in: 0...1e6, above: 0) }
        try read(\.streamFactor, "stream-factor", factor)
        try read(\.branchFactor, "branch-factor", factor)
        try read(\.embeddingFactor, "embedding-factor", factor)
        try read(\.logitsDivisor, "logits-divisor", factor)
        try read(\.logitsCap, "logits-cap", factor)
        return block
    }

    /// Refuses numbers that contradict each other.
    private func check() throws {
        if let keyValueHeads, heads.value % keyValueHeads.value != 0 {
            throw AssayError.badInput(
                "'key-value-heads' is \(keyValueHeads.value), which does not divide 'heads', \(heads.value)",
                at: keyValueHeads.mark.description, remedy: "Write a divisor of \(heads.value)")
        }
        if headDimension == nil, width.value % heads.value != 0 {
            throw AssayError.badInput(
                "'heads' is \(heads.value), which does not divide 'width', \(width.value)",
                at: heads.mark.description,
                remedy: "Write a divisor of \(width.value), or state 'head-dimension'")
        }
    }
}

/// The options of a mixer or a feed-forward in an architecture.
public struct MixerOptions: Sendable, Hashable {
    /// Values by name.
    public var values: [String: Marked<ConfigurationScalar>]
    /// Where they begin.
    public var mark: SourceMark

    static func read(_ value: ConfigurationValue) throws -> [String: MixerOptions] {
        var mixers: [String: MixerOptions] = [:]
        for mixer in try value.entries() {
            var values: [String: Marked<ConfigurationScalar>] = [:]
            for option in try mixer.value.entries() {
                values[option.key] = Marked(try option.value.anyScalar(), at: option.mark)
            }
            mixers[try mixer.name()] = MixerOptions(values: values, mark: mixer.mark)
        }
        return mixers
    }
}
