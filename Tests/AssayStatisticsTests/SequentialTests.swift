import AssayCore
import AssayStatistics
import Foundation
import Testing

@Suite struct SequentialTests {
    @Test func constantsMatchTheNormalDistributionOfTheLooks() throws {
        for row in try StatisticsFixtures.load().obrienFleming {
            let test = GroupSequential(looks: Int(row[0]))
            #expect(abs(test.constant - row[1]) < 2e-4, "\(row[0]) looks: \(test.constant), SciPy \(row[1])")
        }
        #expect(abs(GroupSequential(looks: 1).constant - 1.959964) < 1e-5)
        // Jennison and Turnbull, Group Sequential Methods (2000), table 2.3.
        for (looks, constant) in [(4, 2.024), (10, 2.087), (20, 2.126)] {
            #expect(abs(GroupSequential(looks: looks).constant - constant) < 6e-4)
        }
    }

    @Test func fiveLooksHoldTheirLevelInASimulation() {
        let test = GroupSequential(looks: 5)
        var rejected = 0
        let repeats = 20_000
        for repetition in 0..<repeats {
            var random = CounterRandom(key: 41, index: UInt64(repetition))
            var sum = 0.0
            let crossed = (0..<5).contains { look in
                sum += random.normal()
                return abs(sum) / Double(look + 1).squareRoot() >= test.boundary(look: look)
            }
            if crossed { rejected += 1 }
        }
        let rate = Double(rejected) / Double(repeats)
        #expect(abs(rate - 0.05) < 3 * (0.05 * 0.95 / Double(repeats)).squareRoot(), "\(rate)")
    }

    @Test func powerIsThatOfTheFixedTestAndItemsAreSaved() {
        let test = GroupSequential(looks: 5)
        // A drift that the fixed test finds with a power of 90 %.
        let drift = Normal.quantile(0.975) + Normal.quantile(0.9)
        let chances = test.rejections(drift: drift)
        let power = chances.reduce(0, +)
        #expect(power > 0.88 && power < 0.9, "\(power)")
        #expect(test.expectedFraction(drift: drift) < 0.75 && test.expectedFraction(drift: 0) > 0.98)
        #expect(isNear(test.rejections(drift: 0).reduce(0, +), 0.05, 1e-6))
        let uneven = GroupSequential(fractions: [0.1, 0.5, 1])
        #expect(isNear(uneven.rejections(drift: 0).reduce(0, +), 0.05, 1e-6))
        #expect(uneven.boundary(look: 0) > uneven.boundary(look: 1))
    }

    @Test func knownAnswersOfTheAnytimeMethods() {
        #expect(isNear(exp(SignBetting.logValue(wins: 40, losses: 20)), 6.402863570105189, 1e-11))
        let mixture = NormalMixture(tightestAt: 120)
        #expect(abs(mixture.rho - 15.120673) < 1e-6 && abs(mixture.boundary(variance: 120) - 33.249049) < 1e-6)
    }

    @Test func signsMayBeLookedAtAfterEveryPair() {
        var alarms = 0
        var found = 0
        for repetition in 0..<1_000 {
            for (chance, isNull) in [(0.5, true), (0.7, false)] {
                var random = CounterRandom(key: isNull ? 51 : 52, index: UInt64(repetition))
                var bet = SignBetting()
                for _ in 0..<300 where !bet.rejects(alpha: 0.05) { bet.take(isWin: random.chance(chance)) }
                if bet.rejects(alpha: 0.05) { if isNull { alarms += 1 } else { found += 1 } }
                #expect(bet.rejects(alpha: 0.05) == (bet.pValue <= 0.05))
            }
        }
        #expect(alarms <= 64 && found > 990, "\(alarms) false, \(found) found")
    }

    @Test func theMixtureBoundaryHoldsAtAllTimes() {
        let mixture = NormalMixture(tightestAt: 200)
        let crossed = (0..<1_000).count { repetition in
            var random = CounterRandom(key: 61, index: UInt64(repetition))
            var sum = 0.0
            return (1...400).contains { step in
                sum += random.normal()
                return abs(sum) >= mixture.boundary(variance: Double(step))
            }
        }
        #expect(crossed <= 64 && crossed > 5, "\(crossed) of 1,000")
        #expect(mixture.interval(mean: 0, variance: 1, count: 1) == nil)
        let interval = mixture.interval(mean: 0.3, variance: 1, count: 200)
        #expect(interval.map { isNear($0.high - 0.3, mixture.boundary(variance: 200) / 200) } == true)
    }
}
