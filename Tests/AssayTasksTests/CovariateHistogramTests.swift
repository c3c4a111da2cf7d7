import AssayCore
import Testing

@testable import AssayTasks

/// Histograms must count every question once, and show few values as they are.
@Suite struct CovariateHistogramTests {
    @Test func fewValuesAreShownOneByOne() {
        let histogram = CovariateHistogram("hops", [4, 1, 2, 1, 1])
        #expect(histogram.levels.map(\.name) == ["1", "2", "4"])
        #expect(histogram.levels.map(\.count) == [3, 1, 1])
    }

    @Test func manyValuesAreShownByPowersOfTwo() {
        let histogram = CovariateHistogram("distance", [0, -1, 1, 2, 3, 4, 7, 8, 9, 15, 16])
        #expect(histogram.levels.map(\.name) == ["-1", "0", "1", "2-3", "4-7", "8-15", "16-31"])
        #expect(histogram.levels.reduce(0) { $0 + $1.count } == 11)
    }

    @Test func everyQuestionIsCountedOnce() throws {
        let task = try TaskRegistry.make("successor", parameters: ["hops": 4])
        let stream = ItemStream.evaluation(seed: 3)
        let questions = (0..<20).reduce(0) { sum, index in
            sum + task.cluster(stream, index: index).reduce(0) { $0 + $1.questions.count }
        }
        let histograms = task.covariates(stream, clusters: 20)
        #expect(histograms.map(\.covariate) == ["hops", "facts", "load", "distance", "length"])
        for histogram in histograms { #expect(histogram.levels.reduce(0) { $0 + $1.count } == questions) }
        #expect(histograms[0].levels.map(\.name) == ["1", "2", "4"])
    }

    @Test func episodesAreCountedInClosedLoop() throws {
        let histograms = try TaskRegistry.make("tool-world").covariates(.evaluation(seed: 1), clusters: 10)
        #expect(histograms[0].levels.reduce(0) { $0 + $1.count } == 10)
    }
}
