import AssayCore
import Foundation
import Testing

@testable import AssayModels

@Suite struct Mamba2Tests {
    private func bench(
        width: Int = 12, headDimension: Int = 8, options: [String: MixerOption] = ["state-dimension": 10]
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: 2, headDimension: headDimension,
            layers: [LayerConfiguration(mixer: "mamba-2", options: options)], vocabularyCount: 8)
        let bench = MixerBench(try MixerRegistry.make(architecture, layer: 0), width: width)
        return bench
    }

    @Test("the published layers' outputs and states come out of all three forms", arguments: ["mamba-2", "granite"])
    func publishedLayer(system: String) throws {
        let fixtures = try MixerFixture.load(system, from: "additive")
        #expect(fixtures.count >= 2)
        for fixture in fixtures {
            let (states, dimension) = (try fixture.number("state_dimension"), try fixture.number("head_dimension"))
            let bench = try bench(
                width: fixture.number("width"), headDimension: dimension,
                options: [
                    "state-dimension": .number(Double(states)), "heads": .number(Double(fixture.number("heads"))),
                    "groups": .number(Double(fixture.number("groups"))),
                    "convolution": .number(Double(fixture.number("kernel"))),
                ])
            for name in bench.layout.specifications.map(\.name) { bench.set(name, try fixture.weight(name).values) }
            // Published: [heads, headDimension, stateDimension].
            let ours = fixture.state.values.indices.map { place in
                let (head, rest) = place.quotientAndRemainder(dividingBy: dimension * states)
                let (row, column) = rest.quotientAndRemainder(dividingBy: dimension)
                return fixture.state.values[(head * dimension + column) * states + row]
            }
            fixture.expectAgreement(with: bench, state: ours)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 31, 32, 33, 100])
    func formsAgree(time: Int) throws {
        let bench = try bench()
        bench.expectFormsAgree(MixerBench.normal(time * bench.width, domain: "x", seed: 1))
    }

    @Test("they agree with groups, other widths, other kernels, and more heads than expand would give")
    func formsAgreeElsewhere() throws {
        let x = MixerBench.normal(70 * 12, domain: "x", seed: 2)
        try bench(options: ["groups": 3, "state-dimension": 5]).expectFormsAgree(x)
        try bench(headDimension: 5, options: ["heads": 6, "groups": 2, "state-dimension": 16]).expectFormsAgree(x)
        try bench(headDimension: 80, options: ["heads": 1, "state-dimension": 20, "convolution": 1])
            .expectFormsAgree(x)
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        let x = MixerBench.normal(37 * 6, domain: "x", seed: 3)
        try bench(width: 6, headDimension: 4, options: ["state-dimension": 3]).expectGradients(x)
        try bench(width: 6, headDimension: 3, options: ["state-dimension": 4, "groups": 2, "convolution": 2])
            .expectGradients(x)
    }

    @Test("it conforms with groups, more heads and another kernel")
    func conformance() throws {
        for options in [
            ["groups": 2, "state-dimension": 7], ["heads": 3, "head-dimension": 5, "convolution": 1],
        ] as [[String: MixerOption]] {
            let report = try MixerConformance.check(mixer: "mamba-2", options: options)
            #expect(report.isSound, "\(report)")
        }
    }

    @Test("options that cannot be are refused, and say what to give")
    func options() {
        func message(_ options: [String: MixerOption]) -> String {
            do {
                _ = try bench(options: options)
                return ""
            } catch {
                return "\(error)"
            }
        }
        #expect(message(["groups": 2, "heads": 3]).contains("divisor of 3"))
        #expect(message(["expand": 1]).contains("no whole heads of 8"))
        #expect(message(["expand": 2, "heads": 3]).contains("Give one of 'expand' and 'heads'"))
        #expect(message(["state-dimension": 8]).isEmpty)
    }

    @Test("the state's size is constant, and its cost is counted")
    func cost() throws {
        let mixer = try bench().mixer
        // 3 heads of 8: three inputs of 24 + 2 x 10 columns, and 3 states of 10 x 8.
        let count = 3 * 44 + 3 * 80
        #expect(mixer.stateCount(capacity: 10) == count && mixer.stateCount(capacity: 10_000) == count)
        let cost = mixer.cost(context: 512)
        #expect(cost.stateBytes == Double(4 * count))
        // z | x | B | C | dt and out, the convolution, and 5 operations an element of the states.
        #expect(cost.decodeFLOPs == Double(2 * 12 * (24 + 44 + 3 + 24) + 2 * 44 * 4 + 5 * 240))
        #expect(cost.prefillFLOPs > cost.decodeFLOPs)
    }

    @Test("initial steps and decays lie where the authors draw them")
    func initialWeights() throws {
        let model = try LanguageModel(
            Architecture(
                name: "test", width: 64, heads: 8,
                layers: [LayerConfiguration(mixer: "mamba-2", options: ["heads": 512])], vocabularyCount: 8))
        let weights = model.initialWeights(seed: 1)
        func values(_ name: String) throws -> [Double] {
            let found = try #require(model.layout[Architecture.mixerPrefix(layer: 0) + name])
            return (0..<found.count).map { Double(weights.pointer[found.offset + $0]) }
        }
        let decays = try values("A_log").map(exp)
        #expect(decays.allSatisfy { $0 >= 1 && $0 <= 16.0001 } && decays.min() ?? 9 < 2 && decays.max() ?? 0 > 15)
        let steps = try values("dt_bias").map(Reference.softplus)
        #expect(steps.allSatisfy { $0 > 0.00099 && $0 < 0.101 })
        #expect(steps.min() ?? 1 < 0.0015 && steps.max() ?? 0 > 0.07)
        #expect(try values("D").allSatisfy { $0 == 1 })
    }
}
