import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// Options that between them use every branch of the mixture of experts.
private let mixtures: [[String: MixerOption]] = [
    [:],
    ["experts": 5, "top-k": 3, "hidden": 7, "routing": "sigmoid", "scale": 2.5, "shared-experts": 2],
    ["experts": 4, "renormalise": false, "shared-experts": 1, "shared-gate": true, "balance": false],
    ["experts": 6, "routing": "sigmoid", "renormalise": false, "groups": 3, "open-groups": 2, "top-k": 3],
    ["experts": 6, "groups": 6, "open-groups": 2, "activation": "gelu-tanh"],
    ["experts": 1], ["experts": 3, "top-k": 3],
]

@Suite struct FeedForwardTests {
    private struct Fixtures: Decodable { let fixtures: [MixerFixture] }

    private func fixtures(_ names: [String]) throws -> [MixerFixture] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/feed_forwards.json"))
        let all = try JSONDecoder().decode(Fixtures.self, from: data).fixtures
        return names.flatMap { name in all.filter { $0.mixer == name } }
    }

    private func bench(
        _ name: String, width: Int, options: [String: MixerOption] = [:], hidden: Int = 10
    ) throws -> MixerBench {
        let layer = LayerConfiguration(mixer: "full", feedForward: name, feedForwardOptions: options)
        let architecture = Architecture(
            name: "test", width: width, heads: 1, hiddenWidth: hidden, layers: [layer], vocabularyCount: 8)
        return MixerBench(try FeedForwardRegistry.make(architecture, layer: 0), width: width)
    }

    @Test("published mixtures of experts come out of all three forms")
    func publishedMixtures() throws {
        for fixture in try fixtures(["minimax-m2", "qwen3-next", "granite", "deepseek-v3.2"]) {
            func option(_ key: String) -> Int? { fixture.configuration[key] }
            let (experts, shared) = (try fixture.number("experts"), option("shared") ?? 0)
            let isSigmoid = fixture.mixer == "minimax-m2" || fixture.mixer == "deepseek-v3.2"
            var options: [String: MixerOption] = [
                "experts": .number(Double(experts)), "top-k": .number(Double(try fixture.number("top_k"))),
                "hidden": .number(Double(try fixture.number("hidden"))), "balance": .boolean(isSigmoid),
                "routing": isSigmoid ? "sigmoid" : "softmax", "renormalise": .boolean(option("renormalise") != 0),
                "scale": .number(Double(option("scale") ?? 1000) / 1000), "shared-experts": .number(Double(shared)),
                "shared-gate": .boolean(fixture.mixer == "qwen3-next"),
            ]
            if let groups = option("groups") { options["groups"] = .number(Double(groups)) }
            if let open = option("open_groups") { options["open-groups"] = .number(Double(open)) }
            let bench = try bench("mixture-of-experts", width: fixture.number("width"), options: options)
            func values(_ names: String...) throws -> [Double] {
                let found: [MixerFixture.Values] = names.compactMap { name in fixture.weights[name] }
                return try #require(found.first).values
            }
            bench.set("router.weight", try values("gate.weight", "moe.router.weight"))
            if isSigmoid {
                bench.set("router.bias", try values("e_score_correction_bias", "gate.e_score_correction_bias"))
            }
            for (name, published) in [("gate_up_proj", "experts.gate_up_proj"), ("down_proj", "experts.down_proj")] {
                let all = try values(published, "moe." + published)
                for expert in 0..<experts {
                    let count = all.count / experts
                    bench.set("experts.\(expert).\(name).weight", Array(all[(expert * count)..<((expert + 1) * count)]))
                }
            }
            if fixture.mixer == "granite" {
                bench.set("shared_expert.gate_up_proj.weight", try values("shared_mlp.input_linear.weight"))
                bench.set("shared_expert.down_proj.weight", try values("shared_mlp.output_linear.weight"))
            } else if shared > 0 {
                let name = fixture.mixer == "qwen3-next" ? "shared_expert." : "shared_experts."
                bench.set(
                    "shared_expert.gate_up_proj.weight",
                    try values(name + "gate_proj.weight") + values(name + "up_proj.weight"))
                bench.set("shared_expert.down_proj.weight", try values(name + "down_proj.weight"))
            }
            if fixture.mixer == "qwen3-next" {
                bench.set("shared_expert_gate.weight", try values("shared_expert_gate.weight"))
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("published gated MLPs come out of all three forms")
    func publishedGatedMLPs() throws {
        for fixture in try fixtures(["llama", "gemma3"]) {
            let bench = try bench(
                fixture.mixer == "llama" ? "swiglu" : "geglu", width: fixture.number("width"),
                hidden: fixture.number("hidden"))
            let (gate, up) = (try fixture.weight("gate_proj.weight"), try fixture.weight("up_proj.weight"))
            bench.set("gate_up_proj.weight", gate.values + up.values)
            bench.set("down_proj.weight", try fixture.weight("down_proj.weight").values)
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("every feed-forward conforms: forms, gradients through the routing, causality, determinism")
    func conformance() throws {
        for name in FeedForwardRegistry.names {
            let report = try MixerConformance.check(feedForward: name)
            #expect(report.isSound, "\(report)")
        }
    }

    @Test("a mixture of experts conforms with every option", arguments: mixtures.indices)
    func mixtureConformance(_ index: Int) throws {
        let report = try MixerConformance.check(feedForward: "mixture-of-experts", options: mixtures[index])
        #expect(report.isSound, "\(report)")
    }

    @Test("only the chosen experts of a token are computed: the others may hold anything")
    func onlyChosen() throws {
        let bench = try bench("mixture-of-experts", width: 4, options: ["experts": 3, "top-k": 1, "balance": false])
        // The first channel decides: positive for expert 0, negative for expert 2; 1 is never chosen.
        bench.set("router.weight", [9, 0, 0, 0, 0, 0, 0, 0, -9, 0, 0, 0])
        bench.set("experts.1.gate_up_proj.weight", [Double](repeating: .nan, count: 2 * 10 * 4))
        let x = MixerBench.normal(8 * 4, domain: "x", seed: 1).enumerated().map { $0 % 4 == 0 ? ($1 > 0 ? 1 : -1) : $1 }
        let result = bench.parallel(x, upstream: x)
        let values = result.output + result.input + bench.recurrent(x).output
        #expect(values.filter { !$0.isFinite } == [])
        let unused = try #require(result.parameters["experts.1.down_proj.weight"])
        #expect(Set(unused) == [0])
    }

    @Test("the bias of the choice is moved against the load, and moving it so balances the load")
    func balance() throws {
        let bench = try bench("mixture-of-experts", width: 8, options: ["experts": 4, "top-k": 1])
        // Everything prefers expert 2.
        bench.set("router.bias", [0, 0, 0.3, 0])
        let x = MixerBench.normal(200 * 8, domain: "x", seed: 2)
        func excess() throws -> [Double] {
            try #require(bench.parallel(x, batch: 4, upstream: x).parameters["router.bias"]).map { $0 / 1e-4 }
        }
        let before = try excess()
        #expect(before[2] > 1 && abs(before.reduce(0, +)) < 1e-3, "\(before)")
        var bias: [Double] = [0, 0, 0.3, 0]
        for _ in 0..<300 {
            for (expert, slope) in try excess().enumerated() { bias[expert] -= 0.002 * (slope > 0 ? 1 : -1) }
            bench.set("router.bias", bias)
        }
        let after = try excess()
        #expect(after.map(abs).max() ?? 1 < 0.1, "\(after)")
    }

    @Test("what a mixture cannot be is refused with the option's name")
    func refusals() throws {
        let wrong: [(String, [String: MixerOption])] = [
            ("top-k", ["experts": 4, "top-k": 5]), ("groups", ["experts": 8, "groups": 3]),
            ("open-groups", ["experts": 8, "groups": 4, "open-groups": 1, "top-k": 3]),
            ("routing", ["routing": "hash"]),
            ("shared-gate", ["shared-gate": true]), ("experts", ["experts": 0]), ("scale", ["scale": 0]),
            ("activation", ["activation": "relu"]), ("balance", ["balance": 1]), ("expert", ["expert": 3]),
        ]
        for (word, options) in wrong {
            let error = #expect(throws: AssayError.self) {
                try bench("mixture-of-experts", width: 8, options: options)
            }
            #expect(error?.description.contains("'\(word)'") == true, "\(error?.description ?? word)")
        }
    }

    @Test("the cost of a mixture counts the chosen experts only, its parameters all of them")
    func cost() throws {
        let bench = try bench(
            "mixture-of-experts", width: 8,
            options: ["experts": 4, "top-k": 2, "hidden": 5, "shared-experts": 1, "shared-gate": true])
        let router = 2 * 8 * 5
        #expect(bench.mixer.cost(context: 7).decodeFLOPs == Double(router + 2 * (6 * 8 * 5 + 16) + 6 * 8 * 5))
        #expect(bench.layout.parameterCount == 4 * 8 + 4 + 5 * 3 * 8 * 5 + 8)
    }

    @Test("a feed-forward that is given a hidden width of its own has it, in its layer only")
    func ownHidden() throws {
        var architecture = ModelChecks.tiny("full")
        architecture.layers[1].feedForwardOptions = ["hidden": 4]
        let model = try LanguageModel(architecture)
        #expect(model.layout["model.layers.0.mlp.down_proj.weight"]?.shape == [12, 10])
        #expect(model.layout["model.layers.1.mlp.down_proj.weight"]?.shape == [12, 4])
    }
}
