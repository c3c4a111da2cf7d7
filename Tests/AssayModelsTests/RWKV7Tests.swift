import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

@Suite struct RWKV7Tests {
    private static let ranks: [String: MixerOption] = [
        "decay-rank": 3, "rate-rank": 4, "value-rank": 2, "gate-rank": 5,
    ]

    /// The time mix of a layer out of two.
    private func bench(
        layer: Int = 0, width: Int = 12, heads: Int = 2, dimension: Int = 8,
        options: [String: MixerOption] = ranks,
        epsilon: Double = 1e-3
    ) throws -> MixerBench {
        let layers = Array(repeating: LayerConfiguration(mixer: "rwkv-7", options: options), count: 2)
        let architecture = Architecture(
            name: "test", width: width, heads: heads, headDimension: dimension, layers: layers,
            vocabularyCount: 8,
            normEpsilon: epsilon)
        return MixerBench(
            try RWKV7TimeMix(MixerRequest(architecture: architecture, layer: layer)), width: width)
    }

    private func input(_ time: Int, width: Int = 12) -> [Double] {
        MixerBench.normal(time * width, domain: "x", seed: 1)
    }

    /// `[in, out]` as published to `[out, in]`.
    private func transposed(_ values: MixerFixture.Values) -> [Double] {
        let rows = values.rows
        return rows[0].indices.flatMap { column in rows.map { $0[column] } }
    }

