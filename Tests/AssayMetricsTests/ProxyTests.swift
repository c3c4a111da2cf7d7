import AssayCore
import AssayStatistics
import Foundation
import Testing

@testable import AssayMetrics

@Suite struct ProxyTests {
    private struct Fixtures: Decodable {
        struct Study: Decodable {
            var proxy: [Double]
            var target: [Double]
            var cluster: [String]
            var expected: [Double]
        }

        var proxyStudies: [Study]
    }

    private func study(
        _ proxy: [Double?], _ target: [Double?], within: [String]? = nil, cluster: [String]? = nil,
        direction: MetricDirection = .higherIsBetter
    ) -> ProxyStudy {
        ProxyStudy(
            target: ProxyColumn(name: "target", values: target),
            proxies: [ProxyColumn(name: "proxy", values: proxy, direction: direction)], within: within, cluster: cluster
        )
    }

    @Test("decision accuracy and its interval are those of all samples of clusters, enumerated in Python")
    func enumerated() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/statistics.json")
        let fixtures = try JSONDecoder().decode(Fixtures.self, from: Data(contentsOf: url))
        for row in fixtures.proxyStudies {
            let found = study(row.proxy, row.target, cluster: row.cluster).validities()[0]
            let ends = (try #require(found.low), try #require(found.high))
            #expect(abs((found.decisionAccuracy ?? 0) - row.expected[0]) < 1e-12 && found.clusters == 6)
            // Percentiles of 10,000 samples of a coarse distribution.
            #expect(abs(ends.0 - row.expected[1]) < 0.015 && abs(ends.1 - row.expected[2]) < 0.015, "\(ends) \(row)")
        }
        let uses = fixtures.proxyStudies.map { study($0.proxy, $0.target, cluster: $0.cluster).validities()[0].use }
        #expect(uses[0] == .refuses("the interval covers one half") && uses[2] == .ranks)
    }

    @Test("pairs are taken inside a group only, groups stand in order of their first run")
    func within() {
        // Inside each group the order is right; between them it is wrong.
        let found = study([3, 4, 1, 2], [1, 2, 3, 4], within: ["small", "small", "large", "large"]).validities()
        #expect(found.map(\.within) == ["small", "large"])
        #expect(found.allSatisfy { $0.decisionAccuracy == 1 && $0.pairs == 1 && $0.clusters == 2 && $0.kendall == 1 })
        #expect(study([3, 4, 1, 2], [1, 2, 3, 4]).validities()[0].decisionAccuracy == 2.0 / 6)
    }

    @Test("where less is better, the order and the signs of the correlations are turned")
    func lower() {
        let target = (0..<8).map { Double($0) }
        let found = study(target.map { 100 - $0 }, target, direction: .lowerIsBetter).validities()[0]
        #expect(found.decisionAccuracy == 1 && found.spearman == 1 && found.kendall == 1 && found.use == .ranks)
        #expect(found.low == 1 && found.high == 1 && found.regret == 0)
        let plain = study(target.map { 100 - $0 }, target).validities()[0]
        #expect(plain.decisionAccuracy == 0 && plain.use == .reversed && plain.regret == 7)
    }

    @Test("runs without one of the values do not count")
    func missing() {
        let found = study([1, nil, 3, 4, 2], [1, 2, 3, nil, 0]).validities()[0]
        #expect(found.runs == 3 && found.pairs == 3 && found.decisionAccuracy == 2.0 / 3)
        let empty = study([nil, nil, nil], [1, 2, 3]).validities()[0]
        #expect(empty.runs == 0 && empty.decisionAccuracy == nil && empty.use == .refuses("fewer than two runs"))
    }

    @Test("what is not defined is nothing, with a reason, and never ranks")
    func undefined() {
        let constant = study([2, 2, 2], [1, 2, 3]).validities()[0]
        #expect(constant.decisionAccuracy == nil && constant.spearman == nil && constant.kendall == nil)
        #expect(constant.pairs == 3 && constant.use == .refuses("the proxy is constant"))
        let still = study([1, 2, 3], [2, 2, 2]).validities()[0]
        #expect(still.pairs == 0 && still.use == .refuses("the target is constant"))
        let one = study([1, 2, 3], [1, 2, 3], cluster: ["a", "a", "a"]).validities()[0]
        #expect(one.decisionAccuracy == 1 && one.low == nil && one.use == .refuses("one cluster"))
        // Perfect on five clusters, but five are too few for an interval that means something.
        let few = study([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]).validities()[0]
        #expect(few.low == 1 && few.use == .refuses("5 clusters, a ranking needs 6"))
    }

    @Test("regret is what choosing by the proxy costs, a shared first place in the mean")
    func regret() {
        #expect(study([1, 2, 3], [5, 9, 4]).validities()[0].regret == 5)
        #expect(study([1, 3, 3], [5, 9, 4]).validities()[0].regret == 2.5)
    }

