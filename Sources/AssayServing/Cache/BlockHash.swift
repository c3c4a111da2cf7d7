/// The identities of the blocks of a sequence: each stands for the block and all that comes before it, as in vLLM.
enum BlockHash {
    /// One hash for each whole block of the spans, first to last.
    static func chain(_ spans: [TextSpan], block: Int) -> [UInt64] {
        var hashes: [UInt64] = []
        var state: UInt64 = 0x243F_6A88_85A3_08D3
        var run: TextSpan?
        var room = block
        func close() {
            if let open = run { state = mix(mix(mix(state, open.text), UInt64(open.start)), UInt64(open.count)) }
            run = nil
        }
        for span in spans {
            var start = span.start
            var left = span.count
            while left > 0 {
                let count = min(left, room)
                // Neighbours of one text are one run: how a text was cut must not matter.
                if let open = run, open.text == span.text, open.start + open.count == start {
                    run?.count += count
                } else {
                    close()
                    run = TextSpan(text: span.text, start: start, count: count)
                }
                start += count
                left -= count
                room -= count
                if room == 0 {
                    close()
                    hashes.append(state)
                    room = block
                }
            }
        }
        return hashes
    }

    /// The finaliser of SplitMix64 over a running state.
    private static func mix(_ state: UInt64, _ value: UInt64) -> UInt64 {
        var z = (state &+ 0x9E37_79B9_7F4A_7C15) ^ value &* 0xD6E8_FEB8_6659_FD93
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
