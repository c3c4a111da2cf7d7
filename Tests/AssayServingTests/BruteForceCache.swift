import AssayServing

/// A prefix cache by its definition: whole prefixes spelt out in tokens, everything searched for.
struct BruteForceCache {
    struct Token: Hashable {
        let text: UInt64
        let index: Int
    }

    private struct Entry {
        let prefix: [Token]
        let isSnapshot: Bool
        let bytes: Int
        var used: Int
    }

    let settings: PrefixCacheSettings
    let model: ServedModel
    private var entries: [Entry] = []
    private var computedEver: Set<[Token]> = []
    private var clock = 0

    init(_ settings: PrefixCacheSettings, model: ServedModel) {
        self.settings = settings
        self.model = model
    }

    private func has(_ prefix: [Token], snapshot: Bool) -> Bool {
        entries.contains { $0.isSnapshot == snapshot && $0.prefix == prefix }
    }

    private mutating func use(_ prefix: [Token], snapshot: Bool, bytes: Int) {
        clock += 1
        if let place = entries.firstIndex(where: { $0.isSnapshot == snapshot && $0.prefix == prefix }) {
            entries[place].used = clock
        } else {
            entries.append(Entry(prefix: prefix, isSnapshot: snapshot, bytes: bytes, used: clock))
        }
    }

    mutating func serve(_ request: TraceRequest) -> (cached: Int, usable: Int, bytes: Int) {
        func tokens(_ spans: [TextSpan]) -> [Token] {
            spans.flatMap { span in (0..<span.count).map { Token(text: span.text, index: span.start + $0) } }
        }
        let input = tokens(request.input)
        let all = Array((input + tokens([request.output])).dropLast())
        let block = settings.block
        var cached = 0
        while cached + block < input.count {
            let next = Array(all[..<(cached + block)])
            guard model.hasCache ? has(next, snapshot: false) : computedEver.contains(next) else { break }
            cached += block
        }
        var usable = 0
        for length in stride(from: 0, through: cached, by: block)
        where length == 0 || !model.hasState || has(Array(all[..<length]), snapshot: true) { usable = length }
        var wanted: Set<Int> = []
        for length in stride(from: block, through: all.count, by: block) where length > usable {
            let isTurn =
                request.turnEnds.dropLast().contains { $0 >= length && $0 < length + block }
                || (length < input.count && length + block >= input.count)
                || length + block > all.count
            let isPlace = settings.policy.interval.map { length % max(block, $0 / block * block) == 0 } ?? false
            if isPlace || settings.policy.atTurns && isTurn { wanted.insert(length) }
        }
        if usable > 0 { wanted.insert(usable) }
        for length in stride(from: all.count / block * block, to: 0, by: -block) {
            let prefix = Array(all[..<length])
            if model.hasState, wanted.contains(length) { use(prefix, snapshot: true, bytes: model.snapshotBytes) }
            if model.hasCache {
                use(prefix, snapshot: false, bytes: block * model.bytesPerToken)
            } else {
                computedEver.insert(prefix)
            }
        }
        var bytes = entries.reduce(0) { $0 + $1.bytes }
        while let capacity = settings.capacity, bytes > capacity {
            guard let oldest = entries.indices.min(by: { entries[$0].used < entries[$1].used }) else { break }
            bytes -= entries[oldest].bytes
            entries.remove(at: oldest)
        }
        return (cached, usable, bytes)
    }
}
