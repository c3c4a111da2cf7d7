import AssayCore
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct ConditionMetricsTests {
    private func cell(_ condition: String, task: String = "chain", family: TaskFamily = .multiHop, _ asked: [Asked])
        throws -> CellData
    {
        var cell = CellData.made(task, generator: "g", family: family, asked)
        cell.condition = try Condition(condition)
        return cell
    }

    private func value(_ values: [MetricValue], _ metric: String, _ condition: String) -> MetricValue? {
        values.first { $0.metric == metric && $0.condition == condition && $0.slice == "all" }
    }

    /// Questions of two numbers of hops, of which a share is right, the same ones first.
    private func chain(_ one: Int, _ two: Int, nll: Double = 1) -> [Asked] {
        (0..<20).flatMap { cluster in
            [(1, one), (2, two)].map { hops, right in
                Asked(cluster: cluster, question: hops, hops: hops, score: cluster < right ? 1 : 0, nll: nll)
            }
        }
    }

    @Test func `losses are paired differences against the plain condition`() throws {
        let values = try measure([
            cell("recurrent", chain(20, 16)), cell("recurrent:int8", chain(18, 8, nll: 1.5)),
            cell("recurrent:bfloat16/4", chain(20, 16)), cell("parallel", chain(20, 20)),
        ])
        let loss = try #require(value(values, "condition-loss-accuracy", "recurrent:int8"))
        #expect(abs((loss.value ?? 0) - 0.25) < 1e-12 && loss.n == 40 && loss.clusters == 20)
        #expect((loss.low ?? 1) > 0.1 && (loss.high ?? 0) < 0.4)
        #expect(value(values, "condition-loss-nll", "recurrent:int8")?.value == 0.5)
        // rho falls from 0.8 to 0.4 / 0.9.
        let hops = try #require(value(values, "condition-loss-hop-decay", "recurrent:int8")?.value)
        #expect(abs(hops - (0.8 - 0.4 / 0.9)) < 1e-9)
        for metric in ["condition-loss-accuracy", "condition-loss-nll", "condition-loss-hop-decay"] {
            let same = try #require(value(values, metric, "recurrent:bfloat16/4"))
            #expect(same.value == 0 && same.low == 0 && same.high == 0)
            for plain in ["recurrent", "parallel"] { #expect(value(values, metric, plain) == nil) }
        }
    }

    @Test func `the pairing removes what both conditions share`() throws {
        var random = CounterRandom(key: 4, index: 0)
        // Hard and easy items; the state costs each a little.
        let nll = (0..<40).map { _ in 4 * random.unit() }
        let plain = nll.enumerated().map { Asked(cluster: $0.offset, score: 1, nll: $0.element) }
        let rounded = nll.enumerated().map { Asked(cluster: $0.offset, score: 1, nll: $0.element + 0.01) }
        let values = try measure([cell("recurrent", plain), cell("resumed:fp8", rounded)])
        let own = try #require(value(values, "nll", "resumed:fp8"))
        let loss = try #require(value(values, "condition-loss-nll", "resumed:fp8"))
        #expect(abs((loss.value ?? 0) - 0.01) < 1e-9)
        #expect((loss.high ?? 1) - (loss.low ?? 0) < 1e-6 && (own.high ?? 0) - (own.low ?? 0) > 0.3)
    }

    @Test func `the loss of capacity needs loads that it lies between`() throws {
        func cells(_ condition: String, _ shares: [Int: Int]) throws -> [CellData] {
            try shares.map { load, right in
                try cell(
                    condition, task: "r\(load)", family: .retrieval,
                    (0..<20).map { Asked(cluster: $0, load: load, score: $0 < right ? 1 : 0, nll: 1) })
            }.sorted { $0.task < $1.task }
        }
        let plain = try cells("recurrent", [4: 20, 8: 20, 16: 4])
        let values = try measure(
            plain + cells("recurrent:int8", [4: 20, 8: 10, 16: 0]) + cells("recurrent:fp8", [4: 2, 8: 0, 16: 0])
                + cells("recurrent:float16", [4: 20, 8: 20, 16: 20]))
        func capacity(_ condition: String) -> Double? { value(values, "recall-capacity", condition)?.value }
        for condition in ["recurrent:int8", "recurrent:fp8", "recurrent:float16"] {
            let loss = value(values, "condition-loss-recall-capacity", condition)?.value
            let expected = (capacity("recurrent") ?? 0) - (capacity(condition) ?? 0)
            #expect(abs((loss ?? .nan) - expected) < 1e-9, "\(condition)")
        }
        let both = try measure(
            cells("recurrent", [4: 20, 8: 20]) + cells("recurrent:int8", [4: 20, 8: 20]))
        let cutOff = try #require(value(both, "condition-loss-recall-capacity", "recurrent:int8"))
        #expect(cutOff.value == nil)
    }

    @Test func `items lost on either side are counted and leave no false interval`() throws {
        var rounded = chain(18, 8)
        rounded[3].status = .error
        let values = try measure([cell("recurrent", chain(20, 16)), cell("recurrent:int8", rounded)])
        let accuracy = try #require(value(values, "condition-loss-accuracy", "recurrent:int8"))
        #expect(accuracy.lost == 1 && accuracy.n == 39)
        let hops = try #require(value(values, "condition-loss-hop-decay", "recurrent:int8"))
        #expect(hops.lost == 1 && hops.value != nil && hops.low == nil && hops.high == nil)
    }

    @Test func `a loss is compared between arms`() throws {
        func side(_ loss: Int) throws -> [CellData] {
            try [cell("recurrent", chain(20, 18)), cell("recurrent:int8", chain(20, 18 - loss))]
        }
        let results = try compare(baseline: [side(0)], candidate: [side(12)])
        let result = try #require(
            results.first { $0.metric == "condition-loss-accuracy" && $0.condition == "recurrent:int8" })
        #expect(abs((result.estimate ?? 0) - 0.3) < 1e-9 && result.verdict == .regression)
        let same = try compare(baseline: [side(3)], candidate: [side(3)])
        #expect(same.filter { $0.metric.hasPrefix("condition-loss") }.allSatisfy { $0.verdict == .noRegression })
    }

    @Test func `state errors by hand, a model without caches having none of them`() throws {
        func sequence(_ cluster: Int, error: Double, growth: Double?, cache: Double?) -> Asked {
            var detail = ["tokens": 100, "flips": 1, "stateError": error]
            detail["stateGrowth"] = growth
            detail["cacheError"] = cache
            return Asked(cluster: cluster, score: 0.99, detail: detail)
        }
        let values = try measure([
            cell(
                "state-error:bfloat16",
                [
                    sequence(0, error: 0.01, growth: 0.4, cache: nil),
                    sequence(1, error: 0.03, growth: 0.6, cache: nil),
                    sequence(2, error: 0, growth: nil, cache: nil),
                ])
        ])
        #expect(abs((value(values, "state-error", "state-error:bfloat16")?.value ?? 0) - 0.04 / 3) < 1e-12)
        let growth = try #require(value(values, "state-error-growth", "state-error:bfloat16"))
        #expect(abs((growth.value ?? 0) - 0.5) < 1e-12 && growth.n == 2 && growth.lost == 0)
        #expect(value(values, "state-error-flips", "state-error:bfloat16")?.value == 10)
        #expect(value(values, "cache-error", "state-error:bfloat16")?.value == nil)
        #expect(value(values, "accuracy", "state-error:bfloat16") == nil)
        #expect(value(values, "state-bytes", "state-error:bfloat16") == nil)
    }

    @Test func `a rare huge tail shows in the percentile and in the largest difference`() throws {
        func sequence(_ cluster: Int, huge: Double) -> Asked {
            let detail = [
                "tokens": 1_000, "klMean": 1e-6, "k3Mean": 2e-6, "logitDifferenceMax": huge > 0 ? 30.0 : 0.001,
                "logitDifferenceMean": 1e-4, "flips": 0, "closeTokens": 0, "closeFlips": 0, "firstDivergence": 1_000,
                SizeBin.key(SizeBin.index(of: 0.001)): 900 - huge, SizeBin.key(SizeBin.index(of: 30)): huge,
            ]
            return Asked(cluster: cluster, score: 1, detail: detail.filter { $0.value > 0 || $0.key == "flips" })
        }
        func percentile(_ huge: [Double]) throws -> Double {
            let cells = try [cell("divergence@16", huge.enumerated().map { sequence($0.offset, huge: $0.element) })]
            return try #require(value(measure(cells), "divergence-logit-p999", "divergence@16")?.value)
        }
        // 10 in 10,000 tokens are within the upper thousandth, 11 are not.
        #expect(try percentile(Array(repeating: 1, count: 10)) < 0.0013)
        #expect(try percentile(Array(repeating: 1, count: 9) + [2]) > 25)
        #expect(try percentile([0, 0]) < 0.0013)
        let values = try measure([cell("divergence@16", [sequence(0, huge: 0), sequence(1, huge: 3)])])
        #expect(value(values, "divergence-logit-max", "divergence@16")?.value == 30)
        #expect(abs((value(values, "divergence-k3", "divergence@16")?.value ?? 0) - 2e-6) < 1e-15)
        #expect(abs((value(values, "divergence-logit-mean", "divergence@16")?.value ?? 0) - 1e-4) < 1e-15)
        #expect(value(values, "divergence-first", "divergence@16")?.value == 1)
    }
}
