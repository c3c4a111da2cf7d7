import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// Swaps change how a model is run and nothing else: the three forms agree under each of them, the weights stay where they
/// are, and each does what another way to get there gives.
@Suite struct SwapTests {
    /// Systems in small: grouped queries, norms, sinks and gates; a latent cache; a hybrid; recurrences of every kind.
    static let systems: [String: [LayerConfiguration]] = [
        "grouped": [
            layer("full", ["query-key-norm": "head"]), layer("sliding-window", ["window": 9, "sinks": 1]),
        ],
        "gated": [
            layer("full", ["output-gate": true, "sink-logits": true, "projection-bias": true]),
            layer("sliding-window", ["window": 12, "sink-logits": true]),
        ],
        "latent": [layer("mla", ["query-latent-dimension": 8]), layer("kda")],
        "yarn": [
            layer("full", ["rotary-scaling": "yarn", "rotary-factor": 4, "rotary-length": 16]),
            layer("retnet"),
        ],
        "hybrid": [layer("gated-delta-net"), layer("full"), layer("mamba-2"), layer("lightning")],
        "sparse": [layer("sparse-top-k", ["top-k": 4, "index-dimension": 6]), layer("compressed-sparse")],
        "recurrent": [layer("rwkv-7"), layer("rwkv-7"), layer("gla"), layer("delta-product")],
        "plain": [layer("linear-attention"), layer("gated-convolution"), layer("sigmoid")],
    ]

    private static func layer(_ mixer: String, _ options: [String: MixerOption] = [:]) -> LayerConfiguration {
        LayerConfiguration(mixer: mixer, options: options)
    }

    static func model(_ system: String) throws -> LanguageModel {
        try LanguageModel(
            Architecture(
                name: system, width: 12, heads: 4, keyValueHeads: system == "grouped" || system == "gated" ? 2 : 4,
                headDimension: 6, hiddenWidth: 10, layers: systems[system] ?? [], vocabularyCount: 11,
                initialDeviation: 0.3))
    }

    /// Every swap with systems that take it.
    static let cases: [(system: String, swaps: String)] = [
        ("grouped", "window=5"), ("grouped", "window=5+2"), ("grouped", "window=10+1"), ("grouped", "top-k=3"),
        ("grouped", "window=7+1:top-k=4"), ("grouped", "halve-windows"), ("grouped", "no-rotary"),
        ("grouped", "shift-positions=3"), ("grouped", "shift-positions=-2"), ("grouped", "drop=0"),
        ("grouped", "drop=1:drop-head=0.3"), ("gated", "top-k=2:drop-head=0.1:drop-head=0.2"), ("gated", "window=4"),
        ("gated", "drop=1"), ("latent", "window=5+2"), ("latent", "top-k=3"), ("latent", "no-rotary"),
        ("latent", "shift-positions=2"), ("latent", "drop=1"), ("latent", "drop-head=0.0:drop-head=1.3"),
        ("yarn", "no-rotary"), ("yarn", "shift-positions=5"), ("yarn", "drop-head=1.2"), ("hybrid", "window=6:drop=0"),
        ("hybrid", "drop-head=0.1:drop-head=2.0:drop-head=3.3"), ("sparse", "no-rotary"),
        ("sparse", "shift-positions=1:drop-head=0.1:drop-head=1.0"), ("recurrent", "drop=1"),
        ("recurrent", "drop-head=0.0:drop-head=1.1:drop-head=2.2:drop-head=3.3"), ("plain", "drop=1:drop-head=2.1"),
        ("plain", "drop-head=0.2"),
    ]

    @Test("the forms agree under every swap, and states are what their layout says", arguments: cases.indices)
    func conformance(_ index: Int) throws {
        let (system, text) = Self.cases[index]
        let model = try Self.model(system).swapping(Swap.list(text))
        let checks: [MixerConformance.Check] = [.forms, .chunks, .causality, .state, .determinism, .rollback]
        let report = MixerConformance.check(model, checks)
        #expect(report.isSound, "\(text)\n\(report)")
    }

