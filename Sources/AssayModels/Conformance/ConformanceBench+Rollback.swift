extension ConformanceBench {
    /// Takes the last tokens of steps back in every way, and looks whether the sequence goes on as if it had never seen
    /// them: what speculative decoding rests on.
    func rollback() -> MixerConformance.Finding {
        let (before, draft, rest) = (tokens(9, seed: 13), tokens(5, seed: 14), tokens(3, seed: 15))
        let capacity = before.count + draft.count + rest.count
        var problems: [String] = []
        for kept in [1, 3] {
            let plain = decoder(slots: 1, capacity: capacity)
            _ = recurrent(before + draft.prefix(kept), in: plain, slot: 0)
            let expected = recurrent(rest, in: plain, slot: 0)
            for mode in RollbackMode.allCases {
                let decoder = decoder(slots: 1, capacity: capacity, rows: draft.count)
                _ = recurrent(before, in: decoder, slot: 0)
                let journal = StepJournal(decoder, mode: mode, rows: draft.count)
                _ = decoder.step(slot: 0, tokens: draft, journal: journal)
                decoder.rollBack(journal, keeping: kept)
                if recurrent(rest, in: decoder, slot: 0) != expected {
                    problems.append(
                        "\(draft.count - kept) tokens taken back by \(mode.rawValue) leave a trace: a part of the "
                            + "state that later tokens rewrite is not said to be one")
                }
            }
        }
        return MixerConformance.Finding(
            check: .rollback, isSound: problems.isEmpty,
            detail: problems.isEmpty
                ? "tokens that are taken back leave no trace" : problems.joined(separator: "; "))
    }
}
