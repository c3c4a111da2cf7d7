import Testing

@testable import AssayModels

@Suite struct ModelCostTests {
    @Test("parameters of the cost model are those of the layout, for every mixer", arguments: MixerRegistry.names)
    func parameters(_ mixer: String) throws {
        for tied in [true, false] {
            let model = try LanguageModel(ModelChecks.tiny(mixer, tiedHead: tied))
            let cost = model.cost(context: 10)
            #expect(cost.parameters == model.layout.parameterCount)
            let finalNorm = model.architecture.width
            #expect(
                cost.layers.reduce(cost.embeddingParameters + finalNorm) { $0 + $1.parameters } == cost.parameters)
        }
    }

    @Test("costs of full and sliding-window attention, counted by hand")
    func byHand() throws {
        let architecture = Architecture(
            name: "hand", width: 8, heads: 2, keyValueHeads: 1, headDimension: 4, hiddenWidth: 16,
            layers: [
                LayerConfiguration(mixer: "full"),
                LayerConfiguration(mixer: "sliding-window", options: ["window": 3, "sinks": 1]),
            ], vocabularyCount: 10)
        let cost = try LanguageModel(architecture).cost(context: 6)
        // Embedding; q, k, v, out; gate and up, down; two norms a layer; the last norm.
        let layer = 16 * 8 + 8 * 8 + 32 * 8 + 8 * 16 + 2 * 8
        #expect(cost.parameters == 80 + 2 * layer + 8)
        let fixed = Double(2 * (layer - 2 * 8))
        // Full: 1 + ... + 6 visible keys over 6 tokens. Window: 1, 2, 3, 4, 4, 4.
        #expect(cost.layers[0].prefillFLOPs == fixed + 4 * 8 * 3.5)
        #expect(cost.layers[1].prefillFLOPs == fixed + 4 * 8 * 3)
        #expect(cost.layers[0].decodeFLOPs == fixed + 4 * 8 * 7)
        #expect(cost.layers[1].decodeFLOPs == fixed + 4 * 8 * 4)
        #expect(cost.layers[0].stateBytes == 6 * 2 * 4 * 4)
        #expect(cost.layers[1].stateBytes == 4 * 2 * 4 * 4)
        #expect(cost.headFLOPs == 160)
        #expect(cost.decodeFLOPs == cost.layers.reduce(160) { $0 + $1.decodeFLOPs })
        #expect(cost.trainingFLOPs(targetShare: 1) == 3 * (cost.prefillFLOPs + 160))
        #expect(cost.trainingFLOPs(targetShare: 0) == 3 * (cost.prefillFLOPs - cost.targetFLOPs))
    }

    @Test("a state grows just when it has a cache that keeps every token", arguments: MixerRegistry.names)
    func stateGrowth(_ mixer: String) throws {
        let model = try LanguageModel(ModelChecks.tiny(mixer))
        let (near, far) = (model.cost(context: 1000).stateBytes, model.cost(context: 2000).stateBytes)
        let parts = model.mixers[0].stateLayout(capacity: 1000).parts
        let grows = parts.contains { $0.kind == .cache && $0.window == 0 }
        #expect(near > 0)
        #expect(grows ? far > near : far == near)
        if parts.allSatisfy({ $0.kind == .cache && $0.window == 0 && $0.stride == 1 }) { #expect(far == 2 * near) }
    }
}

@Suite struct PositionSumTests {
    @Test("closed forms over positions are the sums that they stand for")
    func sums() {
        for count in [0, 1, 2, 5, 16, 17, 100] {
            for limit in [1, 3, 16, 100, 1000] {
                let capped = (0..<count).reduce(0) { $0 + min($1 + 1, limit) }
                let blocks = (0..<count).reduce(0) { $0 + ($1 + 1) / limit }
                #expect(PositionSum.capped(count, at: limit) == Double(capped))
                #expect(PositionSum.blocks(count, of: limit) == Double(blocks))
            }
        }
    }
}
