import AssayCore
import Foundation
import Testing

@testable import AssayStatistics

/// What other tests do not hold against SciPy.
@Suite struct ReferenceTests {
    @Test func mcNemar() throws {
        for row in try StatisticsFixtures.load().mcnemar {
            let (first, second) = (Int(row[0]), Int(row[1]))
            #expect(isNear(McNemar.exact(first, second), row[2], 1e-9), "\(row)")
            #expect(isNear(McNemar.midP(first, second), row[3], 1e-9), "\(row)")
        }
    }

    @Test func welch() throws {
        for row in try StatisticsFixtures.load().welch {
            func error(_ values: [Double]) -> (mean: Double, error: StandardError) {
                let n = Double(values.count)
                let mean = values.reduce(0, +) / n
                let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
                return (
                    mean,
                    StandardError(value: (squares / (n - 1) / n).squareRoot(), degreesOfFreedom: values.count - 1)
                )
            }
            let (a, b) = (error(row[0]), error(row[1]))
            let found = try #require(StandardError.difference(a.error, b.error))
            #expect(isNear((b.mean - a.mean) / found.value, row[2][0], 1e-9))
            #expect(found.degreesOfFreedom == Int(row[2][1]))
        }
        let none = StandardError(value: 0, degreesOfFreedom: 4)
        #expect(StandardError.difference(none, none)?.value == 0)
        #expect(StandardError.difference(none, StandardError(value: 1, degreesOfFreedom: 0)) == nil)
    }

    @Test func changePoints() throws {
        for row in try StatisticsFixtures.load().changePoints {
            let found = try #require(ChangePoint.scan(row[0], draws: 10))
            #expect(found.point == Int(row[1][0]) && isNear(found.statistic, row[1][1], 1e-9), "\(found)")
        }
    }

    @Test func controlCharts() throws {
        for row in try StatisticsFixtures.load().charts {
            for (chart, expected) in zip([ControlChart.shewhart, .ewma, .cusum], row.dropFirst()) {
                for (value, other) in zip(chart.path(row[0]), expected) {
                    #expect(isNear(value, other, 1e-12), "\(chart)")
                }
            }
        }
    }
}
