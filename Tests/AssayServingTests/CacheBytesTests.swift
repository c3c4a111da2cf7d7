import AssayCore
import AssayModels
import Testing

@testable import AssayServing

@Suite struct CacheBytesTests {
    private func model(
        _ mixer: String, heads: Int = 8, keyValueHeads: Int? = nil, dimension: Int = 16, convolution: Int = 0,
        options: [String: MixerOption] = [:]
    ) throws -> LanguageModel {
        try LanguageModel(
            Architecture(
                name: mixer, width: 32, heads: heads, keyValueHeads: keyValueHeads, headDimension: dimension,
                layers: [LayerConfiguration(mixer: mixer, options: options)], vocabularyCount: 16,
                shortConvolution: convolution))
    }

    /// Bytes of the whole model.
    private func bytes(_ model: LanguageModel, _ tokens: Int, _ formats: ServingFormats) -> Int {
        model.cacheBytes(tokens: tokens, formats).reduce(0, +)
    }

    @Test("bytes follow the formulas of the catalogue in every format")
    func formulas() throws {
        let full = try model("full", keyValueHeads: 2)
        let keysAndValues = 2 * 2 * 100
        #expect(bytes(full, 100, ServingFormats(.bfloat16)) == keysAndValues * 16 * 2)
        #expect(bytes(full, 100, ServingFormats(.int8)) == keysAndValues * (16 + 4))
        let window = try model("sliding-window", options: ["window": 30, "sinks": 2])
        for (tokens, entries) in [(10, 10), (32, 32), (1_000, 32)] {
            let entry = 2 * 8 * 16 * 2
            #expect(bytes(window, tokens, ServingFormats(.float16)) == entry * entries)
        }
        let lightning = try model("lightning")
        let state = 8 * 16 * 16
        for tokens in [1, 100_000] {
            #expect(bytes(lightning, tokens, ServingFormats(cache: .bfloat16, state: .float32)) == 4 * state)
        }
        let history = 3 * 3 * 8 * 16
        #expect(bytes(try model("lightning", convolution: 4), 9, ServingFormats(.float32)) == 4 * (state + history))
    }

    @Test("memory breaks even where the published arithmetic says")
    func breakEven() throws {
        // 32 heads of 128 x 128 in float32 against 8 heads of 128 in bfloat16: 512 tokens.
        let state = try model("lightning", heads: 32, dimension: 128)
        let cache = try model("full", heads: 32, keyValueHeads: 8, dimension: 128)
        let formats = ServingFormats(cache: .bfloat16, state: .float32)
        #expect(MemoryBreakEven.length(state, against: cache, formats) == 512)
        #expect(MemoryBreakEven.length(cache, against: state, formats) == nil)
        #expect(MemoryBreakEven.length(cache, against: cache, formats) == 1)
        // The same state against latents of 576 elements in bfloat16: 1,820.4 tokens.
        #expect(BreakEven.length(upTo: 1 << 20) { 32 * 128 * 128 * 4 <= 576 * 2 * $0 } == 1821)
    }

    @Test("a break-even is the last change of a condition")
    func lastChange() {
        #expect(BreakEven.length(upTo: 1 << 20) { $0 >= 1000 } == 1000)
        #expect(BreakEven.length(upTo: 1 << 20) { $0 >= 1000 || $0 < 100 } == 1000)
        #expect(BreakEven.length(upTo: 1 << 20) { $0 < 1000 } == nil)
    }

    @Test("formats have one name each")
    func formats() throws {
        for formats in [ServingFormats(.int8), ServingFormats(cache: .bfloat16, state: .float32)] {
            #expect(try ServingFormats(named: formats.name) == formats)
        }
        for wrong in ["", "int3", "float32+", "float32+int8+fp8"] {
            #expect(throws: AssayError.self) { try ServingFormats(named: wrong) }
        }
    }

    @Test("a served model has the bytes of its layout and the work of its cost model")
    func served() throws {
        let architecture = Architecture(
            name: "hybrid", width: 32, heads: 2, headDimension: 16,
            layers: [LayerConfiguration(mixer: "gated-delta-net"), LayerConfiguration(mixer: "full")],
            vocabularyCount: 16)
        let model = try LanguageModel(architecture)
        let served = ServedModel(model, cache: .bfloat16, state: .float32, longest: 1_000)
        #expect(served.bytesPerToken == 2 * 2 * 16 * 2)
        #expect(served.snapshotBytes == 2 * 16 * 16 * 4)
        for tokens in [1, 10, 500, 999] {
            let exact = Double(tokens) * model.cost(context: tokens).prefillFLOPs
            #expect(abs(served.work.total(tokens) / exact - 1) < 0.01)
        }
        #expect(served.work.total(0) == 0)
    }
}
