/// An element type of the safetensors format.
public enum SafeTensorsType: String, Sendable, Hashable, CaseIterable {
    /// Truth values of one byte.
    case bool = "BOOL"
    /// 8-bit numbers without sign.
    case uint8 = "U8"
    /// 8-bit numbers with sign.
    case int8 = "I8"
    /// 8-bit floats with 5 exponent bits.
    case float8E5M2 = "F8_E5M2"
    /// 8-bit floats with 4 exponent bits.
    case float8E4M3 = "F8_E4M3"
    /// 16-bit numbers with sign.
    case int16 = "I16"
    /// 16-bit numbers without sign.
    case uint16 = "U16"
    /// IEEE half precision.
    case float16 = "F16"
    /// The upper half of a float32.
    case bfloat16 = "BF16"
    /// 32-bit numbers with sign.
    case int32 = "I32"
    /// 32-bit numbers without sign.
    case uint32 = "U32"
    /// IEEE single precision.
    case float32 = "F32"
    /// IEEE double precision.
    case float64 = "F64"
    /// 64-bit numbers with sign.
    case int64 = "I64"
    /// 64-bit numbers without sign.
    case uint64 = "U64"

    /// Bytes of an element.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
        case .int16, .uint16, .float16, .bfloat16: 2
        case .int32, .uint32, .float32: 4
        case .float64, .int64, .uint64: 8
        }
    }
}

/// Widening of 16-bit floats, by bits, since not every machine has the type.
enum HalfPrecision {
    /// The value of a bfloat16.
    static func bfloat16(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

    /// The value of an IEEE half: subnormals become normal floats, infinities and NaN keep their kind.
    static func float16(_ bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10 & 31)
        let fraction = UInt32(bits & 1023)
        switch exponent {
        case 0:
            let magnitude = Float(fraction) * 0x1p-24
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 31:
            return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default:
            return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
