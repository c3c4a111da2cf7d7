import AssayTensor
import Testing

@testable import AssayModels

@Suite struct RecurrentDecoderTests {
    private func model(_ mixer: String) throws -> LanguageModel {
        try LanguageModel(ModelChecks.tiny(mixer, shortConvolution: 2))
    }

    @Test("what a sequence gets does not depend on its neighbours, bit for bit", arguments: MixerRegistry.names)
    func independence(_ mixer: String) throws {
        let model = try model(mixer)
        let weights = ModelChecks.weights(model)
        let sequences = (0..<5).map { ModelChecks.tokens(model, count: 9, seed: UInt64($0)) }
        let together = ModelChecks.recurrent(model, weights, sequences)
        for (s, sequence) in sequences.enumerated() {
            #expect(ModelChecks.recurrent(model, weights, [sequence])[0] == together[s])
        }
    }

    @Test("a copied state goes on as the original does", arguments: MixerRegistry.names)
    func copies(_ mixer: String) throws {
        let model = try model(mixer)
        let weights = ModelChecks.weights(model)
        let tokens = ModelChecks.tokens(model, count: 12)
        let decoder = RecurrentDecoder(model: model, weights: weights, slots: 3, capacity: 12)
        for token in tokens.prefix(7) { _ = decoder.step(slots: [2], tokens: [token]) }
        // The target was in use, further on than the source.
        for token in tokens.reversed() { _ = decoder.step(slots: [0], tokens: [token]) }
        decoder.copyState(from: 2, to: 0)
        #expect(decoder.position(slot: 0) == 7)
        for token in tokens.suffix(5) {
            let logits = decoder.step(slots: [0, 2], tokens: [token, token])
            let half = logits.count / 2
            #expect(logits[..<half].elementsEqual(logits[half...]))
        }
    }

    @Test("a slot that was reset remembers nothing", arguments: MixerRegistry.names)
    func resets(_ mixer: String) throws {
        let model = try model(mixer)
        let decoder = RecurrentDecoder(model: model, weights: ModelChecks.weights(model), slots: 2, capacity: 12)
        let tokens = ModelChecks.tokens(model, count: 12)
        for token in tokens { _ = decoder.step(slots: [0], tokens: [token]) }
        decoder.reset(slot: 0)
        #expect(decoder.position(slot: 0) == 0)
        for token in tokens.reversed() {
            let logits = decoder.step(slots: [1, 0], tokens: [token, token])
            let half = logits.count / 2
            #expect(logits[..<half].elementsEqual(logits[half...]))
        }
    }

    @Test("tokens taken together give what they give one at a time, bit for bit", arguments: MixerRegistry.names)
    func multipleTokens(_ mixer: String) throws {
        let model = try model(mixer)
        let weights = ModelChecks.weights(model)
        let tokens = ModelChecks.tokens(model, count: 12)
        let single = RecurrentDecoder(model: model, weights: weights, slots: 2, capacity: 12)
        let expected = tokens.map { Array(single.step(slots: [0], tokens: [$0])) }
        let decoder = RecurrentDecoder(model: model, weights: weights, slots: 2, capacity: 12, rows: 8)
        var actual: [[Float]] = []
        for part in [tokens[..<5], tokens[5..<6], tokens[6...]] {
            // Another sequence in between, whose rows lie among ours.
            let slots = part.flatMap { _ in part.count < 4 ? [0, 1] : [0] }
            let logits = decoder.step(slots: slots, tokens: part.flatMap { part.count < 4 ? [$0, 3] : [$0] })
            let width = logits.count / slots.count
            for (row, slot) in slots.enumerated() where slot == 0 {
                actual.append(Array(logits[(row * width)..<((row + 1) * width)]))
            }
        }
        #expect(decoder.position(slot: 0) == 12)
        #expect(actual == expected)
    }
}
