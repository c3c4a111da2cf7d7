import AssayCore
import AssayModels
import AssayTensor
import Testing

@testable import AssayServing

/// Tiny models with random weights.
enum TinyModels {
    static func architecture(_ mixers: [String], convolution: Int = 0, width: Int = 12) -> Architecture {
        Architecture(
            name: "tiny", width: width, heads: 2, headDimension: 6, hiddenWidth: 10,
            layers: mixers.map {
                LayerConfiguration(mixer: $0, options: $0 == "sliding-window" ? ["window": 5, "sinks": 1] : [:])
            }, vocabularyCount: 11, shortConvolution: convolution, initialDeviation: 0.4, outputDeviation: 0.4)
    }

    static func make(_ mixers: [String], convolution: Int = 0, seed: UInt64 = 3) throws -> WeightedModel {
        let model = try LanguageModel(architecture(mixers, convolution: convolution))
        return WeightedModel(model: model, weights: model.initialWeights(seed: seed))
    }

    /// The same model with weights that are a little off, so that it agrees often but not always.
    static func near(_ other: WeightedModel, by deviation: Float) -> WeightedModel {
        let weights = FloatBlock(count: other.weights.count)
        weights.copy(from: other.weights)
        var random = CounterRandom(key: 1, index: 2)
        for i in 0..<weights.count { weights.pointer[i] += Float(random.unit() - 0.5) * deviation }
        return WeightedModel(model: other.model, weights: weights)
    }

    static let prompts: [[Int32]] = [[1, 2, 3, 4, 5, 6, 7], [9], [0, 0, 4, 10, 2, 2]]
}

@Suite struct SpeculationTests {
    @Test(
        "speculative decoding gives what plain greedy decoding gives, whatever the draft proposes",
        arguments: MixerRegistry.names, RollbackMode.allCases)
    func identical(_ mixer: String, _ mode: RollbackMode) throws {
        for convolution in [0, 3] {
            let target = try TinyModels.make([mixer, mixer], convolution: convolution)
            let plain = GreedyDecoder(model: target.model, weights: target.weights, capacity: 40)
            let drafts = [TinyModels.near(target, by: 0.2), try TinyModels.make([mixer], seed: 9), target]
            for (index, draft) in drafts.enumerated() {
                for length in [1, 2, 5] {
                    let decoder = SpeculativeDecoder(
                        target: target, draft: draft, draftLength: length, mode: mode, capacity: 40)
                    for prompt in TinyModels.prompts {
                        #expect(
                            decoder.generate(prompt, count: 30).tokens == plain.generate(prompt, count: 30).tokens)
                    }
                    if index == 2 { #expect(decoder.counts.acceptance == 1) }
                }
            }
        }
    }

    @Test("a hybrid with a draft of another kind gives the same", arguments: RollbackMode.allCases)
    func hybrids(_ mode: RollbackMode) throws {
        let target = try TinyModels.make(["gated-delta-net", "sliding-window", "lightning", "full"], convolution: 2)
        let draft = try TinyModels.make(["sliding-window", "gated-delta-net"], convolution: 2, seed: 5)
        let plain = GreedyDecoder(model: target.model, weights: target.weights, capacity: 60)
        let decoder = SpeculativeDecoder(target: target, draft: draft, draftLength: 4, mode: mode, capacity: 60)
        for prompt in TinyModels.prompts {
            #expect(decoder.generate(prompt, count: 50).tokens == plain.generate(prompt, count: 50).tokens)
        }
        #expect(decoder.counts.acceptance > 0 && decoder.counts.acceptance < 1, "the draft is sometimes right")
    }

    @Test("what happened is counted as it happened")
    func counting() throws {
        let target = try TinyModels.make(["lightning", "full"])
        let draft = TinyModels.near(target, by: 0.3)
        let decoder = SpeculativeDecoder(
            target: target, draft: draft, draftLength: 3, mode: .recompute, capacity: 60)
        var produced = 0
        for prompt in TinyModels.prompts { produced += decoder.generate(prompt, count: 40).tokens.count }
        let counts = decoder.counts
        #expect(counts.drafted == 3 * counts.rounds)
        #expect(counts.accepted + counts.rollbacks == counts.examined, "every rollback follows one rejection")
        // The last round of a prompt can go beyond what was asked for.
        #expect((produced...(produced + 9)).contains(counts.accepted + counts.rounds))
        #expect(counts.acceptedLength == 1 + 3 * counts.acceptance)
        #expect(counts.rollbackBytes > 0)
        #expect(counts.draftSeconds == 0 && counts.verifySeconds == 0)
    }

    @Test("the parts of a measurement make its prediction")
    func measurement() throws {
        let target = try TinyModels.make(["gated-delta-net", "full"])
        let measured = try SpeculationMeasurement(
            target: target, draft: TinyModels.near(target, by: 0.2), prompts: TinyModels.prompts, count: 20,
            draftLength: 2, mode: .snapshot, passes: 3)
        #expect(measured.speedups.count == 3 && measured.speedups.allSatisfy { $0 > 0 })
        #expect(measured.verifyRatio > 0 && measured.draftRatio > 0 && measured.rollbackRatio > 0)
        let predicted = measured.acceptedLength / (2 * measured.draftRatio + measured.verifyRatio)
        #expect(measured.predictedSpeedup == predicted)
        let interval = try #require(measured.speedupInterval)
        #expect(interval.contains(measured.speedup))
        #expect(measured.tokens == 60)
    }
}
