import Foundation
import Testing

@testable import AssayCore

@Suite struct ConditionTests {
    /// Every kind of condition with its text.
    private static let known: [(text: String, condition: Condition)] = [
        ("parallel", .parallel), ("recurrent", .recurrent), ("divergence", .divergence),
        ("parallel@16", .parallel(chunk: 16)), ("parallel@256", .parallel(chunk: 256)),
        ("recurrent:bfloat16", .recurrent(StatePrecision(.bfloat16))),
        ("recurrent:int8/16", .recurrent(StatePrecision(.int8, .every(16)))),
        ("sampled", .sampled()), ("sampled@2", .sampled(trials: 2)), ("sampled~0.7", .sampled(hundredths: 70)),
        ("sampled@64~1.05:bfloat16", .sampled(trials: 64, hundredths: 105, StatePrecision(.bfloat16))),
        ("resumed", .resumed()), ("resumed:fp8", .resumed(.fp8)),
        ("speculative", .speculative()), ("speculative@8", .speculative(draft: 8)),
        ("divergence@64", .divergence(chunk: 64)), ("divergence*1", .divergence(batch: 1)),
        ("divergence@16*8:bfloat16/4", .divergence(chunk: 16, batch: 8, StatePrecision(.bfloat16, .every(4)))),
        ("divergence:float32/restore", .divergence(StatePrecision(.float32, .atRestore))),
        ("divergence:int8/restore", .divergence(StatePrecision(.int8, .atRestore))),
        ("state-error:float16", .stateError(StatePrecision(.float16))),
        ("state-error:fp8/2", .stateError(StatePrecision(.fp8, .every(2)))),
        ("recurrent:int4", .recurrent(StatePrecision(.int4))),
        ("parallel:window=256", .parallel.swapping([.window(256, sinks: 0)])),
        ("parallel@64:window=256+4", .parallel(chunk: 64).swapping([.window(256, sinks: 4)])),
        ("recurrent:int8/16:top-k=64", .recurrent(StatePrecision(.int8, .every(16))).swapping([.topScores(64)])),
        ("resumed:no-rotary", .resumed().swapping([.noRotary])),
        ("divergence*1:halve-windows", .divergence(batch: 1).swapping([.halvedWindows])),
        ("recurrent:shift-positions=-2", .recurrent.swapping([.shiftedPositions(-2)])),
        (
            "parallel:drop=3:drop=10:drop-head=3.1",
            .parallel.swapping([.droppedHead(layer: 3, head: 1), .dropped(layer: 10), .dropped(layer: 3)])
        ),
    ]

    @Test("one text stands for one condition, both ways", arguments: known.map(\.text))
    func texts(_ text: String) throws {
        let expected = try #require(Self.known.first { $0.text == text }).condition
        #expect(try Condition(text) == expected)
        #expect(expected.name == text)
    }

    @Test func `the store's form of the three old conditions is what it was`() throws {
        for path in [KernelPath.parallel, .recurrent, .divergence] {
            #expect(try CanonicalJSON.text(Condition(path: path)) == "{\"path\":\"\(path.rawValue)\"}")
        }
    }

