/// A value of a mixer option, as architecture files write it.
public enum MixerOption: Sendable, Codable, Hashable {
    /// `true` or `false`.
    case boolean(Bool)
    /// A number.
    case number(Double)
    /// A word.
    case text(String)

    /// Reads a plain JSON value.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let value = try? container.decode(Bool.self) {
            self = .boolean(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else {
            self = .text(try container.decode(String.self))
        }
    }

    /// Writes a plain JSON value.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .boolean(let value): try container.encode(value)
        case .number(let value): try container.encode(value)
        case .text(let value): try container.encode(value)
        }
    }
}

extension MixerOption: ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByIntegerLiteral,
    ExpressibleByStringLiteral
{
    /// A boolean option.
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    /// A number option.
    public init(floatLiteral value: Double) { self = .number(value) }
    /// A number option.
    public init(integerLiteral value: Int) { self = .number(Double(value)) }
    /// A text option.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// One layer of an architecture: which token mixer, which feed-forward, and the options of both.
public struct LayerConfiguration: Sendable, Hashable {
    /// The mixer's name, such as `sliding-window`.
    public var mixer: String
    /// Options by name, such as `window: 16`; each mixer says which it knows.
    public var options: [String: MixerOption]
    /// The feed-forward's name, such as `mixture-of-experts`.
    public var feedForward: String
    /// Options of the feed-forward by name.
    public var feedForwardOptions: [String: MixerOption]
    /// How the mixer sits on the residual stream, if not as the architecture's block form says.
    public var mixerForm: BranchForm?
    /// How the feed-forward does, likewise.
    public var feedForwardForm: BranchForm?

    /// The feed-forward of a layer that does not say.
    public static let standardFeedForward = "swiglu"

    /// A layer.
    public init(
        mixer: String, options: [String: MixerOption] = [:], feedForward: String = standardFeedForward,
        feedForwardOptions: [String: MixerOption] = [:], mixerForm: BranchForm? = nil,
        feedForwardForm: BranchForm? = nil
    ) {
        self.mixer = mixer
        self.options = options
        self.feedForward = feedForward
        self.feedForwardOptions = feedForwardOptions
        self.mixerForm = mixerForm
        self.feedForwardForm = feedForwardForm
    }
}

// Written by hand so that a layer with the standard feed-forward has the text, and so the identity, that it had before
// there were others.
extension LayerConfiguration: Codable {
    private enum CodingKeys: String, CodingKey {
        case mixer, options, feedForward, feedForwardOptions, mixerForm, feedForwardForm
    }

    /// Reads a layer; what is absent is standard.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            mixer: try values.decode(String.self, forKey: .mixer),
            options: try values.decode([String: MixerOption].self, forKey: .options),
            feedForward: try values.decodeIfPresent(String.self, forKey: .feedForward)
                ?? LayerConfiguration.standardFeedForward,
            feedForwardOptions: try values.decodeIfPresent([String: MixerOption].self, forKey: .feedForwardOptions)
                ?? [:],
            mixerForm: try values.decodeIfPresent(BranchForm.self, forKey: .mixerForm),
            feedForwardForm: try values.decodeIfPresent(BranchForm.self, forKey: .feedForwardForm))
    }

    /// Writes what is not standard.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(mixer, forKey: .mixer)
        try values.encode(options, forKey: .options)
        if feedForward != LayerConfiguration.standardFeedForward {
            try values.encode(feedForward, forKey: .feedForward)
        }
        if !feedForwardOptions.isEmpty { try values.encode(feedForwardOptions, forKey: .feedForwardOptions) }
        try values.encodeIfPresent(mixerForm, forKey: .mixerForm)
        try values.encodeIfPresent(feedForwardForm, forKey: .feedForwardForm)
    }
}
