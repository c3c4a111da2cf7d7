/// The number formats in which a decode state can be kept. All are rounded to the nearest, ties to even.
public enum StateFormat: String, Sendable, Codable, CaseIterable {
    /// As the state is computed: nothing is rounded.
    case float32
    /// 8 bits of exponent, 8 of precision.
    case bfloat16
    /// IEEE half precision: 5 bits of exponent, 11 of precision; what is larger than 65,504 becomes that.
    case float16
    /// Whole numbers from -127 to 127 times a scale of each row, its largest magnitude / 127.
    case int8
    /// E4M3 (Micikevicius et al. 2022, arXiv 2209.05433) times a scale of each row, its largest magnitude / 448.
    ///
    /// With a scale, as ``int8`` has one: so the two differ in how they spread their 8 bits, not in their range. Without
    /// one a state that grows beyond 448 would be cut off there, whatever the format's precision.
    case fp8
    /// Whole numbers from -7 to 7 times a scale of each row, its largest magnitude / 7; two in a byte.
    case int4

    /// Bits of a number.
    public var bitsPerValue: Int {
        switch self {
        case .float32: 32
        case .bfloat16, .float16: 16
        case .int8, .fp8: 8
        case .int4: 4
        }
    }

    /// Whether each row has a scale, a float32 of 4 bytes.
    public var hasRowScale: Bool { bitsPerValue <= 8 }

    /// Bytes of a row of numbers in whole bytes, its scale included.
    public func byteCount(row: Int) -> Int { (row * bitsPerValue + 7) / 8 + (hasRowScale ? 4 : 0) }
}

/// In which format a decode state is kept, and when it is brought into it.
///
/// Recurrences and histories of convolutions are rewritten by every token and rounded as a whole each time; an entry of
/// a cache is written once and rounded once. Caches get the format of the recurrences, so that softmax attention and its
/// rivals are held to the same.
public struct StatePrecision: Sendable, Hashable {
    /// When a state is rounded.
    public enum Rounding: Sendable, Hashable {
        /// After every step.
        case everyStep
        /// After every so many tokens of a sequence, two or more; in between, what is new stays in float32.
        case every(Int)
        /// Only when it is saved and restored: a single rounding that does not enter the recurrence again.
        case atRestore
    }

    /// The format.
    public let format: StateFormat
    /// When the state is rounded.
    public let rounding: Rounding

    /// A precision.
    public init(_ format: StateFormat, _ rounding: Rounding = .everyStep) {
        if case .every(let steps) = rounding { precondition(steps > 1, "rounding every \(steps) steps") }
        self.format = format
        self.rounding = rounding
    }

    /// Nothing is rounded.
    public static let float32 = StatePrecision(.float32)

    /// Such as `bfloat16`, `int8/16` (every 16 tokens) or `fp8/restore`.
    public var name: String {
        switch rounding {
        case .everyStep: format.rawValue
        case .every(let steps): "\(format.rawValue)/\(steps)"
        case .atRestore: "\(format.rawValue)/restore"
        }
    }
}