    @Test func `conditions go through the store and come back`() throws {
        for (_, condition) in Self.known {
            let text = try CanonicalJSON.text(condition)
            #expect(try CanonicalJSON.value(Condition.self, from: text) == condition)
        }
        #expect(throws: DecodingError.self) {
            try CanonicalJSON.value(Condition.self, from: "{\"path\":\"recurrent:bf16\"}")
        }
    }

    @Test(
        "a text that is no condition is refused with what to write instead",
        arguments: [
            ("paralel", "Did you mean 'parallel'?"), ("", "Known: "), ("state-error", "state-error:bfloat16"),
            ("state-error:float32", "state-error:bfloat16"), ("state-error:int8/restore", "state-error:bfloat16"),
            ("parallel@32", "@16, @64, @256"), ("parallel@", "@16, @64, @256"), ("parallel:int8", "Leave ':int8' out"),
            ("recurrent@64", "Leave '@64' out"), ("recurrent*2", "Leave '*2' out"),
            ("recurrent:bf16", "Write 'bfloat16'"), ("recurrent:i4", "Write 'int4'"),
            ("recurrent:int6", "Did you mean 'int4'?"),
            ("recurrent:", "Known: "), ("recurrent:int8/x", "'/16' for every 16 tokens"),
            ("recurrent:int8/0", "'/16' for every 16 tokens"), ("recurrent:int8/016", "'/16' for every 16 tokens"),
            ("recurrent:int8/restore", "Write 'resumed:int8'"), ("resumed:int8/16", "Write 'resumed:int8'"),
            ("speculative@0", "from 1 to 16"), ("speculative@17", "from 1 to 16"), ("divergence*25", "from 1 to 24"),
            ("speculative:int8", "Leave ':int8' out"), ("divergence*2@64", "from 1 to 24"),
            ("sampled@1", "from 2 to 64"), ("sampled~0", "from 0.05 to 2"), ("sampled~0.70", "from 0.05 to 2"),
            ("sampled~hot", "from 0.05 to 2"), ("sampled:int8/restore", "Leave '/restore' out"),
            ("recurrent~0.7", "Leave '~0.7' out"), ("sampled*2", "Leave '*2' out"),
            // Longer forms of what can be said shorter.
            ("sampled@8", "Write 'sampled'"), ("sampled~1", "Write 'sampled'"),
            ("recurrent:float32", "Write 'recurrent'"), ("recurrent:float32/16", "Write 'recurrent'"),
            ("recurrent:int8/1", "Write 'recurrent:int8'"), ("resumed:float32", "Write 'resumed'"),
            ("resumed:int8/restore", "Write 'resumed:int8'"), ("speculative@4", "Write 'speculative'"),
            // Swaps.
            ("parallel:window", "'window=256+4'"), ("parallel:window=0", "from 1 to 1048576"),
            ("parallel:window=8+", "from 1 to 1048576 and 0 to 1048576"), ("parallel:window=8+1+2", "'window=256+4'"),
            ("parallel:windw=8", "Did you mean 'window'?"), ("parallel:top-k=08", "'top-k=64'"),
            ("parallel:no-rotry", "Did you mean 'no-rotary'?"), ("parallel:no-rotary=1", "Write 'no-rotary'"),
            ("parallel:shift-positions=0", "leave it out"), ("parallel:drop-head=3", "'drop-head=3.1'"),
            ("parallel:drop=-1", "from 0 to 65535"), ("parallel:drop=99999999999999999999", "from 0 to 65535"),
            ("parallel:window=8:window=9", "Leave one out"), ("recurrent:window=8:int8", "before the swaps"),
            ("parallel::drop=3", "Leave ':' out"), ("parallel:drop=3:drop=3", "Write 'parallel:drop=3'"),
            ("parallel:window=8+0", "Write 'parallel:window=8'"),
            ("parallel:drop=5:drop=3", "Write 'parallel:drop=3:drop=5'"),
            ("recurrent:float32:no-rotary", "Write 'recurrent:no-rotary'"),
            ("divergence:float32", "Write 'divergence'"), ("divergence:float32/8", "Write 'divergence'"),
        ])
    func mistakes(_ text: String, _ remedy: String) throws {
        let error = try #require(throws: AssayError.self) { try Condition(text) }
        #expect(error.kind == .badInput && error.problem.contains("'\(text)'"))
        #expect(error.remedy?.contains(remedy) == true, "\(error)")
    }

    @Test func `a loss is measured against the plain condition`() throws {
        for text in ["recurrent:int8/16", "resumed:fp8", "resumed", "speculative@2", "recurrent:int8:window=9"] {
            #expect(try Condition(text).reference == .recurrent)
        }
        for text in ["parallel@16", "parallel:no-rotary"] { #expect(try Condition(text).reference == .parallel) }
        #expect(try Condition("sampled@4:drop=1").reference == .sampled(trials: 4))
        for text in ["parallel", "recurrent", "divergence:int8", "state-error:int8"] {
            #expect(try Condition(text).reference == nil)
        }
    }

    @Test func `percentiles are read from bins to within their width`() {
        var random = CounterRandom(key: 3, index: 1)
        let values = (0..<20_000).map { _ in exp(9 * random.unit() * random.unit() - 8) }
        var counts: [Int: Double] = [:]
        for value in values { counts[SizeBin.index(of: value), default: 0] += 1 }
        let sorted = values.sorted()
        for share in [0.01, 0.5, 0.9, 0.999] {
            let exact = sorted[Int(share * 20_000)]
            let read = SizeBin.quantile(share, of: counts, zeros: 0) ?? .nan
            #expect(abs(log(read / exact)) < log(2) / 4)
        }
        // Zeros lie below everything.
        #expect(SizeBin.quantile(0.4, of: counts, zeros: 20_000) == 0)
        #expect(SizeBin.quantile(0.5, of: [:], zeros: 0) == nil)
        for bin in [-40, -1, 0, 7] {
            #expect(SizeBin.index(ofKey: SizeBin.key(bin)) == bin)
            #expect(SizeBin.index(of: SizeBin.lowerBound(bin) * 1.001) == bin)
        }
        #expect(SizeBin.index(ofKey: "tokens") == nil)
    }

    @Test func `bytes of a row count its scale`() {
        #expect(StateFormat.allCases.map { $0.byteCount(row: 10) } == [40, 20, 20, 14, 14, 9])
        #expect(StateFormat.int4.byteCount(row: 7) == 8)
    }
}
