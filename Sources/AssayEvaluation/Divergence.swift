import AssayCore
import AssayModels
import AssayTasks

/// The same tokens through the parallel and the recurrent form, side by side (N3).
enum Divergence {
    /// Two highest logits closer than this many nats make a close call.
    private static let closeMargin = 1.0

    /// One response a sequence, under its first question's identity.
    static func score(_ sequences: [TaskSequence], length: Int, worker: EvaluationWorker) -> [ScoredItem] {
        let run = worker.run(length: length)
        let decoder = worker.decoder(capacity: RecurrentScoring.capacity(length: length))
        let asked = sequences.filter { !$0.questions.isEmpty }
        return stride(from: 0, to: asked.count, by: run.batch).flatMap { start in
            let batch = asked[start..<min(start + run.batch, asked.count)]
            return compare(batch, run: run, decoder: decoder, vocabulary: worker.vocabulary)
        }
    }

    private static func compare(
        _ sequences: ArraySlice<TaskSequence>, run: SequenceRun, decoder: RecurrentDecoder, vocabulary: Int
    ) -> [ScoredItem] {
        let sequences = Array(sequences)
        let lengths = sequences.map(\.usedLength)
        // Every row is a target, so that its logits can be read; what it should predict does not matter here.
        let targets = lengths.enumerated().flatMap { index, length in
            (0..<length).map { Target(row: Int32(index * run.time + $0), token: 0, weight: 1) }
        }
        ParallelScoring.load(sequences[...], into: run)
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        let firstTargets = lengths.indices.map { lengths[..<$0].reduce(0, +) }
        var tallies = [Tally](repeating: Tally(), count: sequences.count)
        for slot in sequences.indices { decoder.reset(slot: slot) }
        for position in 0..<(lengths.max() ?? 0) {
            let slots = sequences.indices.filter { position < lengths[$0] }
            let logits = decoder.step(slots: slots, tokens: slots.map { sequences[$0].tokens[position] })
            for (row, index) in slots.enumerated() {
                tallies[index].take(
                    parallel: Logits(run.logits(firstTargets[index] + position)),
                    recurrent: Logits(logits, row: row, width: vocabulary), vocabulary: vocabulary)
            }
        }
        return sequences.enumerated().map { index, sequence in
            let item = sequence.questions[0].item
            return ScoredItem(item: item, response: tallies[index].response(item.id))
        }
    }

    /// Sums over the positions of a sequence.
    private struct Tally {
        private var tokens = 0.0
        private var divergence = 0.0
        private var differenceSum = 0.0
        private var differenceMaximum = 0.0
        private var flips = 0.0
        private var closeTokens = 0.0
        private var closeFlips = 0.0
        private var firstFlip: Double?
        private var isSound = true

        mutating func take(parallel: Logits, recurrent: Logits, vocabulary: Int) {
            guard isSound, let expected = parallel.argmax, let actual = recurrent.argmax else {
                isSound = false
                return
            }
            let difference = parallel.difference(to: recurrent)
            let isClose = parallel.margin < closeMargin
            let isFlip = expected != actual
            divergence += parallel.divergence(of: recurrent)
            differenceSum += difference.sum / Double(vocabulary)
            differenceMaximum = max(differenceMaximum, difference.maximum)
            flips += isFlip ? 1 : 0
            closeTokens += isClose ? 1 : 0
            closeFlips += isClose && isFlip ? 1 : 0
            if isFlip, firstFlip == nil { firstFlip = tokens }
            tokens += 1
        }

        func response(_ item: ItemID) -> ResponseRecord {
            guard isSound, tokens > 0 else { return .failed(item, "the logits are not finite") }
            return ResponseRecord(
                item: item, status: .graded, score: 1 - flips / tokens,
                detail: [
                    "tokens": tokens, "klMean": divergence / tokens, "logitDifferenceMean": differenceSum / tokens,
                    "logitDifferenceMax": differenceMaximum, "flips": flips, "closeTokens": closeTokens,
                    "closeFlips": closeFlips,
                    // No flip: the first would come after the last position.
                    "firstDivergence": firstFlip ?? tokens,
                ])
        }
    }
}
