import Foundation

/// Reference values that Tests/Fixtures/make_statistics_fixtures.py took from SciPy.
struct StatisticsFixtures: Decodable {
    var logGamma: [[Double]]
    var logBeta: [[Double]]
    var incompleteBeta: [[Double]]
    var normalCumulative: [[Double]]
    var normalQuantile: [[Double]]
    var tUpperTail: [[Double]]
    var tQuantile: [[Double]]
    var binomialCumulative: [[Double]]
    var benjaminiHochberg: [[[Double]]]
    var signFlip: [SignFlipCase]
    var pairedT: [PairedCase]
    var wilson: [[Double]]
    var holm: [[[Double]]]
    var chiSquareTail: [[Double]]
    var chiSquareQuantile: [[Double]]
    var fTail: [[Double]]
    var associations: [Association]
    var kolmogorovSmirnov: [[[Double]]]
    var kolmogorovLimit: [[Double]]
    var homogeneity: [[[Double]]]
    var tost: [[[Double]]]
    var chow: [[[Double]]]
    var powerLaws: [[[Double]]]
    var mantelHaenszel: [Tables]
    var obrienFleming: [[Double]]
    var repeatedP: [[[Double]]]
    var mcnemar: [[Double]]
    var welch: [[[Double]]]
    var changePoints: [[[Double]]]
    var charts: [[[Double]]]

    struct Association: Decodable {
        var first: [Double]
        var second: [Double]
        var spearman: Double
        var kendall: Double
        var kendallP: Double
    }

    struct Tables: Decodable {
        var tables: [[Int]]
        var expected: [Double]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            tables = try container.decode([[Int]].self)
            expected = try container.decode([Double].self)
        }
    }

    struct SignFlipCase: Decodable {
        var differences: [Double]
        var pValue: Double

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            differences = try container.decode([Double].self)
            pValue = try container.decode(Double.self)
        }
    }

    struct PairedCase: Decodable {
        var first: [Double]
        var second: [Double]
        var statistic: Double
        var pValue: Double

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            first = try container.decode([Double].self)
            second = try container.decode([Double].self)
            statistic = try container.decode(Double.self)
            pValue = try container.decode(Double.self)
        }
    }

    static func load() throws -> StatisticsFixtures {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/statistics.json")
        return try JSONDecoder().decode(StatisticsFixtures.self, from: Data(contentsOf: url))
    }
}

/// Near in the absolute and in the relative sense: 1e-10 unless told.
func isNear(_ a: Double, _ b: Double, _ tolerance: Double = 1e-10) -> Bool {
    a == b || abs(a - b) <= tolerance * max(1e-3, abs(b))
}
