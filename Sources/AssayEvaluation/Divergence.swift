import AssayCore
import AssayModels
import AssayTasks

/// The same tokens through the parallel form and through a decoder, side by side (N3).
struct Divergence {
    private let condition: Condition
    private let run: SequenceRun
    private let decoder: any SequenceDecoder
    private let vocabulary: Int

    /// Floats of logits of the parallel form that are kept for the decoder to be held against.
    private static let keptLogits = 8 << 20

    /// A comparison of sequences of a length.
    init(_ condition: Condition, length: Int, worker: EvaluationWorker) {
        self.condition = condition
        run = worker.run(length: length, chunk: condition.chunk, batch: condition.batch)
        decoder = worker.decoder(
            DecoderShape(
                capacity: RecurrentScoring.capacity(length: length), precision: condition.precision,
                slots: condition.batch.map { $0 + (condition.resumes ? 1 : 0) } ?? CellEvaluator.slots))
        vocabulary = worker.vocabulary
    }

    /// One response a sequence, under its first question's identity.
    func score(_ sequences: [TaskSequence]) -> [ScoredItem] {
        // A sequence that resumes needs a free slot to go to.
        let room = min(decoder.slots - (condition.resumes ? 1 : 0), Self.keptLogits / (run.time * vocabulary))
        let group = condition.batch ?? max(run.batch, room / run.batch * run.batch)
        return stride(from: 0, to: sequences.count, by: group).flatMap { start in
            compare(Array(sequences[start..<min(start + group, sequences.count)]))
        }
    }

    private func compare(_ sequences: [TaskSequence]) -> [ScoredItem] {
        let lengths = sequences.map(\.usedLength)
        let parallel = parallelLogits(sequences, lengths)
        var tallies = [DivergenceTally](repeating: DivergenceTally(), count: sequences.count)
        var places = Array(sequences.indices)
        var spare = sequences.count
        for slot in places { decoder.reset(slot: slot) }
        for position in 0..<(lengths.max() ?? 0) {
            let active = sequences.indices.filter { position < lengths[$0] }
            if condition.resumes {
                for index in active where sequences[index].turn == position {
                    let snapshot = decoder.snapshot(slot: places[index], format: condition.precision.format)
                    decoder.restore(snapshot, to: spare)
                    swap(&places[index], &spare)
                }
            }
            let logits = decoder.step(
                slots: active.map { places[$0] }, tokens: active.map { sequences[$0].tokens[position] })
            for (row, index) in active.enumerated() {
                parallel[index].withUnsafeBufferPointer {
                    tallies[index].take(
                        Logits($0, row: position, width: vocabulary)
                            .compared(to: Logits(logits, row: row, width: vocabulary)))
                }
            }
        }
        return sequences.enumerated().map { index, sequence in
            let item = sequence.questions[0].item
            return ScoredItem(item: item, response: tallies[index].response(item.id))
        }
    }

    /// The logits `[length, vocabulary]` of each sequence by the parallel form.
    private func parallelLogits(_ sequences: [TaskSequence], _ lengths: [Int]) -> [[Float]] {
        stride(from: 0, to: sequences.count, by: run.batch).flatMap { start in
            let batch = start..<min(start + run.batch, sequences.count)
            // Every row is a target, so that its logits can be read; what it should predict does not matter here.
            let targets = batch.flatMap { index in
                (0..<lengths[index]).map { Target(row: Int32((index - start) * run.time + $0), token: 0, weight: 1) }
            }
            ParallelScoring.load(sequences[batch], into: run)
            targets.withUnsafeBufferPointer { run.load(targets: $0) }
            run.forward()
            var target = 0
            return batch.map { index in
                var logits: [Float] = []
                logits.reserveCapacity(lengths[index] * vocabulary)
                for _ in 0..<lengths[index] {
                    logits += run.logits(target)
                    target += 1
                }
                return logits
            }
        }
    }
}

extension Condition {
    /// Whether the state is saved and restored on the way.
    var resumes: Bool { precision.rounding == .atRestore }
}
