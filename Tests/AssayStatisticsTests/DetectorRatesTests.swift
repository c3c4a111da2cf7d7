import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

/// False alarms of the detectors over 1,000 healthy series of every kind of noise. The control charts have theirs in
/// ControlChartTests, the sequential tests in SequentialTests and SequentialLookTests.
@Suite struct DetectorRatesTests {
    /// Kinds of healthy noise, of variance one.
    enum Noise: String, CaseIterable {
        case independent, autocorrelated, heavyTailed, trended
    }

    private static let autocorrelation = 0.4
    private static let bound = 0.05 + 2 * (0.05 * 0.95 / 1_000).squareRoot()

    private func series(_ noise: Noise, _ points: Int, _ repetition: Int) -> [Double] {
        var random = CounterRandom(domain: "detector-rates/\(noise.rawValue)", index: UInt64(repetition))
        var last = 0.0
        return (0..<points).map { point in
            switch noise {
            case .independent, .trended: last = random.normal()
            case .heavyTailed: last = random.studentT4() / 2.0.squareRoot()
            case .autocorrelated:
                let phi = DetectorRatesTests.autocorrelation
                last = point == 0 ? random.normal() : phi * last + (1 - phi * phi).squareRoot() * random.normal()
            }
            return last
        }
    }

    /// Means over 51 clusters, each with heavy-tailed noise, in units of their standard deviation, and their own standard
    /// errors: what the drift detector sees of such noise.
    private func clusterMeans(_ points: Int, _ repetition: Int) -> (means: [Double], errors: [Double]) {
        var random = CounterRandom(domain: "detector-rates/clusters", index: UInt64(repetition))
        var result: (means: [Double], errors: [Double]) = ([], [])
        for _ in 0..<points {
            let clusters = (0..<51).map { _ in random.studentT4() / 2.0.squareRoot() }
            let mean = clusters.reduce(0, +) / 51
            let squares = clusters.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
            result.means.append(mean * 51.0.squareRoot())
            result.errors.append((squares / 50).squareRoot())
        }
        return result
    }

    private func rate(of series: Int = 1_000, _ isAlarm: (Int) throws -> Bool) rethrows -> Double {
        Double(try (0..<series).count(where: isAlarm)) / Double(series)
    }

    /// Differences to a control that shares the trend, with standard errors from within the checkpoints. Of more series than the
    /// bound is for: the rate lies near it where noise has heavy tails.
    @Test(arguments: Noise.allCases, [8, 20])
    func theDriftDetector(_ noise: Noise, points: Int) {
        let threshold = CusumCalibration.shared.distribution(points: points, degreesOfFreedom: 50)
            .threshold(falseAlarms: 0.05)
        let found = rate(of: 4_000) { repetition in
            var random = CounterRandom(domain: "detector-rates/errors", index: UInt64(repetition))
            let errors = (0..<points).map { _ in random.scaledChiSquare(degreesOfFreedom: 50).squareRoot() }
            let phi = noise == .autocorrelated ? DetectorRatesTests.autocorrelation : 0
            let trend = (0..<points).map { noise == .trended ? 0.3 * Double($0) : 0 }
            let arm = zip(series(noise, points, repetition), trend).map { $0 + $1 }
            let differences = zip(arm, trend).map { $0 - $1 }
            let z = Cusum.standardised(differences, standardErrors: errors, autocorrelation: phi)
            return Cusum.run(z.map(Cusum.influence), threshold: threshold).alarm != nil
        }
        #expect(found <= DetectorRatesTests.bound, "\(noise), \(points) points: \(found)")
        #expect(found > 0.01, "\(noise), \(points) points: \(found)")
    }

    @Test(arguments: [8, 20])
    func theDriftDetectorOverMeansOfHeavyTailedClusters(points: Int) {
        let threshold = CusumCalibration.shared.distribution(points: points, degreesOfFreedom: 50)
            .threshold(falseAlarms: 0.05)
        let found = rate { repetition in
            let (means, errors) = clusterMeans(points, repetition)
            let z = Cusum.recursiveResiduals(means, standardErrors: errors)
            return Cusum.run(z.map(Cusum.influence), threshold: threshold).alarm != nil
        }
        #expect(found <= DetectorRatesTests.bound, "\(points) points: \(found)")
        #expect(found > 0.01, "\(points) points: \(found)")
    }

    @Test(arguments: Noise.allCases)
    func theChangePointScan(_ noise: Noise) throws {
        let found = try rate { repetition in
            let values = series(noise, 40, repetition).enumerated().map {
                $1 + (noise == .trended ? 0.2 * Double($0) : 0)
            }
            let scan = ChangePoint.scan(
                values, trend: noise == .trended ? .linear : .level,
                autocorrelation: noise == .autocorrelated ? DetectorRatesTests.autocorrelation : 0, draws: 199)
            return try #require(scan).pValue <= 0.05
        }
        #expect(found <= DetectorRatesTests.bound, "\(noise): \(found)")
        #expect(found > 0.03, "\(noise): \(found)")
    }

    /// The bound of ADWIN is for independent values in [0, 1] of any distribution.
    @Test func theAdaptiveWindow() {
        for isSkewed in [false, true] {
            let found = rate { repetition in
                var random = CounterRandom(key: isSkewed ? 93 : 94, index: UInt64(repetition))
                var window = AdaptiveWindow(delta: 0.05)
                return (0..<600).contains { _ in
                    window.take(isSkewed ? pow(random.unit(), 8) : random.chance(0.7) ? 1 : 0)
                }
            }
            #expect(found <= DetectorRatesTests.bound, "\(isSkewed): \(found)")
        }
    }

    @Test func scansWithoutAndWithAutocorrelationFindTheStep() throws {
        for (noise, share) in [(Noise.independent, 0.9), (.autocorrelated, 0.3)] {
            let found = try rate { repetition in
                let values = series(noise, 40, repetition).enumerated().map {
                    $1 + ($0 >= 20 ? 2 : 0)
                }
                let scan = try #require(
                    ChangePoint.scan(
                        values, trend: .level,
                        autocorrelation: noise == .autocorrelated ? DetectorRatesTests.autocorrelation : 0, draws: 99))
                return scan.pValue <= 0.05 && abs(scan.point - 20) <= 3
            }
            #expect(found > share, "\(noise): \(found)")
        }
    }
}