    @Test("attention to the best keys can be trained, too", arguments: ["full", "sliding-window", "mla"])
    func topScores(_ mixer: String) throws {
        var options: [String: MixerOption] = ["top-scores": 3]
        if mixer != "full" { options.merge(["window": 7, "sinks": 1]) { $1 } }
        let report = try MixerConformance.check(mixer: mixer, options: options, heads: 4, keyValueHeads: 2)
        #expect(report.isSound, "\(report)")
        if mixer == "full" {
            options["sink-logits"] = true
            let report = try MixerConformance.check(mixer: mixer, options: options)
            #expect(report.isSound, "\(report)")
        }
    }

    // MARK: - Other ways to the same

    private func logits(_ model: LanguageModel, _ weights: FloatBlock, time: Int = 20) -> [Float] {
        ModelChecks.parallel(model, weights, [ModelChecks.tokens(model, count: time)])[0]
    }

    private func swapped(_ system: String, _ swaps: String) throws -> (plain: LanguageModel, swapped: LanguageModel) {
        let model = try Self.model(system)
        return (model, try model.swapping(Swap.list(swaps)))
    }

    @Test("a window is what an architecture with that window computes, bit for bit")
    func windows() throws {
        for (text, expected) in [("window=5+2", (5, 2)), ("window=10+3", (9, 1))] {
            let (model, narrow) = try swapped("grouped", text)
            let weights = ModelChecks.weights(model)
            var architecture = model.architecture
            let first = text == "window=5+2" ? (5, 2) : (10, 3)
            architecture.layers[0].mixer = "sliding-window"
            for (layer, (window, sinks)) in [first, expected].enumerated() {
                architecture.layers[layer].options["window"] = .number(Double(window))
                architecture.layers[layer].options["sinks"] = .number(Double(sinks))
            }
            #expect(logits(narrow, weights) == logits(try LanguageModel(architecture), weights))
            #expect(logits(narrow, weights) != logits(model, weights))
            // What no query is far enough for changes nothing.
            let time = text == "window=5+2" ? 5 : 9
            let (short, plain) = (logits(narrow, weights, time: time), logits(model, weights, time: time))
            #expect(ModelChecks.relativeError(short, plain.map(Double.init)) < 1e-6)
        }
        let (model, halved) = try swapped("grouped", "halve-windows")
        #expect(halved.architecture.layers[1].options["window"] == 4 && halved.architecture.layers[0].mixer == "full")
        #expect(logits(halved, ModelChecks.weights(model)) != logits(model, ModelChecks.weights(model)))
    }

    @Test("a window shrinks the cache, and dropping a layer takes its state away")
    func stateBytes() throws {
        let (model, narrow) = try swapped("hybrid", "window=16+4:drop=0")
        let (before, after) = (model.cost(context: 1_000), narrow.cost(context: 1_000))
        #expect(before.layers[1].stateBytes == 1_000 * after.layers[1].stateBytes / 20)
        #expect(after.layers[0].stateBytes == 0 && before.layers[0].stateBytes > 0)
        #expect(narrow.stateBytes(context: 1_000, format: .int4) < model.stateBytes(context: 1_000, format: .int4))
    }

    @Test("attention to all keys, as the best of them, is plain attention; to the best alone it is a copy")
    func extremes() throws {
        let (model, all) = try swapped("grouped", "top-k=20")
        let weights = ModelChecks.weights(model)
        #expect(ModelChecks.relativeError(logits(all, weights), logits(model, weights).map(Double.init)) < 1e-5)
        // With one key the scale of the scores does not matter.
        let one = try model.swapping([.topScores(1)])
        var sharp = one.architecture
        for layer in sharp.layers.indices { sharp.layers[layer].options["scale"] = 7 }
        let error = ModelChecks.relativeError(
            logits(try LanguageModel(sharp), weights), logits(one, weights).map(Double.init))
        #expect(error < 1e-5)
        #expect(ModelChecks.relativeError(logits(one, weights), logits(model, weights).map(Double.init)) > 1e-2)
    }

