import AssayCore
import Testing

@testable import AssayServing

@Suite struct PrefixCacheTests {
    private static let full = ServedModel(
        bytesPerToken: 10, snapshotBytes: 0, work: PrefillWork(longest: 4_000) { Double($0 * $0) })
    private static let hybrid = ServedModel(
        bytesPerToken: 3, snapshotBytes: 200, work: PrefillWork(longest: 4_000) { Double($0) })
    private static let recurrent = ServedModel(
        bytesPerToken: 0, snapshotBytes: 250, work: PrefillWork(longest: 4_000) { Double($0) })

    /// Short conversations with everything in them.
    private func trace(_ seed: UInt64, context: Int = 150) throws -> ConversationTrace {
        var parameters = TraceParameters()
        parameters.sessions = 12
        parameters.seed = seed
        parameters.systemPrompts = 2
        parameters.systemLength = 20
        parameters.turns = 5
        parameters.messageLength = 6
        parameters.answerLength = 5
        parameters.toolLength = 7
        parameters.regenerateShare = 0.2
        parameters.editShare = 0.2
        parameters.branchShare = 0.2
        parameters.subagentShare = 0.2
        parameters.contextLimit = context
        return try ConversationTrace(parameters)
    }

    @Test(
        "every request of a trace has the hits that a search through spelt-out prefixes finds",
        arguments: [
            SnapshotPolicy.turns, .every(8), .every(20), SnapshotPolicy(interval: 12, atTurns: true), SnapshotPolicy(),
        ])
    func bruteForce(_ policy: SnapshotPolicy) throws {
        for (seed, model) in [Self.full, Self.hybrid, Self.recurrent].enumerated() {
            let trace = try trace(UInt64(seed))
            for block in [1, 4, 7] {
                for capacity in [nil, 0, 700, 2_500, 8_000] {
                    let settings = PrefixCacheSettings(block: block, capacity: capacity, policy: policy)
                    var cache = PrefixCache(settings, model: model)
                    var plain = BruteForceCache(settings, model: model)
                    for (index, request) in trace.requests.enumerated() {
                        let outcome = cache.serve(request)
                        let expected = plain.serve(request)
                        guard outcome.cached == expected.cached, outcome.usable == expected.usable,
                            outcome.bytes == expected.bytes
                        else {
                            Issue.record("request \(index), block \(block): \(outcome) is not \(expected)")
                            return
                        }
                    }
                }
            }
        }
    }

    private func request(
        _ kind: RequestClass, _ input: [(text: UInt64, count: Int)], answer: UInt64, _ count: Int, at time: Double = 0
    ) -> TraceRequest {
        var sum = 0
        let ends = input.map { part in
            sum += part.count
            return sum
        }
        return TraceRequest(
            session: 0, time: time, kind: kind, input: input.map { TextSpan(text: $0.text, count: $0.count) },
            turnEnds: ends, output: TextSpan(text: answer, count: count))
    }

    @Test("a conversation made by hand has the hits that were counted by hand")
    func byHand() {
        // System prompt of 10, message of 6, answer of 5 (the last token of which is never read), message of 4.
        let first = request(.first, [(1, 10), (2, 6)], answer: 3, 5)
        let second = request(.turn, [(1, 10), (2, 6), (3, 5), (4, 4)], answer: 5, 3)
        let again = request(.regenerate, [(1, 10), (2, 6), (3, 5), (4, 4)], answer: 6, 3)
        let other = request(.first, [(1, 10), (7, 9)], answer: 8, 2)
        func usable(_ model: ServedModel, _ policy: SnapshotPolicy) -> [Int] {
            var cache = PrefixCache(PrefixCacheSettings(block: 4, policy: policy), model: model)
            return [first, second, again, other].map { cache.serve($0).usable }
        }
        // Blocks of 4: 20 of 21 - 1 tokens computed by the first; 24 of 25 known when asked again; 8 of the prompt's 10.
        #expect(usable(Self.full, .turns) == [0, 20, 24, 8])
        #expect(usable(Self.hybrid, .turns) == [0, 20, 24, 8])
        // A copy every 16 tokens: at 16 alone.
        #expect(usable(Self.hybrid, .every(16)) == [0, 16, 16, 0])
        #expect(usable(Self.hybrid, SnapshotPolicy()) == [0, 0, 0, 0])
        let simulation = CacheSimulation(
            ConversationTrace(requests: [first, second, again, other]),
            PrefixCacheSettings(block: 4, policy: .every(16)), model: Self.hybrid)
        let input = 16 + 25 + 25 + 19
        #expect(simulation.all.inputTokens == input)
        #expect(simulation.all.tokenHitRate == 32 / Double(input))
        #expect(simulation.all.cacheHitRate == (20 + 24 + 8) / Double(input))
        #expect(simulation.all.stateMissFraction == Double(52 - 32) / Double(input))
        #expect(abs(simulation.all.recomputedFLOPs - 20) < 1e-9)
        #expect(abs(simulation.all.savedFLOPs - 32) < 1e-9)
        #expect(simulation.all.firstToken(quantile: 0.5) == 9)
        #expect(simulation.all.firstToken(quantile: 0.95) == 19)
        #expect(simulation.classes[.regenerate]?.tokenHitRate == 16.0 / 25)
    }

