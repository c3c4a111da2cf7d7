import AssayCore
import AssayModels

/// The formats in which a model is served: caches are often narrower than recurrent states, which stay in float32 in
/// every recipe that was published (V1).
public struct ServingFormats: Sendable, Hashable, Codable {
    /// The format of keys, values and latents.
    public var cache: StateFormat
    /// The format of recurrent states and of the histories of convolutions.
    public var state: StateFormat

    /// Formats.
    public init(cache: StateFormat, state: StateFormat) {
        self.cache = cache
        self.state = state
    }

    /// The same for everything.
    public init(_ format: StateFormat) { self.init(cache: format, state: format) }

    /// The name in files and tables: `float32`, or `bfloat16+float32` for a cache and a state that differ.
    public var name: String { cache == state ? cache.rawValue : "\(cache.rawValue)+\(state.rawValue)" }

    /// Reads a ``name``.
    /// - Throws: ``AssayError`` that says what could be written.
    public init(named name: String) throws {
        let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        let formats = parts.compactMap(StateFormat.init)
        guard (1...2).contains(parts.count), formats.count == parts.count else {
            throw AssayError.badInput(
                "'\(name)' is no format of caches and states",
                remedy: "Write one of \(StateFormat.allCases.map(\.rawValue).joined(separator: ", ")), or the cache's "
                    + "and the state's, such as 'bfloat16+float32'")
        }
        self.init(cache: formats[0], state: formats[formats.count - 1])
    }
}

extension LanguageModel {
    /// What every mixer and feed-forward keeps of a sequence of at most so many tokens: two a layer, in their order.
    public func stateLayouts(capacity: Int) -> [StateLayout] {
        zip(mixers, feedForwards).flatMap { [$0.stateLayout(capacity: capacity), $1.stateLayout(capacity: capacity)] }
    }

    /// Bytes of state and cache of one sequence after so many tokens, two figures a layer: the mixer and the feed-forward.
    public func cacheBytes(tokens: Int, _ formats: ServingFormats) -> [Int] {
        stateLayouts(capacity: max(1, tokens)).map { $0.bytes(tokens: tokens, formats) }
    }
}

extension StateLayout {
    /// Bytes in use after so many tokens.
    func bytes(tokens: Int, _ formats: ServingFormats) -> Int {
        parts.reduce(0) { sum, part in
            guard part.kind == .cache else {
                return sum + part.count / part.rowCount * formats.state.byteCount(row: part.rowCount)
            }
            return sum + part.shape[0] * part.entryCount(position: tokens) * formats.cache.byteCount(row: part.rowCount)
        }
    }
}

/// From which length on a model holds less memory than another.
public enum MemoryBreakEven {
    /// Lengths beyond this are not looked at.
    public static let limit = 1 << 24

    /// The smallest length from which on the model never holds more bytes than the control; nil if there is none up to
    /// ``limit``. For a fixed state against a cache of keys and values this is H d_k d_v b_s / (2 H_kv d_h b).
    public static func length(
        _ model: LanguageModel, against control: LanguageModel, _ formats: ServingFormats
    ) -> Int? {
        BreakEven.length(upTo: limit) { tokens in
            func bytes(_ model: LanguageModel) -> Int { model.cacheBytes(tokens: tokens, formats).reduce(0, +) }
            return bytes(model) <= bytes(control)
        }
    }
}