    @Test("scores that are not numbers are not hidden by the choice")
    func brokenScores() {
        var scores: [Float] = [3, 1, .nan, 2, 5]
        var scratch = [Float](repeating: 0, count: TopScores.scratchCount(keys: 5, count: 2))
        TopScores.keep(2, of: 5, &scores, scratch: &scratch)
        #expect(scores[0] == 3 && scores[2].isNaN)
        var sound: [Float] = [3, 5, 1, 5, 3]
        TopScores.keep(3, of: 5, &sound, scratch: &scratch)
        #expect(sound == [-.infinity, 5, -.infinity, 5, 3])
    }

    @Test("without positions only what was said counts, not where")
    func noPositions() throws {
        let model = try LanguageModel(ModelChecks.tiny("full", layers: 1))
        let weights = ModelChecks.weights(model)
        let still = try model.swapping([.noRotary])
        var tokens = ModelChecks.tokens(model, count: 12)
        func last(_ model: LanguageModel) -> [Double] {
            ModelChecks.parallel(model, weights, [tokens])[0].suffix(11).map(Double.init)
        }
        let (before, turned) = (last(still), last(model))
        tokens.swapAt(1, 7)
        tokens.swapAt(0, 4)
        #expect(ModelChecks.relativeError(last(still).map(Float.init), before) < 1e-5)
        #expect(ModelChecks.relativeError(last(model).map(Float.init), turned) > 1e-3)
        // As the architecture option for it has it.
        var option = model.architecture
        option.layers[0].options["rotary-fraction"] = 0
        tokens = ModelChecks.tokens(model, count: 12)
        #expect(last(try LanguageModel(option)) == last(still))
    }

    @Test("a shift makes keys seem as many positions further away", arguments: [3, -4])
    func shifts(_ shift: Int) throws {
        let model = try LanguageModel(ModelChecks.tiny("full", layers: 1))
        let weights = ModelChecks.weights(model)
        let (still, shifted) = (try model.swapping([.noRotary]), try model.swapping([.shiftedPositions(shift)]))
        let tokens = ModelChecks.tokens(model, count: 9)
        guard let mixer = still.mixers[0] as? FullAttention, let moved = shifted.mixers[0] as? FullAttention else {
            Issue.record("no attention")
            return
        }
        let prefix = Architecture.mixerPrefix(layer: 0)
        var own: [String: [Double]] = [:]
        for parameter in model.layout.specifications where parameter.name.hasPrefix(prefix) {
            own[String(parameter.name.dropFirst(prefix.count))] = (0..<parameter.count).map {
                Double(weights.pointer[parameter.offset + $0])
            }
        }
        let x = (0..<(tokens.count * 12)).map { sin(Double($0 * $0)) }
        let heads = mixer.attention.referenceHeads(x, time: tokens.count, weights: own)
        // Scores by the distance alone.
        func score(_ t: Int, _ s: Int, head: Int) -> Double {
            let shape = mixer.attention.shape
            let (q, k) = (t * shape.queryWidth + head * 6, s * shape.keyWidth + head * 6)
            return (0..<3).reduce(0) { sum, i in
                let angle = Double(t - s + shift) * pow(10_000, -2 * Double(i) / 6)
                let (a, b) = (heads.queries[q + i], heads.queries[q + 3 + i])
                let (c, d) = (heads.keys[k + i], heads.keys[k + 3 + i])
                return sum + cos(angle) * (a * c + b * d) + sin(angle) * (a * d - b * c)
            } / 6.0.squareRoot()
        }
        let turned = moved.attention.referenceHeads(x, time: tokens.count, weights: own)
        for t in tokens.indices {
            for head in 0..<2 {
                let probabilities = Reference.probabilities(
                    turned.queries, turned.keys, shape: moved.attention.shape, head: head, t: t, Array(0...t), nil)
                let scores = (0...t).map { exp(score(t, $0, head: head)) }
                for (p, own) in zip(probabilities, scores) { #expect(abs(p - own / scores.reduce(0, +)) < 1e-6) }
            }
        }
    }

    @Test(
        "a dropped layer, and a dropped head, are weights of zero behind it",
        arguments: ["grouped", "hybrid", "latent"])
    func drops(_ system: String) throws {
        let model = try Self.model(system)
        let weights = ModelChecks.weights(model)
        for layer in model.mixers.indices {
            let name = Architecture.mixerPrefix(layer: layer) + "out_proj.weight"
            let parameter = try #require(model.layout[name])
            func without(_ columns: Range<Int>) -> FloatBlock {
                let copy = ModelChecks.weights(model)
                for row in 0..<parameter.shape[0] {
                    for column in columns { copy.pointer[parameter.offset + row * parameter.shape[1] + column] = 0 }
                }
                return copy
            }
            let width = parameter.shape[1]
            let dropped = try model.swapping([.dropped(layer: layer)])
            #expect(logits(dropped, weights) == logits(model, without(0..<width)))
            let heads = model.mixers[layer].headCount
            let head = try model.swapping([.droppedHead(layer: layer, head: heads - 1)])
            #expect(logits(head, weights) == logits(model, without((width - width / heads)..<width)))
            let tokens = ModelChecks.tokens(model, count: 9)
            #expect(
                ModelChecks.recurrent(head, weights, [tokens])
                    == ModelChecks.recurrent(model, without((width - width / heads)..<width), [tokens]))
        }
    }

