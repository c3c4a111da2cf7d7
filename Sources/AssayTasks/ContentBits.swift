import AssayCore

/// The 64-bit fingerprints of items.
public enum ContentBits {
    /// The fingerprint of a sequence: the leading bits of the SHA-256 of its tokens.
    static func ofSequence(_ tokens: [Int32]) -> UInt64 {
        var hasher = ContentHasher()
        hasher.update(tokens)
        return hasher.leadingBits
    }

    /// The fingerprint of an item: that of its sequence, mixed with the place of the answer. One digest serves all
    /// questions of a sequence.
    static func ofItem(sequence bits: UInt64, answer: Range<Int>, hiddenGold: Int32? = nil) -> UInt64 {
        let place = mix(
            bits ^ mix(UInt64(truncatingIfNeeded: answer.lowerBound) << 32 | UInt64(truncatingIfNeeded: answer.count)))
        return hiddenGold.map { mix(place ^ UInt64(truncatingIfNeeded: $0)) } ?? place
    }

    /// The fingerprint of an item in its sequence.
    public static func of(_ sequence: TaskSequence, _ question: Question) -> UInt64 {
        ofItem(
            sequence: ofSequence(sequence.tokens), answer: question.answer, hiddenGold: question.hiddenGold)
    }

    /// A fast hash for the hot path: decides on which side of the hold-out a context lies.
    static func fast(_ tokens: some Sequence<Int32>) -> UInt64 {
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        for token in tokens {
            state = (state ^ UInt64(UInt32(bitPattern: token))) &* 0xFF51_AFD7_ED55_8CCD
            state ^= state >> 32
        }
        return mix(state)
    }

    /// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on every bit.
    static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
