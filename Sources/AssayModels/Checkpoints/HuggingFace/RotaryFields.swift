import AssayCore
import AssayTensor

/// The rotary embedding of a configuration, as options of a mixer. It reads the fields of transformers 5,
/// `rope_parameters`, and those of the Hub: `rope_theta`, `rope_scaling` and `partial_rotary_factor`.
struct RotaryFields {
    /// Options of the mixer.
    let options: [String: MixerOption]
    /// What multiplies the scale of scores: DeepSeek's `mscale_all_dim`, squared.
    let scoreFactor: Double

    private static let factors = 1e-3...1e6
    private static let lengths = 1.0...1e9

    /// Reads them.
    /// - Parameters:
    ///   - elements: of a head that may turn.
    ///   - base: if the configuration gives none.
    ///   - fraction: the share that turns if the configuration gives none.
    ///   - rotaryElements: the number of elements that turn, where a field of its own gives it.
    init(
        _ fields: ConfigurationFields, elements: Int, base: Double = 10_000, fraction: Double = 1,
        rotaryElements: Int? = nil
    ) throws {
        let scaling = try fields.fields("rope_scaling")
        let parameters = try fields.fields("rope_parameters")
        try self.init(
            fields, scaling ?? parameters, elements: elements, base: base, fraction: fraction,
            rotaryElements: rotaryElements)
    }

    /// Reads those of one kind of layers from fields of their own.
    init(
        _ fields: ConfigurationFields, _ own: ConfigurationFields?, elements: Int, base: Double, fraction: Double = 1,
        rotaryElements: Int? = nil
    ) throws {
        let outerBase = try fields.number("rope_theta", in: 1.0.nextUp...1e12, default: base)
        let base = try own?.number("rope_theta", in: 1.0.nextUp...1e12, default: outerBase) ?? outerBase
        let outerShare = try fields.number("partial_rotary_factor", in: 0...1, default: fraction)
        let share = try own?.number("partial_rotary_factor", in: 0...1, default: outerShare) ?? outerShare
        let count = rotaryElements ?? Int(Double(elements) * share)
        guard count % 2 == 0, count <= elements else {
            throw fields.failure(
                "partial_rotary_factor", "turns \(count) of the \(elements) elements of a head, which are no pairs")
        }
        var options: [String: MixerOption] = [
            "rotary-base": .number(base), "rotary-fraction": .number(Double(count) / Double(max(elements, 1))),
        ]
        var scoreFactor = 1.0
        // Sections of positions for images and video, which are all the same for text.
        own?.skip("mrope_section", "mrope_interleaved", "type", "rope_type")
        if let own, let kind = try Self.kind(own) {
            options["rotary-scaling"] = .text(kind)
            let length = try Self.originalLength(own, fields, kind: kind)
            let factor = try Self.factor(own, fields, length: length)
            options["rotary-factor"] = .number(factor)
            if kind != "linear" { options["rotary-length"] = .number(length ?? 1) }
            if kind == "llama3" { options.merge(try Self.llama3(own)) { $1 } }
            if kind == "yarn" {
                options.merge(try Self.yarn(own, factor: factor, scoreFactor: &scoreFactor)) { $1 }
            }
        }
        (self.options, self.scoreFactor) = (options, scoreFactor)
    }

    /// No positions at all.
    static let none: [String: MixerOption] = ["rotary-fraction": 0]

    /// The kind of scaling; nil for none.
    private static func kind(_ own: ConfigurationFields) throws -> String? {
        let kinds = ["default", "linear", "llama3", "yarn"]
        let older = try own.word("type", among: kinds + ["mrope"], default: "default")
        let kind = try own.word("rope_type", among: kinds, default: older == "mrope" ? "default" : older)
        return kind == "default" ? nil : kind
    }

    private static func originalLength(
        _ own: ConfigurationFields, _ fields: ConfigurationFields, kind: String
    ) throws -> Double? {
        guard kind != "linear" else { return nil }
        let name = "original_max_position_embeddings"
        if fields.has(name) { return try fields.number(name, in: lengths) }
        if own.has(name) { return try own.number(name, in: lengths) }
        return try fields.number("max_position_embeddings", in: lengths)
    }

    /// The factor; that of the lengths where it is left out.
    private static func factor(
        _ own: ConfigurationFields, _ fields: ConfigurationFields, length: Double?
    ) throws -> Double {
        if let length, !own.has("factor"), fields.has("max_position_embeddings") {
            return try fields.number("max_position_embeddings", in: lengths) / length
        }
        return try own.number("factor", in: factors)
    }

    private static func llama3(_ own: ConfigurationFields) throws -> [String: MixerOption] {
        [
            "rotary-low": .number(try own.number("low_freq_factor", in: factors)),
            "rotary-high": .number(try own.number("high_freq_factor", in: factors)),
        ]
    }

    private static func yarn(
        _ own: ConfigurationFields, factor: Double, scoreFactor: inout Double
    ) throws -> [String: MixerOption] {
        let weight = try own.number("mscale", in: 0...1e3, default: 0)
        let all = try own.number("mscale_all_dim", in: 0...1e3, default: 0)
        var attention = RotaryScaling.attention(factor: factor)
        if weight != 0, all != 0 {
            attention =
                RotaryScaling.attention(factor: factor, weight: weight)
                / RotaryScaling.attention(factor: factor, weight: all)
        }
        if all != 0 {
            let root = RotaryScaling.attention(factor: factor, weight: all)
            scoreFactor = root * root
        }
        return [
            "rotary-attention": .number(try own.number("attention_factor", in: factors, default: attention)),
            "rotary-fast": .number(try own.number("beta_fast", in: factors, default: 32)),
            "rotary-slow": .number(try own.number("beta_slow", in: factors, default: 1)),
            "rotary-truncate": .boolean(try own.boolean("truncate", default: true)),
        ]
    }
}
