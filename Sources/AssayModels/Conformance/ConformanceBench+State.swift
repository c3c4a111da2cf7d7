import AssayTensor

extension ConformanceBench {
    /// Fills everything that the layout says is not in use with NaN, decodes, and looks what was read and written.
    func state() -> MixerConformance.Finding {
        let (time, capacity) = (21, 29)
        let sequence = tokens(time, seed: 8)
        let expected = recurrent(sequence, in: decoder(slots: 1, capacity: capacity), slot: 0)
        var problems = stateBytesProblems()

        let poisoned = decoder(slots: 3, capacity: capacity)
        for slot in 0..<3 { poison(poisoned, slot: slot, position: 0) }
        let neighbours = bits(poisoned, slots: [0, 2])
        if recurrent(sequence, in: poisoned, slot: 1) != expected {
            problems.append("the state is read where the layout says that nothing is in use yet")
        }
        if bits(poisoned, slots: [0, 2]) != neighbours { problems.append("the state of another sequence was written") }
        problems += writtenOutside(poisoned, slot: 1, position: time)

        // What is in use is enough to go on with.
        let rest = tokens(5, seed: 9)
        poisoned.copyState(from: 1, to: 2)
        poison(poisoned, slot: 2, position: time)
        if recurrent(rest, in: poisoned, slot: 2) != recurrent(rest, in: poisoned, slot: 1) {
            problems.append("what the layout says is in use is not enough to go on with")
        }
        return MixerConformance.Finding(
            check: .state, isSound: problems.isEmpty,
            detail: problems.isEmpty
                ? "nothing outside the layout is read or written; bytes as the costs say"
                : problems.joined(separator: "; "))
    }

    private func stateBytesProblems() -> [String] {
        var problems: [String] = []
        for (branch, mixer) in model.branches.map(\.mixer).enumerated() {
            for context in [1, 40, 1_000] {
                let bytes = Double(4 * mixer.stateLayout(capacity: context).usedCount(position: context))
                let stated = mixer.cost(context: context).stateBytes
                if bytes != stated {
                    problems.append(
                        "layer \(branch / 2): the layout has \(Int(bytes)) bytes after \(context) tokens, its cost "
                            + "\(Int(stated))")
                }
            }
        }
        return problems
    }

    /// Sets to NaN what is not in use after `position` tokens.
    private func poison(_ decoder: RecurrentDecoder, slot: Int, position: Int) {
        for branch in model.branches.indices {
            let (state, layout) = decoder.state(branch: branch, slot: slot)
            for i in unused(layout, position: position) { state[i] = .nan }
        }
    }

    private func writtenOutside(_ decoder: RecurrentDecoder, slot: Int, position: Int) -> [String] {
        model.branches.indices.flatMap { branch in
            let (state, layout) = decoder.state(branch: branch, slot: slot)
            var problems: [String] = []
            if unused(layout, position: position).contains(where: { !state[$0].isNaN }) {
                problems.append(
                    "layer \(branch / 2): the state is written where the layout says that nothing is in use")
            }
            if layout.used(position: position).joined().contains(where: { state[$0].isNaN }) {
                problems.append("layer \(branch / 2): the layout says that something is in use that was never written")
            }
            return problems
        }
    }

    private func unused(_ layout: StateLayout, position: Int) -> [Int] {
        let used = Set(layout.used(position: position).joined())
        return (0..<layout.count).filter { !used.contains($0) }
    }

    private func bits(_ decoder: RecurrentDecoder, slots: [Int]) -> [UInt32] {
        slots.flatMap { slot in
            model.branches.indices.flatMap { decoder.state(branch: $0, slot: slot).state.map(\.bitPattern) }
        }
    }

    /// Looks whether the same tokens give the same bits: again, beside others, and several at a time.
    func determinism() -> MixerConformance.Finding {
        let time = 19
        let (sequence, other) = (tokens(time, seed: 11), tokens(time, seed: 12))
        var problems: [String] = []
        let alone = parallel([sequence])[0]
        if parallel([sequence])[0] != alone { problems.append("the parallel form gives other bits the second time") }
        if parallel([other, sequence, other])[1] != alone {
            problems.append("the parallel form depends on the other sequences of the batch")
        }
        let expected = recurrent(sequence, in: decoder(slots: 1, capacity: time), slot: 0)
        let decoder = decoder(slots: 4, capacity: 2 * time, rows: 8)
        if recurrent(sequence, in: decoder, slot: 2, beside: [0, 3]) != expected {
            problems.append("the recurrent form depends on the other sequences of the step")
        }
        if recurrent(sequence, in: decoder, slot: 1, rows: 5) != expected {
            problems.append("several tokens of a sequence in one step give other bits than one at a time")
        }
        decoder.reset(slot: 2)
        if recurrent(sequence, in: decoder, slot: 2) != expected {
            problems.append("a state that was reset remembers something")
        }
        return MixerConformance.Finding(
            check: .determinism, isSound: problems.isEmpty,
            detail: problems.isEmpty
                ? "the same bits again, beside other sequences, and for several tokens at a time"
                : problems.joined(separator: "; "))
    }
}
