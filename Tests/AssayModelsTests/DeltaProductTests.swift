import AssayCore
import AssayTensor
import CKernels
import Foundation
import Testing

@testable import AssayModels

/// DeltaNet, DeltaProduct and negative eigenvalues; the gated form has tests of its own.
@Suite struct DeltaProductTests {
    private func bench(
        _ mixer: String, width: Int = 12, options: [String: MixerOption] = [:], convolution: Int = 0,
        epsilon: Double = 1e-6
    ) throws -> MixerBench {
        let architecture = Architecture(
            name: "test", width: width, heads: 2, headDimension: 8,
            layers: [LayerConfiguration(mixer: mixer, options: options)], vocabularyCount: 8,
            shortConvolution: convolution, normEpsilon: epsilon)
        return MixerBench(try MixerRegistry.make(architecture, layer: 0), width: width)
    }

    private func input(_ time: Int, width: Int = 12) -> [Double] {
        MixerBench.normal(time * width, domain: "x", seed: 1)
    }

    private static let variants: [(String, [String: MixerOption])] = [
        ("delta-net", [:]),
        ("delta-net", ["negative-eigenvalues": true, "output-gate": true, "key-dimension": 4, "value-dimension": 6]),
        ("delta-product", ["negative-eigenvalues": true]),
        ("delta-product", ["steps": 3, "gated": true, "value-heads": 4, "value-dimension": 5]),
        ("delta-product", ["steps": 4, "gated": true, "output-gate": true, "negative-eigenvalues": true]),
        ("gated-delta-net", ["negative-eigenvalues": true]),
    ]

    @Test("every variant conforms", arguments: variants.indices, [0, 3])
    func conformance(variant: Int, convolution: Int) throws {
        let (mixer, options) = Self.variants[variant]
        let report = try MixerConformance.check(mixer: mixer, options: options, shortConvolution: convolution)
        #expect(report.isSound, "\(report)")
    }

    @Test("forms agree over several chunks of all lengths, whatever the steps", arguments: variants.indices)
    func formsAgree(variant: Int) throws {
        let (mixer, options) = Self.variants[variant]
        let bench = try bench(mixer, options: options, convolution: 4)
        for time in [1, 15, 33, 70, 130] { bench.expectFormsAgree(input(time)) }
        bench.expectGradients(input(37))
    }

    @Test("one step is DeltaNet, and with decay and output gate the Gated DeltaNet")
    func oneStep() throws {
        let gates: [String: MixerOption] = ["steps": 1, "gated": true, "output-gate": true]
        for (name, options, expected) in [("delta-net", ["steps": 1], "b"), ("gated-delta-net", gates, "zba")] {
            let product = try bench("delta-product", options: options, convolution: 3)
            let plain = try bench(name, convolution: 3)
            #expect(product.layout.specifications == plain.layout.specifications)
            #expect(plain.layout["\(expected)_proj.weight"] != nil)
            #expect(product.parallel(input(40)).output == plain.parallel(input(40)).output)
        }
    }

    @Test("beta of 2 reflects the state along the key: the same key twice brings back what was there")
    func reflection() throws {
        // With v = 0 and beta = 2 a step is S <- (I - 2 k k') S, its own inverse.
        let (key, value) = (6, 5)
        let state = FloatBlock(count: key * value)
        for (i, number) in MixerBench.normal(key * value, domain: "state", seed: 1).enumerated() {
            state.pointer[i] = Float(number)
        }
        let before = Array(state.buffer)
        var (k, zeros, b, output) = (
            [Float](repeating: 0.3, count: key), [Float](repeating: 0, count: key), Float(40), zeros()
        )
        func zeros() -> [Float] { [Float](repeating: 0, count: value) }
        k[2] = -1
        let scratch = FloatBlock(count: 2 * key)
        func step() {
            var head = ck_delta_head()
            head.shape = ck_delta_shape(time: 1, steps: 1, chunk: 0, key_dimension: key, value_dimension: value)
            head.beta_scale = 2
            k.withUnsafeBufferPointer { k in
                zeros.withUnsafeBufferPointer { zeros in
                    withUnsafePointer(to: &b) { b in
                        (head.q, head.k, head.v, head.b) = (k.baseAddress, k.baseAddress, zeros.baseAddress, b)
                        ck_delta_step(&head, state.pointer, &output, scratch.pointer)
                    }
                }
            }
        }
        step()
        #expect(difference(state.buffer.map(Double.init), before.map(Double.init)) > 0.1)
        step()
        #expect(difference(state.buffer.map(Double.init), before.map(Double.init)) < 1e-5)
    }

    @Test("the published layers' outputs and states come out of all three forms")
    func publishedLayers() throws {
        let fixtures = try ["gated-delta-net", "delta-net", "delta-product"].flatMap {
            try MixerFixture.load($0, from: "delta")
        }
        #expect(fixtures.count >= 8)
        for fixture in fixtures {
            var options: [String: MixerOption] = [:]
            for (name, key) in [
                ("key-heads", "key_heads"), ("value-heads", "value_heads"), ("key-dimension", "key_dimension"),
                ("value-dimension", "value_dimension"), ("steps", "steps"),
            ] {
                if let value = fixture.configuration[key] { options[name] = .number(Double(value)) }
            }
            for (name, key) in [
                ("negative-eigenvalues", "negative"), ("gated", "gated"), ("output-gate", "output_gate"),
            ] {
                if let value = fixture.configuration[key] { options[name] = .boolean(value == 1) }
            }
            let bench = try bench(
                fixture.mixer, width: fixture.number("width"), options: options,
                convolution: fixture.number("kernel"), epsilon: 1e-5)
            for (name, value) in fixture.weights { bench.set(name, value.values) }
            fixture.expectAgreement(with: bench)
        }
    }

    @Test("options that cannot be are refused by name")
    func badOptions() {
        for (mixer, options, field) in [
            ("delta-product", ["steps": 5], "steps"), ("delta-product", ["steps": 0], "steps"),
            ("delta-net", ["negative-eigenvalues": 2], "negative-eigenvalues"), ("delta-net", ["gated": true], "gated"),
            ("delta-product", ["key-heads": 2, "value-heads": 3], "value-heads"),
        ] as [(String, [String: MixerOption], String)] {
            #expect {
                _ = try bench(mixer, options: options)
            } throws: { error in
                (error as? AssayError)?.problem.contains("'\(field)'") ?? false
            }
        }
    }

    @Test("steps cost operations and parameters, but no state")
    func cost() throws {
        let one = try bench("delta-product", options: ["steps": 1]).mixer
        let three = try bench("delta-product", options: ["steps": 3]).mixer
        #expect(one.stateCount(capacity: 9) == 2 * 64 && three.stateCount(capacity: 99) == 2 * 64)
        #expect(three.cost(context: 99).stateBytes == 4 * 2 * 64)
        // q, three k, three v, three betas for two heads, the way out; a step of 5 and a read of 2 for each number.
        let decode = 2 * 12 * (7 * 16 + 6 + 16) + 2 * 64 * 17
        #expect(three.cost(context: 99).decodeFLOPs == Double(decode))
        #expect(three.cost(context: 99).prefillFLOPs > one.cost(context: 99).prefillFLOPs)
    }
}
