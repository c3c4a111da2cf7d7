import AssayCore
import Foundation
import Testing

@testable import AssayModels

/// Damaged files of released checkpoints: each is read, or refused by a typed error that says where; nothing crashes, and
/// nothing is allocated that the file does not cover. `ASSAY_MUTATIONS` sets the number of cases of each test.
@Suite struct CheckpointMutationTests {
    private static let cases = ProcessInfo.processInfo.environment["ASSAY_MUTATIONS"].flatMap(UInt64.init) ?? 1_500

    /// Runs what was read: a model that was not refused computes, whatever its numbers are.
    private func run(_ checkpoint: LoadedCheckpoint) {
        let tokens = [Int32](repeating: 1, count: 3)
        _ = ModelChecks.parallel(checkpoint.model, checkpoint.weights, [tokens])
        let decoder = RecurrentDecoder(model: checkpoint.model, weights: checkpoint.weights, slots: 1, capacity: 3)
        for token in tokens { _ = decoder.step(slots: [0], tokens: [token]) }
    }

    /// Runs cases, and counts those that were refused.
    private func refused(_ body: (inout Mutation) throws -> Void) -> UInt64 {
        var count: UInt64 = 0
        for seed in 0..<Self.cases {
            var mutation = Mutation(seed: seed)
            do {
                try body(&mutation)
            } catch let error as AssayError {
                count += 1
                #expect(error.kind == .badInput, "case \(seed): \(error)")
                #expect(error.location != nil, "case \(seed): \(error)")
            } catch {
                Issue.record("case \(seed): an error without a type: \(error)")
            }
        }
        return count
    }

    @Test("a damaged safetensors file is read or refused")
    func weights() throws {
        let name = try ReleasedCheckpoint.whole("llama")
        let configuration = try ReleasedCheckpoint.configuration(ReleasedCheckpoint.bytes(name, "config.json"))
        let weights = try ReleasedCheckpoint.bytes(name, "model.safetensors")
        let count = refused { _ = try ReleasedCheckpoint.load(configuration, $0.bytes(weights)) }
        #expect(count > Self.cases / 2)
    }

    @Test("a damaged config.json is read or refused")
    func configurations() throws {
        let name = try ReleasedCheckpoint.whole("gemma3_text")
        let text = try ReleasedCheckpoint.bytes(name, "config.json")
        let weights = try ReleasedCheckpoint.bytes(name, "model.safetensors")
        let count = refused {
            run(try ReleasedCheckpoint.load(try ReleasedCheckpoint.configuration($0.bytes(text)), weights))
        }
        #expect(count > Self.cases / 4)
    }

    @Test("a configuration with wrong values is read or refused, for every system")
    func fields() throws {
        let systems = HuggingFaceSystems.all.flatMap { $0.modelTypes }
        var inputs: [(fields: [String: FieldValue], weights: Data)] = []
        for system in systems {
            let name = try ReleasedCheckpoint.whole(system == "qwen3_5_text" ? "qwen3_5" : system)
            guard !name.isEmpty else { continue }
            inputs.append(
                (
                    try ReleasedCheckpoint.configuration(ReleasedCheckpoint.bytes(name, "config.json")),
                    try ReleasedCheckpoint.bytes(name, "model.safetensors")
                ))
        }
        #expect(inputs.count >= 12)
        var turn = 0
        let count = refused {
            let input = inputs[turn % inputs.count]
            turn += 1
            run(try ReleasedCheckpoint.load($0.fields(input.fields), input.weights))
        }
        #expect(count > Self.cases / 8)
    }

    @Test("a damaged GGUF file is read or refused")
    func gguf() throws {
        let data = try Data(contentsOf: ReleasedCheckpoint.fixtures.appendingPathComponent("gguf/llama.gguf"))
        let count = refused { _ = try GGUFCheckpoint.load(try GGUFFile(data: $0.bytes(data), location: "model.gguf")) }
        #expect(count > Self.cases / 2)
    }
}
