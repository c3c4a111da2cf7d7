import AssayCore
import AssayModels
import AssayTasks

/// Teacher-forced scoring through the parallel form.
enum ParallelScoring {
    /// Scores every question of some sequences of one length.
    static func score(_ sequences: [TaskSequence], run: SequenceRun) -> [ScoredItem] {
        var results: [ScoredItem] = []
        for start in stride(from: 0, to: sequences.count, by: run.batch) {
            let batch = sequences[start..<min(start + run.batch, sequences.count)]
            results += scoreBatch(batch, run: run)
        }
        return results
    }

    private static func scoreBatch(_ sequences: ArraySlice<TaskSequence>, run: SequenceRun) -> [ScoredItem] {
        var targets: [Target] = []
        for (index, sequence) in sequences.enumerated() {
            for question in sequence.questions {
                for position in question.answer {
                    let gold = sequence.gold(question, at: position)
                    targets.append(Target(row: Int32(index * run.time + position - 1), token: gold, weight: 1))
                }
            }
        }
        guard !targets.isEmpty else { return [] }
        load(sequences, into: run)
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        var target = 0
        return sequences.flatMap { sequence in
            sequence.questions.map { question in
                var answer = ForcedAnswer()
                for position in question.answer {
                    let nll = Double(run.negativeLogLikelihoods[target])
                    answer.append(
                        predicted: nll.isFinite ? run.predictions[target] : nil,
                        gold: sequence.gold(question, at: position), nll: nll)
                    target += 1
                }
                return ScoredItem(item: question.item, response: response(question, answer, in: sequence))
            }
        }
    }

    /// Loads sequences; rows of a batch that is not full are padding.
    static func load(_ sequences: ArraySlice<TaskSequence>, into run: SequenceRun) {
        var tokens: [Int32] = []
        tokens.reserveCapacity(run.batch * run.time)
        for sequence in sequences { tokens += sequence.tokens }
        tokens += repeatElement(Vocabulary.padding, count: run.batch * run.time - tokens.count)
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
    }

    /// The response to a question whose gold answer was in place.
    static func response(
        _ question: Question, _ answer: ForcedAnswer, in sequence: TaskSequence
    ) -> ResponseRecord {
        guard answer.isSound else { return .failed(question.item.id, "the logits are not finite") }
        let grade = Grader.forced(answer.tokens, to: question, in: sequence)
        return ResponseRecord(
            item: question.item.id, status: .graded, score: grade.score, nll: answer.meanNLL,
            output: grade.isGold ? "" : TokenText.text(answer.tokens), detail: grade.detail)
    }
}

extension ResponseRecord {
    /// The response to an item on which the model failed.
    static func failed(_ item: ItemID, _ why: String) -> ResponseRecord {
        ResponseRecord(item: item, status: .error, output: why)
    }
}
