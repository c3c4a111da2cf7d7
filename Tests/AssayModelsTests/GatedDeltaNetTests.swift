import AssayCore
import AssayTensor
import CKernels
import Foundation
import Testing

@testable import AssayModels

@Suite struct GatedDeltaNetTests {
    private func bench(
        width: Int = 12, options: [String: MixerOption] = [:], convolution: Int = 0, epsilon: Double = 1e-6
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: 2, headDimension: 8,
            layers: [LayerConfiguration(mixer: "gated-delta-net", options: options)], vocabularyCount: 8,
            shortConvolution: convolution, normEpsilon: epsilon)
        return MixerBench(try GatedDeltaNet(MixerRequest(architecture: architecture, layer: 0)), width: width)
    }

    private func input(_ time: Int, width: Int = 12, seed: UInt64 = 1) -> [Double] {
        MixerBench.normal(time * width, domain: "x", seed: seed)
    }

    private static let grouped: [String: MixerOption] = [
        "key-heads": 2, "value-heads": 4, "key-dimension": 4, "value-dimension": 6,
    ]

    @Test("the published layer's outputs and states come out of all three forms")
    func publishedLayer() throws {
        let fixtures = try MixerFixture.load("gated-delta-net")
        #expect(fixtures.contains { $0.configuration["value_heads"] != $0.configuration["key_heads"] })
        for fixture in fixtures {
            let (keyHeads, valueHeads) = (try fixture.number("key_heads"), try fixture.number("value_heads"))
            let (key, value) = (try fixture.number("key_dimension"), try fixture.number("value_dimension"))
            let bench = try bench(
                width: fixture.number("width"),
                options: [
                    "key-heads": .number(Double(keyHeads)), "value-heads": .number(Double(valueHeads)),
                    "key-dimension": .number(Double(key)), "value-dimension": .number(Double(value)),
                ], convolution: fixture.number("kernel"))
            // Published: for every key head its q | k | v | z, and b | a. Ours: q, k, v of all heads, and z, b, a.
            let group = valueHeads / keyHeads
            func gather(_ name: String, parts: [Int], taking: Int) throws -> [Double] {
                let rows = try fixture.weight(name).rows
                let start = parts.prefix(taking).reduce(0, +)
                return (0..<keyHeads).flatMap { head in
                    (0..<parts[taking]).flatMap { rows[head * parts.reduce(0, +) + start + $0] }
                }
            }
            let qkvz = [key, key, group * value, group * value]
            bench.set(
                "qkv_proj.weight",
                try (0..<3).flatMap { try gather("in_proj_qkvz.weight", parts: qkvz, taking: $0) })
            bench.set(
                "zba_proj.weight",
                try gather("in_proj_qkvz.weight", parts: qkvz, taking: 3)
                    + gather("in_proj_ba.weight", parts: [group, group], taking: 0)
                    + gather("in_proj_ba.weight", parts: [group, group], taking: 1))
            bench.set("conv.weight", try fixture.weight("conv1d.weight").values)
            for name in ["A_log", "dt_bias", "norm.weight", "out_proj.weight"] {
                bench.set(name, try fixture.weight(name).values)
            }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("parallel, recurrent and reference forms agree", arguments: [1, 2, 16, 31, 32, 33, 64, 100])
    func formsAgree(time: Int) throws {
        try bench().expectFormsAgree(input(time))
        try bench(options: Self.grouped, convolution: 4).expectFormsAgree(input(time))
    }

    @Test("they agree for head widths of several vectors and longer chunks", arguments: [24, 64, 72])
    func formsAgreeForWideHeads(dimension: Int) throws {
        let options: [String: MixerOption] = [
            "key-dimension": .number(Double(dimension)), "value-dimension": .number(Double(dimension)),
        ]
        try bench(options: options).expectFormsAgree(input(70))
    }

    @Test("gradients of inputs and parameters are those of the reference, over more than one chunk")
    func gradients() throws {
        try bench().expectGradients(input(35))
        try bench(options: Self.grouped, convolution: 3).expectGradients(input(67))
    }

    @Test("strong decay neither overflows nor loses the gradient")
    func strongDecay() throws {
        let bench = try bench()
        bench.set("A_log", [3, 5])
        bench.set("dt_bias", [10, 20])
        bench.expectFormsAgree(input(70))
        bench.expectGradients(input(35))
    }

    @Test("weak decay keeps everything")
    func weakDecay() throws {
        let bench = try bench()
        bench.set("A_log", [-12, -9])
        bench.expectFormsAgree(input(100))
        bench.expectGradients(input(40))
    }

    @Test("beta near 0 and 1 and equal keys, where the triangular system is hardest, stay exact")
    func saturatedBeta() throws {
        let bench = try bench()
        let gates = try #require(bench.values["zba_proj.weight"])
        let (first, end) = (16 * 12, 18 * 12)
        bench.set(
            "zba_proj.weight",
            gates.enumerated().map { (first..<end).contains($0.offset) ? 20 * $0.element : $0.element })
        bench.set("A_log", [-12, -4])
        let token = input(1)
        let same = Array(repeating: token, count: 40).flatMap { $0 }
        bench.expectFormsAgree(input(70))
        bench.expectFormsAgree(same)
        bench.expectGradients(input(35))
        bench.expectGradients(same)
    }

    @Test("a silent token writes nothing and breaks nothing")
    func silence() throws {
        var x = input(40)
        for i in 10 * 12..<20 * 12 { x[i] = 0 }
        try bench().expectFormsAgree(x)
        try bench().expectGradients(x, tolerance: 5e-4)
    }

    @Test("whole models of it are causal, decode as they train, and have the reference's gradients")
    func wholeModels() throws {
        let architecture = ModelChecks.tiny("gated-delta-net", options: Self.grouped, shortConvolution: 3)
        try ModelChecks.formsAgree(architecture, time: 35)
        try ModelChecks.isCausal(architecture, time: 34)
        try ModelChecks.gradientsAgree(architecture, time: 5)
    }

    @Test("the chunked form ends in the state of the recurrence", arguments: [1, 32, 77, 128])
    func states(time: Int) throws {
        let (key, value) = (16, 32)
        let stride = 2 * key + value + 2
        let rows = FloatBlock(count: time * stride)
        for (i, number) in MixerBench.normal(rows.count, domain: "rows", seed: 1).enumerated() {
            rows.pointer[i] = Float(number)
        }
        func shape(_ time: Int) -> ck_delta_shape {
            ck_delta_shape(time: time, steps: 1, chunk: 0, key_dimension: key, value_dimension: value)
        }
        func head(_ row: Int, _ time: Int) -> ck_delta_head {
            let query = UnsafePointer(rows.pointer + row * stride)
            let gates = query + 2 * key + value
            return ck_delta_head(
                shape: shape(time), q: query, k: query + key, ldq: stride, ldk: stride, k_step: 0, v: query + 2 * key,
                ldv: stride, v_step: 0, a: gates, lda: stride, b: gates + 1, ldb: stride, b_step: 0, a_log: -2,
                dt_bias: 0.5, beta_scale: 1)
        }
        let (chunked, stepped) = (FloatBlock(count: key * value), FloatBlock(count: key * value))
        let output = FloatBlock(count: time * value)
        let scratch = FloatBlock(count: ck_delta_scratch_count(shape(time)))
        var all = head(0, time)
        ck_delta_forward(&all, output.pointer, value, chunked.pointer, nil, scratch.pointer)
        for t in 0..<time {
            var one = head(t, 1)
            ck_delta_step(&one, stepped.pointer, output.pointer, scratch.pointer)
        }
        #expect(difference(chunked.buffer.map(Double.init), stepped.buffer.map(Double.init)) < 1e-5)
    }

    @Test("options that cannot be are refused by name")
    func badOptions() {
        for (options, field) in [
            (["key-heads": 2, "value-heads": 3], "value-heads"), (["key-dimension": 0], "key-dimension"),
            (["value-dimension": "wide"], "value-dimension"),
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
        let mixer = try bench(options: Self.grouped, convolution: 4).mixer
        // Four states of 4 x 6, and three tokens of 8 + 8 + 24 channels.
        #expect(mixer.stateCount(capacity: 10) == 96 + 120 && mixer.stateCount(capacity: 9_999) == 96 + 120)
        #expect(mixer.cost(context: 77).stateBytes == 4 * 216)
        let decode = 2 * 40 * (12 + 4) + 2 * 12 * (32 + 24) + 7 * 96
        #expect(mixer.cost(context: 77).decodeFLOPs == Double(decode))
        #expect(mixer.cost(context: 77).prefillFLOPs > Double(decode))
    }
}
