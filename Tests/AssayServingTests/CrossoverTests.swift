import AssayCore
import AssayModels
import Foundation
import Testing

@testable import AssayServing

@Suite struct CrossoverTests {
    /// Times of a model that costs 3 a token against a control that costs 1 + length / 500: they cross at 1,000.
    private func sweep(noise: Double, repeats: Int = 9, lengths: [Int] = [64, 256, 1_024, 4_096]) -> LengthSweep {
        var random = CounterRandom(key: 4, index: 4)
        return LengthSweep(
            points: lengths.map { length in
                let pairs = (0..<repeats).map { _ in
                    // Load hits both sides of a pair alike; noise hits each by itself.
                    let load = 1 + 3 * random.unit()
                    return (
                        3 * load * exp(noise * (random.unit() - 0.5)),
                        (1 + Double(length) / 500) * load * exp(noise * (random.unit() - 0.5))
                    )
                }
                return LengthSweep.Point(length: length, model: pairs.map(\.0), control: pairs.map(\.1))
            })
    }

    @Test("a crossing is found by interpolation, whatever the load was")
    func crossing() throws {
        let exact = sweep(noise: 0).crossover()
        #expect(abs(exact.length / 1_000 - 1) < 0.1)
        let dense = sweep(noise: 0, lengths: [500, 900, 990, 1_010, 2_000]).crossover()
        #expect(abs(dense.length / 1_000 - 1) < 0.001)
        let noisy = sweep(noise: 0.4).crossover()
        let interval = try #require(noisy.interval)
        #expect(interval.contains(noisy.length))
        #expect(interval.contains(exact.length))
        #expect(interval.lowerBound < interval.upperBound)
        #expect(sweep(noise: 0.4, repeats: 1).crossover().interval == nil)
    }

    @Test("a crossing beyond the tested lengths is said to be there, not guessed")
    func censoring() {
        #expect(sweep(noise: 0, lengths: [16, 64, 256]).crossover().length == .infinity)
        #expect(sweep(noise: 0, lengths: [2_000, 4_000]).crossover().length == 0)
        // Faster, slower, faster: only the last crossing counts.
        #expect(Crossing.length([(10, -1), (20, 1), (80, -1)]) == 40)
        #expect(Crossing.length([(10, -1), (20, -1), (80, 1)]) == .infinity)
    }

    private func model(_ mixer: String) throws -> WeightedModel {
        let model = try LanguageModel(
            Architecture(
                name: mixer, width: 32, heads: 2, headDimension: 16, layers: [LayerConfiguration(mixer: mixer)],
                vocabularyCount: 16))
        return WeightedModel(model: model, weights: model.initialWeights(seed: 1))
    }

    @Test("operations cross where the cost models say, and nowhere else")
    func theory() throws {
        let (full, lightning) = (try model("full").model, try model("lightning").model)
        let decode = try #require(TheoreticalCrossover.decode(lightning, against: full))
        func saves(_ length: Int) -> Bool {
            lightning.cost(context: length).decodeFLOPs < full.cost(context: length).decodeFLOPs
        }
        #expect(saves(decode) && (decode == 1 || !saves(decode - 1)))
        #expect(TheoreticalCrossover.decode(full, against: full) == nil)
        let prefill = try #require(TheoreticalCrossover.prefill(lightning, against: full))
        #expect(prefill >= decode, "a prefill averages over shorter contexts")
    }

    @Test("both phases are timed at batch 1 and at a batch that fits the memory")
    func measuring() throws {
        let (full, lightning) = (try model("full"), try model("lightning"))
        let bytes = DecodeProbe.bytes(full.model, length: 18)
        let settings = CrossoverSettings(
            lengths: [16, 64], repeats: 2, memory: 3 * bytes, largestBatch: 5, steps: 2)
        for phase in ServingPhase.allCases {
            for load in ServingLoad.allCases {
                var lengths: [Int] = []
                let measured = CrossoverMeasurement(
                    lightning, against: full, phase: phase, load: load, settings, progress: { lengths.append($0) })
                #expect(lengths == [16, 64])
                #expect(measured.sweep.points.allSatisfy { ($0.model + $0.control).allSatisfy { $0 > 0 } })
                if load == .single { #expect(measured.batches.allSatisfy { $0.model == 1 && $0.control == 1 }) }
                if load == .memory, phase == .decode {
                    #expect(measured.batches.map(\.control) == [3, 1], "a cache that grows leaves room for fewer")
                    #expect(measured.batches.map(\.model) == [5, 5], "a fixed state for as many as before")
                }
            }
        }
    }
}
