import AssayStatistics
import Testing

@Suite struct DecisionTests {
    /// A comparison over clusters with a given spread.
    private func comparison(
        _ estimate: Double, error: Double?, units: Int = 50, unit: ComparisonUnit = .items
    ) -> PairedComparison {
        PairedComparison.made(estimate: estimate, error: error, units: units, unit: unit)
    }

    @Test func benjaminiHochbergMatchesSciPyAndTheDesign() throws {
        for row in try StatisticsFixtures.load().benjaminiHochberg {
            #expect(zip(MultipleTests.benjaminiHochberg(row[0]), row[1]).allSatisfy { isNear($0, $1) })
        }
        #expect(MultipleTests.benjaminiHochberg([]).isEmpty)
    }

    @Test func regressionNeedsBothTheAdjustedPAndTheInterval() {
        let rule = DecisionRule(margin: 0.02, direction: .higherIsBetter)
        let loss = comparison(-0.05, error: 0.01)
        #expect(rule.decide(loss, adjustedP: 0.001).verdict == .regression)
        #expect(rule.decide(loss, adjustedP: 0.2).verdict == .undecided)
        #expect(rule.decide(loss, adjustedP: 0.001).isMaterial)
        #expect(rule.decide(comparison(0.05, error: 0.01), adjustedP: 0.001).verdict == .improvement)
    }

    @Test func aSmallCertainLossIsARegressionThatIsNotMaterial() {
        let rule = DecisionRule(margin: 0.02, direction: .higherIsBetter)
        let decision = rule.decide(comparison(-0.01, error: 0.002), adjustedP: 0.001)
        #expect(decision.verdict == .regression && !decision.isMaterial && decision.isEquivalent)
        var guardRail = rule
        guardRail.ignoresImmaterial = true
        #expect(guardRail.decide(comparison(-0.01, error: 0.002), adjustedP: 0.001).verdict == .noRegression)
    }

    @Test func forLowerIsBetterARiseIsTheLoss() {
        let rule = DecisionRule(margin: 0.02, direction: .lowerIsBetter)
        #expect(rule.decide(comparison(0.05, error: 0.01), adjustedP: 0.001).verdict == .regression)
        #expect(rule.decide(comparison(-0.05, error: 0.01), adjustedP: 0.001).verdict == .improvement)
        #expect(rule.decide(comparison(-0.01, error: 0.02), adjustedP: 0.6).verdict == .undecided)
        #expect(rule.decide(comparison(-0.03, error: 0.02), adjustedP: 0.2).verdict == .noRegression)
    }

    @Test func notSignificantAloneIsNeverNoRegression() {
        let rule = DecisionRule(margin: 0.02, direction: .higherIsBetter)
        let wide = rule.decide(comparison(0, error: 0.02), adjustedP: 1)
        #expect(wide.verdict == .undecided && wide.reason != nil)
        let narrow = rule.decide(comparison(0, error: 0.008), adjustedP: 1)
        #expect(narrow.verdict == .noRegression && narrow.isEquivalent)
    }

    @Test func equalSidesAreWithinAMarginOfZero() {
        let rule = DecisionRule(margin: 0, direction: .higherIsBetter)
        #expect(rule.decide(comparison(0, error: 0), adjustedP: 1).verdict == .noRegression)
        #expect(rule.decide(comparison(0, error: 0.01), adjustedP: 1).verdict == .undecided)
    }

    @Test func lostItemsWidenTheIntervalUntilNothingCanBeSaid() {
        let rule = DecisionRule(margin: 0.02, direction: .higherIsBetter)
        let loss = comparison(-0.05, error: 0.01)
        #expect(rule.decide(loss, adjustedP: 0.001, slack: (0.1, 0.01)).verdict == .regression)
        let wide = rule.decide(loss, adjustedP: 0.001, slack: (0.1, 0.1))
        #expect(wide.verdict == .undecided && wide.reason == "too many lost items")
        #expect(rule.decide(loss, adjustedP: 0.001, slack: nil).verdict == .undecided)
    }

    @Test func tooFewClustersAreUndecidedAndFiveEqualOnesToo() {
        let rule = DecisionRule(margin: 0.02, direction: .higherIsBetter)
        #expect(rule.decide(comparison(0, error: 0, units: 6), adjustedP: 1).verdict == .noRegression)
        #expect(rule.decide(comparison(0, error: 0, units: 5), adjustedP: 1).verdict == .undecided)
        #expect(rule.decide(comparison(0, error: 0, units: 5, unit: .seeds), adjustedP: 1).verdict == .undecided)
        #expect(
            rule.decide(comparison(-0.2, error: 0.01, units: 5, unit: .seeds), adjustedP: 0.001).verdict == .regression)
        #expect(rule.decide(comparison(.nan, error: 0.1), adjustedP: nil).verdict == .undecided)
        #expect(rule.decide(comparison(0.1, error: nil), adjustedP: 0.01).verdict == .undecided)
    }

    @Test func detectableEffectsOfTheDesignTable() {
        for (discordance, items, points) in [(0.05, 200, 4.4), (0.1, 1_000, 2.8), (0.2, 500, 5.6), (0.3, 10_000, 1.5)] {
            let effect = Power.minimumDetectableEffect(discordance: discordance, items: items)
            #expect(abs(100 * effect - points) < 0.06, "\(discordance), \(items): \(effect)")
        }
        let items = (
            Power.equivalenceItems(discordance: 0.2, margin: 0.02),
            Power.equivalenceItems(discordance: 0.2, margin: 0.01)
        )
        #expect(abs(items.0 - 4_283) <= 2 && abs(items.1 - 17_130) <= 4, "\(items)")
        for (correlation, effect) in [(0.05, 2.95), (0.1, 4.9), (0.3, 12.7)] {
            #expect(isNear(Power.designEffect(itemsPerCluster: 40, correlation: correlation), effect))
        }
    }

    @Test func requiredUnitsAreTheFirstThatReachTheEffect() throws {
        let error = StandardError(value: 0.02, degreesOfFreedom: 49)
        let units = try #require(Power.requiredUnits(effect: 0.02, standardError: error, units: 50))
        func detectable(_ n: Int) -> Double {
            Power.minimumDetectableEffect(
                standardError: StandardError(value: 0.02 * (50 / Double(n)).squareRoot(), degreesOfFreedom: n - 1))
        }
        #expect(detectable(units) <= 0.02 && detectable(units - 1) > 0.02, "\(units)")
        #expect(Power.requiredUnits(effect: 0, standardError: error, units: 50) == nil)
        #expect(Power.requiredUnits(effect: 1e-12, standardError: error, units: 50) == nil)
    }
}

extension PairedComparison {
    /// A comparison by its figures alone.
    static func made(estimate: Double, error: Double?, units: Int, unit: ComparisonUnit) -> PairedComparison {
        var made = PairedComparison.seeds(
            baseline: Array(repeating: 0, count: units), candidate: Array(repeating: 0, count: units))
        made.estimate = estimate
        made.standardError = error.map { StandardError(value: $0, degreesOfFreedom: units - 1) }
        made.unit = unit
        return made
    }
}
