import AssayTensor
import Testing

@testable import AssayModels

@Suite struct StepJournalTests {
    /// A step of five tokens after seven, taken back to every length, and three more tokens.
    private func check(_ architecture: Architecture, _ mode: RollbackMode, prefix: Int = 7) throws {
        let model = try LanguageModel(architecture)
        let weights = ModelChecks.weights(model)
        let tokens = ModelChecks.tokens(model, count: prefix + 8)
        let (before, draft) = (tokens.prefix(prefix), Array(tokens[prefix..<(prefix + 5)]))
        for kept in 1...5 {
            let plain = RecurrentDecoder(model: model, weights: weights, slots: 2, capacity: prefix + 8, rows: 5)
            let other = RecurrentDecoder(model: model, weights: weights, slots: 2, capacity: prefix + 8, rows: 5)
            for token in before {
                _ = plain.step(slots: [1], tokens: [token])
                _ = other.step(slots: [1], tokens: [token])
            }
            plain.copyState(from: 1, to: 0)
            let journal = StepJournal(other, mode: mode, rows: 5)
            let logits = Array(other.step(slot: 1, tokens: draft, journal: journal))
            let wanted = draft.flatMap { Array(plain.step(slots: [0], tokens: [$0])) }
            #expect(logits == wanted, "a step with a journal is a step")
            plain.copyState(from: 1, to: 0)
            for token in draft.prefix(kept) { _ = plain.step(slots: [0], tokens: [token]) }
            other.rollBack(journal, keeping: kept)
            #expect(other.position(slot: 1) == prefix + kept)
            for token in tokens.suffix(3) {
                let goesOn = Array(plain.step(slots: [0], tokens: [token]))
                #expect(
                    Array(other.step(slots: [1], tokens: [token])) == goesOn, "\(architecture.name) kept \(kept)")
            }
        }
    }

    @Test(
        "a sequence whose tokens were taken back goes on as if it had never seen them, bit for bit",
        arguments: MixerRegistry.names, RollbackMode.allCases)
    func rollback(_ mixer: String, _ mode: RollbackMode) throws {
        try check(ModelChecks.tiny(mixer, shortConvolution: 0), mode)
        try check(ModelChecks.tiny(mixer, shortConvolution: 3), mode)
    }

    @Test("tokens of several steps are taken back together", arguments: RollbackMode.allCases)
    func severalSteps(_ mode: RollbackMode) throws {
        var architecture = ModelChecks.tiny("full", shortConvolution: 2)
        architecture.layers = ["lightning", "sliding-window", "full"].map {
            LayerConfiguration(mixer: $0, options: $0 == "sliding-window" ? ["window": 6] : [:])
        }
        let model = try LanguageModel(architecture)
        let weights = ModelChecks.weights(model)
        let tokens = ModelChecks.tokens(model, count: 16)
        for kept in 1...5 {
            let plain = RecurrentDecoder(model: model, weights: weights, slots: 1, capacity: 16)
            for token in tokens.prefix(8 + kept) { _ = plain.step(slots: [0], tokens: [token]) }
            let decoder = RecurrentDecoder(model: model, weights: weights, slots: 1, capacity: 16, rows: 5)
            for token in tokens.prefix(8) { _ = decoder.step(slots: [0], tokens: [token]) }
            let journal = StepJournal(decoder, mode: mode, rows: 5)
            for part in [8..<10, 10..<11, 11..<13] {
                _ = decoder.step(slot: 0, tokens: Array(tokens[part]), journal: journal)
            }
            decoder.rollBack(journal, keeping: kept)
            for token in tokens.suffix(3) {
                let goesOn = Array(plain.step(slots: [0], tokens: [token]))
                #expect(Array(decoder.step(slots: [0], tokens: [token])) == goesOn)
            }
        }
    }

    @Test("layers that undo in different ways agree on the same tokens", arguments: RollbackMode.allCases)
    func hybrids(_ mode: RollbackMode) throws {
        var architecture = ModelChecks.tiny("full")
        for window in [3, 6, 40] {
            architecture.layers = [
                LayerConfiguration(mixer: "sliding-window", options: ["window": .number(Double(window)), "sinks": 2]),
                LayerConfiguration(mixer: "gated-delta-net"), LayerConfiguration(mixer: "full"),
                LayerConfiguration(mixer: "lightning"),
                LayerConfiguration(mixer: "sliding-window", options: ["window": .number(Double(window))]),
            ]
            for prefix in [1, 7, 11] { try check(architecture, mode, prefix: prefix) }
        }
    }

    @Test("what a rollback costs is what the state weighs", arguments: RollbackMode.allCases)
    func bytes(_ mode: RollbackMode) throws {
        func journal(_ mixer: String) throws -> StepJournal {
            let model = try LanguageModel(ModelChecks.tiny(mixer))
            let decoder = RecurrentDecoder(
                model: model, weights: ModelChecks.weights(model), slots: 1, capacity: 20, rows: 4)
            let journal = StepJournal(decoder, mode: mode, rows: 4)
            _ = decoder.step(slot: 0, tokens: ModelChecks.tokens(model, count: 4), journal: journal)
            decoder.rollBack(journal, keeping: 2)
            return journal
        }
        let full = try journal("full")
        #expect(full.isFree)
        #expect(full.bytesSaved == 0 && full.bytesRestored == 0)
        let delta = try journal("gated-delta-net")
        #expect(!delta.isFree)
        let model = try LanguageModel(ModelChecks.tiny("gated-delta-net"))
        let state = 4 * model.mixers.reduce(0) { $0 + $1.stateLayout(capacity: 20).count }
        let inputs = 4 * 4 * model.architecture.width * model.mixers.count
        #expect(delta.bytesRestored == state)
        #expect(delta.bytesSaved == (mode == .snapshot ? 3 * state : state) + (mode == .replay ? inputs : 0))
    }
}