    // MARK: - What cannot be

    @Test(
        "a swap that a model cannot take is refused with what it has",
        arguments: [
            ("grouped", "drop=2", "2 layers", "from 0 to 1"), ("grouped", "drop-head=7.0", "2 layers", "from 0 to 1"),
            ("grouped", "drop-head=1.4", "4 heads", "from 0 to 3"), ("plain", "drop-head=1.0", "no heads", ""),
            ("plain", "no-rotary", "no layer has rotary positions", ""),
            ("grouped", "no-rotary:shift-positions=1", "no layer has rotary positions", ""),
            ("recurrent", "window=8", "no layer has softmax attention", ""),
            ("recurrent", "top-k=8", "delta-product, gla, rwkv-7", ""), ("sparse", "window=8", "'sparse-top-k'", ""),
            ("plain", "top-k=3", "'sigmoid'", ""), ("latent", "halve-windows", "no layer has a sliding window", ""),
            ("recurrent", "drop=0", "layer 1 needs", "Drop another"),
        ])
    func refusals(_ system: String, _ text: String, _ problem: String, _ remedy: String) throws {
        let model = try Self.model(system)
        let error = try #require(throws: AssayError.self) { try model.swapping(Swap.list(text)) }
        #expect(error.kind == .badInput && error.problem.contains("'\(system)'"))
        #expect(
            error.problem.contains(problem) && (remedy.isEmpty || (error.remedy ?? "").contains(remedy)), "\(error)")
    }

    @Test("a window that is no narrower is refused")
    func nothingToNarrow() throws {
        let model = try LanguageModel(ModelChecks.tiny("sliding-window", options: ["window": 4]))
        let error = try #require(throws: AssayError.self) { try model.swapping([.window(4, sinks: 0)]) }
        #expect(error.problem.contains("no layer sees further than 4 tokens"))
        let one = try LanguageModel(ModelChecks.tiny("sliding-window", options: ["window": 1]))
        #expect(throws: AssayError.self) { try one.swapping([.halvedWindows]) }
    }
}