    @Test("the least recently used goes first, the end of a prefix before its beginning")
    func eviction() {
        let model = ServedModel(bytesPerToken: 1, snapshotBytes: 0, work: PrefillWork(longest: 100) { Double($0) })
        var cache = PrefixCache(PrefixCacheSettings(block: 4, capacity: 28), model: model)
        let a = request(.first, [(1, 16)], answer: 2, 1)
        let b = request(.first, [(3, 16)], answer: 4, 1)
        #expect(cache.serve(a).usable == 0)
        #expect(cache.serve(b).bytes == 28)
        // The last block of a is gone; the last of b is not asked for, since a token must be computed.
        #expect(cache.serve(b).usable == 12)
        #expect(cache.serve(a).usable == 12)
        // Room for 28 - 16 = 12 of b is left.
        #expect(cache.serve(b).usable == 12)
        var small = PrefixCache(PrefixCacheSettings(block: 4, capacity: 8), model: model)
        #expect(small.serve(a).bytes == 8)
        #expect(small.serve(a).usable == 8, "what fits of a request is its beginning")
    }

    @Test("a state that is kept with coarse blocks is hardly ever where a turn ends")
    func coarse() throws {
        let trace = try ConversationTrace(TraceParameters.chat)
        func hits(_ policy: SnapshotPolicy, block: Int) -> CacheFigures {
            CacheSimulation(
                trace, PrefixCacheSettings(block: block, policy: policy),
                model: ServedModel(
                    bytesPerToken: 1, snapshotBytes: 100,
                    work: PrefillWork(longest: trace.longest) { Double($0) })
            ).all
        }
        let turns = hits(.turns, block: 64)
        let fine = hits(.every(512), block: 64)
        let coarse = hits(.every(4_096), block: 64)
        #expect(turns.cacheHitRate == coarse.cacheHitRate)
        #expect(turns.stateMissFraction < 0.02)
        #expect(fine.tokenHitRate < turns.tokenHitRate)
        #expect(coarse.tokenHitRate < fine.tokenHitRate / 1.5)
        #expect(hits(SnapshotPolicy(interval: 512, atTurns: true), block: 64).tokenHitRate >= turns.tokenHitRate)
    }

    @Test("a block's hash depends on all tokens before it and on nothing else")
    func hashes() {
        func chain(_ spans: [TextSpan]) -> [UInt64] { BlockHash.chain(spans, block: 4) }
        let whole = chain([TextSpan(text: 1, count: 12)])
        #expect(whole.count == 3)
        #expect(chain([TextSpan(text: 1, count: 5), TextSpan(text: 1, start: 5, count: 8)]) == whole)
        #expect(chain([TextSpan(text: 1, count: 11)]) == Array(whole.prefix(2)))
        #expect(chain([TextSpan(text: 1, count: 5), TextSpan(text: 1, start: 6, count: 8)])[0] == whole[0])
        #expect(chain([TextSpan(text: 1, count: 5), TextSpan(text: 1, start: 6, count: 8)])[1] != whole[1])
        let changed = chain([TextSpan(text: 2, count: 1), TextSpan(text: 1, start: 1, count: 11)])
        #expect(zip(changed, whole).allSatisfy { $0 != $1 })
    }

    @Test("policies have one name each")
    func policies() throws {
        for policy in [.turns, .every(512), SnapshotPolicy(interval: 64, atTurns: true), SnapshotPolicy()] {
            #expect(try SnapshotPolicy(named: policy.name) == policy)
        }
        for wrong in ["", "turn", "every-0", "every-", "turns+", "every-5+turns", "turnsevery-5"] {
            #expect(throws: AssayError.self) { try SnapshotPolicy(named: wrong) }
        }
    }
}
