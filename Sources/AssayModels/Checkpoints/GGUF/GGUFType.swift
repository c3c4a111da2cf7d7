/// An element type of GGUF files that is read: plain floats, and blocks of few bits with common scales.
///
/// Source of the layouts: ggml, `ggml-common.h` and `ggml-quants.c`.
enum GGUFType: UInt32, CaseIterable, Sendable {
    case float32 = 0
    case float16 = 1
    case q4_0 = 2
    case q4_1 = 3
    case q5_0 = 6
    case q5_1 = 7
    case q8_0 = 8
    case q4_K = 12
    case q5_K = 13
    case q6_K = 14
    case iq4_NL = 20
    case bfloat16 = 30

    /// Values of a block.
    var blockCount: Int {
        switch self {
        case .float32, .float16, .bfloat16: 1
        case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL: 32
        case .q4_K, .q5_K, .q6_K: 256
        }
    }

    /// Bytes of a block.
    var blockBytes: Int {
        switch self {
        case .float32: 4
        case .float16, .bfloat16: 2
        case .q4_0, .iq4_NL: 18
        case .q4_1: 20
        case .q5_0: 22
        case .q5_1: 24
        case .q8_0: 34
        case .q4_K: 144
        case .q5_K: 176
        case .q6_K: 210
        }
    }

    /// Widens whole blocks to float32.
    /// - Parameters:
    ///   - bytes: `count` blocks.
    ///   - output: room for their values.
    func widen(_ bytes: UnsafeRawBufferPointer, blocks count: Int, into output: UnsafeMutablePointer<Float>) {
        precondition(bytes.count >= count * blockBytes, "blocks are cut off")
        for index in 0..<count {
            let block = GGUFBlock(bytes: bytes, start: index * blockBytes)
            let values = output + index * blockCount
            switch self {
            case .float32: values[0] = Float(bitPattern: block.word(0))
            case .float16: values[0] = block.half(0)
            case .bfloat16: values[0] = HalfPrecision.bfloat16(block.short(0))
            case .q4_0: block.nibbles(at: 2, into: values) { block.half(0) * Float($0 - 8) }
            case .q4_1: block.nibbles(at: 4, into: values) { block.half(0) * Float($0) + block.half(2) }
            case .q5_0: block.fives(high: 2, at: 6, into: values) { block.half(0) * Float($0 - 16) }
            case .q5_1: block.fives(high: 4, at: 8, into: values) { block.half(0) * Float($0) + block.half(2) }
            case .q8_0: for i in 0..<32 { values[i] = block.half(0) * Float(block.signed(2 + i)) }
            case .iq4_NL: block.nibbles(at: 2, into: values) { block.half(0) * GGUFBlock.levels[$0] }
            case .q4_K: block.widenK4(into: values)
            case .q5_K: block.widenK5(into: values)
            case .q6_K: block.widenK6(into: values)
            }
        }
    }
}

/// One block of a quantised tensor.
private struct GGUFBlock {
    let bytes: UnsafeRawBufferPointer
    let start: Int

    /// The levels of IQ4_NL.
    static let levels: [Float] = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]

    func byte(_ offset: Int) -> Int { Int(bytes[start + offset]) }
    func signed(_ offset: Int) -> Int { Int(Int8(bitPattern: bytes[start + offset])) }
    func short(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt16.self))
    }
    func word(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: UInt32.self))
    }
    func half(_ offset: Int) -> Float { HalfPrecision.float16(short(offset)) }

    /// 32 numbers of 4 bits: the low halves of 16 bytes, then the high ones.
    func nibbles(at offset: Int, into values: UnsafeMutablePointer<Float>, _ value: (Int) -> Float) {
        for i in 0..<16 {
            let pair = byte(offset + i)
            values[i] = value(pair & 15)
            values[i + 16] = value(pair >> 4)
        }
    }

    /// 32 numbers of 5 bits, the fifth bits in a word of their own.
    func fives(high: Int, at offset: Int, into values: UnsafeMutablePointer<Float>, _ value: (Int) -> Float) {
        let bits = Int(word(high))
        for i in 0..<16 {
            let pair = byte(offset + i)
            values[i] = value(pair & 15 | (bits >> i & 1) << 4)
            values[i + 16] = value(pair >> 4 | (bits >> (i + 16) & 1) << 4)
        }
    }

    /// The scale and the minimum of the j-th 32 values of a block of 256, 6 bits each.
    private func scale(_ j: Int, at offset: Int) -> (scale: Float, minimum: Float) {
        guard j >= 4 else { return (Float(byte(offset + j) & 63), Float(byte(offset + j + 4) & 63)) }
        let both = byte(offset + j + 4)
        return (
            Float(both & 15 | (byte(offset + j - 4) >> 6) << 4), Float(both >> 4 | (byte(offset + j) >> 6) << 4)
        )
    }

    /// Four times 64 values, each half with a scale and a minimum.
    private func widenHalves(
        into values: UnsafeMutablePointer<Float>, quants: Int, _ number: (_ i: Int, _ half: Int, _ bits: Int) -> Int
    ) {
        let (d, least) = (half(0), half(2))
        for part in 0..<8 {
            let (scale, minimum) = scale(part, at: 4)
            let (step, base) = (d * scale, least * minimum)
            for i in 0..<32 {
                let pair = byte(quants + part / 2 * 32 + i)
                let bits = part % 2 == 0 ? pair & 15 : pair >> 4
                values[part * 32 + i] = step * Float(number(i, part, bits)) - base
            }
        }
    }

    func widenK4(into values: UnsafeMutablePointer<Float>) {
        widenHalves(into: values, quants: 16) { _, _, bits in bits }
    }

    func widenK5(into values: UnsafeMutablePointer<Float>) {
        widenHalves(into: values, quants: 48) { i, part, bits in bits | (byte(16 + i) >> part & 1) << 4 }
    }

    func widenK6(into values: UnsafeMutablePointer<Float>) {
        let d = half(208)
        for part in 0..<8 {
            // Each half of the block has 64 bytes of low bits and 32 of high ones, for four times 32 values.
            let (section, quarter) = (part / 4, part % 4)
            for i in 0..<32 {
                let pair = byte(section * 64 + quarter % 2 * 32 + i)
                let low = quarter < 2 ? pair & 15 : pair >> 4
                let high = byte(128 + section * 32 + i) >> (2 * quarter) & 3
                let scale = Float(signed(192 + section * 8 + quarter * 2 + i / 16))
                values[part * 32 + i] = d * scale * Float((low | high << 4) - 32)
            }
        }
    }
}