    @Test(
        "the official time mix's outputs and states come out of all three forms, in the first layer and after it"
    )
    func publishedTimeMix() throws {
        let fixtures = try MixerFixture.load("rwkv-7", from: "rwkv")
        #expect(fixtures.count == 4)
        for fixture in fixtures {
            let (width, heads) = (try fixture.number("width"), try fixture.number("heads"))
            let options = [
                "decay-rank": "decay_rank", "rate-rank": "rate_rank", "value-rank": "value_rank",
                "gate-rank": "gate_rank",
            ].mapValues { MixerOption.number(Double((try? fixture.number($0)) ?? 0)) }
            // The official epsilon is 64e-5 whatever the head dimension.
            var bench = try bench(
                layer: fixture.number("layer"), width: width, heads: heads, dimension: width / heads,
                options: options, epsilon: 64e-5 / Double(width / heads))
            let maps = try fixture.number("layer") == 0 ? ["w", "a", "g"] : ["w", "a", "v", "g"]
            for map in maps {
                bench.set("\(map)_lora.a.weight", transposed(try fixture.weight("\(map)1")))
                bench.set("\(map)_lora.b.weight", transposed(try fixture.weight("\(map)2")))
                if map != "g" { bench.set("\(map)_lora.b.bias", try fixture.weight("\(map)0").values) }
            }
            for (name, published) in [
                ("r_proj.weight", "receptance"), ("k_proj.weight", "key"), ("v_proj.weight", "value"),
                ("out_proj.weight", "output"),
            ] {
                bench.set(name, transposed(try fixture.weight(published)))
            }
            for name in RWKV7TimeMix.shifts.map({ "x_\($0)" }) + ["k_k", "k_a", "r_k"] {
                bench.set(name, try fixture.weight(name).values)
            }
            bench.set("norm.weight", try fixture.weight("ln_x.weight").values)
            bench.set("norm.bias", try fixture.weight("ln_x.bias").values)
            bench.shared = [RWKV7TimeMix.firstValues: try fixture.weight("v_first").values]
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("the official channel mix's outputs and states come out of all three forms")
    func publishedChannelMix() throws {
        let fixtures = try MixerFixture.load("rwkv-channel-mix", from: "rwkv")
        #expect(fixtures.count == 2)
        for fixture in fixtures {
            let bench = try channelMix(width: fixture.number("width"), hidden: fixture.number("hidden"))
            bench.set("x_k", try fixture.weight("x_k").values)
            bench.set("key_proj.weight", transposed(try fixture.weight("key")))
            bench.set("value_proj.weight", transposed(try fixture.weight("value")))
            fixture.expectAgreement(with: bench)
        }
    }

    private func channelMix(width: Int = 12, hidden: Int = 18) throws -> MixerBench {
        let layer = LayerConfiguration(
            mixer: "rwkv-7", feedForward: "rwkv-channel-mix",
            feedForwardOptions: ["hidden": .number(Double(hidden))])
        let architecture = Architecture(
            name: "test", width: width, heads: 2, headDimension: 8, layers: [layer], vocabularyCount: 8)
        let request = MixerRequest(architecture: architecture, layer: 0, part: .feedForward)
        return MixerBench(try RWKVChannelMix(request), width: width)
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 17, 33, 100])
    func formsAgree(time: Int) throws {
        try bench().expectFormsAgree(input(time))
        try channelMix().expectFormsAgree(input(time))
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        try bench().expectGradients(input(35))
        try bench(heads: 1, dimension: 18).expectGradients(input(37))
        try channelMix().expectGradients(input(20))
    }

    @Test(
        "whole models of it conform, alone, with its channel mix, and where other layers lie between")
    func conformance() throws {
        let plain = LayerConfiguration(mixer: "rwkv-7", options: Self.ranks)
        let whole = LayerConfiguration(
            mixer: "rwkv-7", options: Self.ranks, feedForward: "rwkv-channel-mix")
        let full = LayerConfiguration(mixer: "full")
        for layers in [[plain, plain], [whole, whole], [full, whole, full, plain]] {
            let report = try MixerConformance.check(
                Architecture(
                    name: "conformance", width: 12, heads: 2, headDimension: 6, hiddenWidth: 10,
                    layers: layers,
                    vocabularyCount: 11, initialDeviation: 0.3))
            #expect(report.isSound, "\(report)")
        }
    }

    @Test("later layers mix in the values of the first, whose gradients they add to")
    func firstValues() throws {
        let layers = Array(
            repeating: LayerConfiguration(mixer: "rwkv-7", options: Self.ranks), count: 3)
        let model = try LanguageModel(
            Architecture(
                name: "test", width: 12, heads: 2, headDimension: 6, layers: layers, vocabularyCount: 8))
        let names = Set(model.layout.specifications.map(\.name))
        #expect(!names.contains { $0.hasPrefix("model.layers.0.mixer.v_lora") })
        for layer in 1...2 { #expect(names.contains("model.layers.\(layer).mixer.v_lora.b.bias")) }
        // With gates wide open the values of later layers do not matter any more.
        let weights = ModelChecks.weights(model)
        for layer in 1...2 {
            let bias = try #require(model.layout["model.layers.\(layer).mixer.v_lora.b.bias"])
            for i in 0..<bias.count { weights.pointer[bias.offset + i] = 60 }
        }
        let sequence = ModelChecks.tokens(model, count: 9)
        let before = ModelChecks.parallel(model, weights, [sequence])[0].map(Double.init)
        let own = try #require(model.layout["model.layers.2.mixer.v_proj.weight"])
        for i in 0..<own.count { weights.pointer[own.offset + i] += 1 }
        #expect(ModelChecks.relativeError(ModelChecks.parallel(model, weights, [sequence])[0], before) < 1e-5)
    }

    @Test(
        "the vectors start as published: decays spread over the channels, and deeper layers shift less")
    func start() throws {
        let architecture = Architecture(
            name: "test", width: 8, heads: 2, headDimension: 4,
            layers: Array(repeating: LayerConfiguration(mixer: "rwkv-7"), count: 4), vocabularyCount: 8)
        let (first, last) = (
            RWKV7Start(architecture: architecture, layer: 0, headDimension: 4, heads: 2),
            RWKV7Start(architecture: architecture, layer: 3, headDimension: 4, heads: 2)
        )
        // -6 + 6 (n / 7)^(1 + depth^0.3) + 1/2 + 5/2 z |z| with z from -1 to 1 over the head, by hand.
        #expect(abs(first.bias("w")[0] - -8) < 1e-6 && abs(first.bias("w")[7] - 3) < 1e-6)
        #expect(abs(first.bias("w")[5] - (-6 + 6 * 5 / 7 + 0.5 - 2.5 / 9)) < 1e-5)
        #expect(abs(last.bias("w")[5] - (-6 + 6 * 25 / 49 + 0.5 - 2.5 / 9)) < 1e-5)
        #expect(
            first.shift("r")[0] == 1 && abs(first.shift("k")[4] - (1 - Float(pow(0.5, 0.7)))) < 1e-6)
        #expect(last.shift("k")[4] < first.shift("k")[4])
        #expect(abs(first.removal[0] - 0.76) < 1e-6 && abs(first.removal[7] - 0.66) < 1e-6)
        #expect(last.normWeight == 1 && abs(first.normWeight - Float(pow(0.25, 0.7))) < 1e-6)
    }

    @Test("the ranks follow from the width as published, unless given")
    func ranks() throws {
        func ranks(_ width: Int) throws -> [String: Int] {
            try #require(
                try bench(width: width, heads: 2, dimension: 64, options: [:]).mixer as? RWKV7TimeMix
            ).ranks
        }
        #expect(try ranks(64) == ["w": 32, "a": 32, "v": 32, "g": 32])
        #expect(try ranks(1024) == ["w": 96, "a": 96, "v": 64, "g": 160])
    }

    @Test("options that cannot be are refused by name")
    func badOptions() {
        for (options, field) in [
            (["heads": 0], "heads"), (["head-dimension": "wide"], "head-dimension"),
            (["value-rank": 0], "value-rank"),
        ] as [([String: MixerOption], String)] {
            #expect {
                _ = try bench(options: options)
            } throws: { error in
                (error as? AssayError)?.problem.contains("'\(field)'") ?? false
            }
        }
    }

    @Test("the state's size is constant, and its cost is counted")
    func cost() throws {
        let mixer = try bench(layer: 1).mixer
        // One token of 12 channels, and two states of 8 x 8.
        #expect(
            mixer.stateCount(capacity: 10) == 12 + 128 && mixer.stateCount(capacity: 9_999) == 12 + 128)
        #expect(mixer.cost(context: 77).stateBytes == 4 * 140)
        let decode = 2 * (4 * 12 * 16 + (3 + 4 + 2 + 5) * (12 + 16)) + 2 * 9 * 64
        #expect(mixer.cost(context: 77).decodeFLOPs == Double(decode))
        #expect(mixer.sharedCount == 16)
    }
}
