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

/// One layer of an architecture: which mixer, and the options of that mixer.
public struct LayerConfiguration: Sendable, Codable, Hashable {
    /// The mixer's name, such as `sliding-window`.
    public var mixer: String
    /// Options by name, such as `window: 16`; each mixer says which it knows.
    public var options: [String: MixerOption]

    /// A layer.
    public init(mixer: String, options: [String: MixerOption] = [:]) {
        self.mixer = mixer
        self.options = options
    }
}