    @Test("a proxy without worth is used as a ranking in about the share that the level allows")
    func level() {
        var ranks = 0
        let repeats = 200
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 5, index: UInt64(repetition))
            let proxy = (0..<24).map { _ in random.normal() }
            let target = (0..<24).map { _ in random.normal() }
            let validity = study(proxy, target).validities(draws: 200)[0]
            if validity.use == .ranks { ranks += 1 }
        }
        // One side of a 90 % interval is passed by 5 %; percentile intervals of 24 clusters are a little too narrow.
        #expect(Double(ranks) / Double(repeats) < 0.12, "\(ranks)")
    }

    @Test("a card expires with the mixture, and with four times the size or the training")
    func expiry() {
        let conditions = ProxyCard.Conditions(mixtures: ["recall x 1"], parameters: 1_000, tokens: 5_000)
        let card = ProxyCard(
            validity: study([1, 2], [1, 2]).validities()[0], signalToNoise: nil, conditions: conditions, validated: nil)
        func other(_ mixture: String = "recall x 1", _ parameters: Int = 1_000, _ tokens: Int = 5_000) -> String? {
            card.expiry(under: .init(mixtures: [mixture], parameters: parameters, tokens: tokens))
        }
        #expect(other() == nil && other("recall x 1", 3_999, 19_999) == nil)
        #expect(other("recall x 2")?.contains("another mixture") == true)
        #expect(other("recall x 1", 4_000)?.contains("parameters") == true)
        #expect(other("recall x 1", 1_000, 20_000)?.contains("tokens") == true)
    }

    // MARK: - Drift of the relation

    private func arms(
        _ count: Int, correlation: Double, shift: Double = 0, family: [String]? = nil, key: UInt64, _ index: Int
    ) -> ProxyCondition {
        var random = CounterRandom(key: key, index: UInt64(index))
        let proxy = (0..<count).map { _ in random.normal() }
        let rest = (1 - correlation * correlation).squareRoot()
        return ProxyCondition(
            proxy: proxy,
            target: proxy.enumerated().map { arm, value in
                correlation * value + rest * random.normal() + (family?[arm] == "linear" ? shift : 0)
            })
    }

    @Test("a proxy that stays valid drifts in no more than its share, and F holds its level")
    func stable() throws {
        var drifts = 0
        var errors = 0
        let repeats = 200
        for repetition in 0..<repeats {
            let found = try ProxyDrift(
                from: arms(20, correlation: 0.9, key: 11, repetition),
                to: arms(20, correlation: 0.9, key: 12, repetition),
                draws: 200)
            if found.kendall?.isDrift == true { drifts += 1 }
            if let p = found.prediction?.pValue, p <= 0.05 { errors += 1 }
        }
        #expect(Double(drifts) / Double(repeats) < 0.15, "\(drifts)")
        #expect(
            Double(errors) / Double(repeats) <= 0.05 + 2 * (0.05 * 0.95 / Double(repeats)).squareRoot(), "\(errors)")
    }

    @Test("a proxy that loses its order is found, with the power that the design states")
    func lost() throws {
        var found = (tau: 0, fisher: 0, prediction: 0)
        let repeats = 100
        for repetition in 0..<repeats {
            let drift = try ProxyDrift(
                from: arms(30, correlation: 0.9, key: 13, repetition),
                to: arms(30, correlation: 0.5, key: 14, repetition),
                draws: 200)
            if drift.kendall.map({ $0.high < 0 }) == true { found.tau += 1 }
            if let p = drift.correlationP, p <= 0.1 { found.fisher += 1 }
            if let p = drift.prediction?.pValue, p <= 0.05 { found.prediction += 1 }
        }
        // One-sided 5 % at 30 arms: Fisher .92, predictive F .94, within Monte-Carlo error.
        #expect(found.fisher > 84 && found.prediction > 86 && found.tau > 70, "\(found)")
    }

    @Test("a family that the proxy is blind to is found by its prediction errors, where the order is kept")
    func families() throws {
        let family = (0..<24).map { $0 % 2 == 0 ? "full" : "linear" }
        var found = 0
        var alarms = 0
        for repetition in 0..<60 {
            let before = arms(24, correlation: 0.95, family: family, key: 15, repetition)
            let after = arms(24, correlation: 0.95, shift: -1, family: family, key: 16, repetition)
            let null = arms(24, correlation: 0.95, family: family, key: 17, repetition)
            if try ProxyDrift(from: before, to: after, families: family, draws: 50).familyP ?? 1 <= 0.05 { found += 1 }
            if try ProxyDrift(from: before, to: null, families: family, draws: 50).familyP ?? 1 <= 0.05 { alarms += 1 }
        }
        #expect(found > 57 && alarms <= 7, "\(found), \(alarms)")
    }

    @Test("too few or unlike arms are refused")
    func refused() {
        let four = ProxyCondition(proxy: [1, 2, 3, 4], target: [1, 2, 3, 4])
        let three = ProxyCondition(proxy: [1, 2, 3], target: [1, 2, 3])
        #expect(throws: AssayError.self) { try ProxyDrift(from: three, to: three) }
        #expect(throws: AssayError.self) { try ProxyDrift(from: four, to: three) }
        #expect(throws: AssayError.self) {
            try ProxyDrift(from: four, to: ProxyCondition(proxy: [1, 2, 3, .nan], target: [1, 2, 3, 4]))
        }
        #expect((try? ProxyDrift(from: four, to: four))?.isConclusive == false)
        let clean = ProxyDrift.disattenuated(0.3, proxyReliability: 0.8, targetReliability: 0.45)
        #expect(abs((clean ?? 0) - 0.5) < 1e-12)
        #expect(ProxyDrift.disattenuated(0.9, proxyReliability: 0.5, targetReliability: 0.5) == 1)
        #expect(ProxyDrift.disattenuated(0.6, proxyReliability: 0, targetReliability: 1) == nil)
    }
}
