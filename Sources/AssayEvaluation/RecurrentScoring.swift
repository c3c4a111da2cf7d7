import AssayCore
import AssayModels
import AssayTasks

/// Scoring through the recurrent form: sequences advance together token by token; where a task generates, each question
/// forks the state before its answer and goes on greedily beside the others.
struct RecurrentScoring {
    private let sequences: [TaskSequence]
    private let generates: Bool
    private let decoder: RecurrentDecoder
    private let vocabulary: Int

    private var lanes: [Lane]
    private var generations: [Generation] = []
    private var freeSlots: [Int]
    private var forced: [[ForcedAnswer]]
    private var said: [[[Int32]?]]

    /// Most tokens that are generated for an answer.
    static let generationLimit = 64

    /// A sequence on its way.
    private struct Lane {
        let slot: Int
        /// The token to be fed next.
        var position = 0
        /// The last position whose logits are wanted.
        let last: Int
        var question = 0
        /// A question that waits for a slot to fork into, and the first token of its answer.
        var waiting: (question: Int, token: Int32)?
    }

    /// An answer being generated.
    private struct Generation {
        let slot: Int
        let sequence: Int
        let question: Int
        let limit: Int
        var tokens: [Int32]
    }

    /// Tokens that a decoder must have room for.
    static func capacity(length: Int) -> Int { length + generationLimit }

    /// Scores every question of some sequences of one length.
    static func score(_ sequences: [TaskSequence], task: any TaskGenerator, worker: EvaluationWorker) -> [ScoredItem] {
        let decoder = worker.decoder(capacity: capacity(length: task.length))
        // Where answers are generated, half of the slots are for them.
        let lanes = task.generates ? decoder.slots / 2 : decoder.slots
        return stride(from: 0, to: sequences.count, by: lanes).flatMap { start in
            let batch = Array(sequences[start..<min(start + lanes, sequences.count)])
            var scoring = RecurrentScoring(
                batch, generates: task.generates, decoder: decoder, vocabulary: worker.vocabulary)
            return scoring.run()
        }
    }

    private init(_ sequences: [TaskSequence], generates: Bool, decoder: RecurrentDecoder, vocabulary: Int) {
        self.sequences = sequences
        self.generates = generates
        self.decoder = decoder
        self.vocabulary = vocabulary
        lanes = sequences.enumerated().map { slot, sequence in
            Lane(slot: slot, last: (sequence.questions.map(\.answer.upperBound).max() ?? 1) - 2)
        }
        freeSlots = Array((sequences.count..<decoder.slots).reversed())
        forced = sequences.map { $0.questions.map { _ in ForcedAnswer() } }
        said = sequences.map { $0.questions.map { _ in nil } }
    }

    private mutating func run() -> [ScoredItem] {
        for lane in lanes { decoder.reset(slot: lane.slot) }
        var slots: [Int] = []
        var tokens: [Int32] = []
        while true {
            for index in lanes.indices { fork(index) }
            let moving = lanes.indices.filter { lanes[$0].waiting == nil && lanes[$0].position <= lanes[$0].last }
            guard !moving.isEmpty || !generations.isEmpty else { break }
            slots.removeAll(keepingCapacity: true)
            tokens.removeAll(keepingCapacity: true)
            for index in moving {
                slots.append(lanes[index].slot)
                tokens.append(sequences[index].tokens[lanes[index].position])
            }
            for generation in generations {
                slots.append(generation.slot)
                tokens.append(generation.tokens[generation.tokens.count - 1])
            }
            let logits = decoder.step(slots: slots, tokens: tokens)
            for (row, index) in moving.enumerated() {
                observe(index, Logits(logits, row: row, width: vocabulary))
            }
            advance(logits, firstRow: moving.count)
        }
        return responses()
    }

    /// Takes the logits after a sequence's token.
    private mutating func observe(_ index: Int, _ logits: Logits) {
        let position = lanes[index].position + 1
        lanes[index].position = position
        let questions = sequences[index].questions
        let current = lanes[index].question
        guard current < questions.count, questions[current].answer.contains(position) else { return }
        let gold = sequences[index].gold(questions[current], at: position)
        let predicted = logits.argmax
        forced[index][current].append(predicted: predicted, gold: gold, nll: logits.negativeLogLikelihood(gold))
        if generates, position == questions[current].answer.lowerBound, let predicted {
            lanes[index].waiting = (current, predicted)
        }
        if position == questions[current].answer.upperBound - 1 { lanes[index].question += 1 }
    }

    /// Starts the generation that a sequence waits for, if there is a slot for it.
    private mutating func fork(_ index: Int) {
        guard let (question, token) = lanes[index].waiting else { return }
        let gold = sequences[index].questions[question].answer.count
        let limit = min(2 * gold + 4, RecurrentScoring.generationLimit)
        guard token != Vocabulary.end else {
            said[index][question] = []
            lanes[index].waiting = nil
            return
        }
        guard let slot = freeSlots.popLast() else { return }
        decoder.copyState(from: lanes[index].slot, to: slot)
        generations.append(
            Generation(slot: slot, sequence: index, question: question, limit: limit, tokens: [token]))
        lanes[index].waiting = nil
    }

    /// Takes the logits after the generations' tokens.
    private mutating func advance(_ logits: UnsafeBufferPointer<Float>, firstRow: Int) {
        var going: [Generation] = []
        for (index, var generation) in generations.enumerated() {
            let token = Logits(logits, row: firstRow + index, width: vocabulary).argmax
            if let token, token != Vocabulary.end {
                generation.tokens.append(token)
                if generation.tokens.count < generation.limit {
                    going.append(generation)
                    continue
                }
            }
            // Logits that are no numbers leave nil behind: an error of this question alone.
            if token != nil { said[generation.sequence][generation.question] = generation.tokens }
            freeSlots.append(generation.slot)
        }
        generations = going
    }

    private func responses() -> [ScoredItem] {
        sequences.enumerated().flatMap { index, sequence in
            sequence.questions.enumerated().map { number, question in
                ScoredItem(item: question.item, response: response(index, number, question, sequence))
            }
        }
    }

    private func response(
        _ index: Int, _ number: Int, _ question: Question, _ sequence: TaskSequence
    ) -> ResponseRecord {
        let answer = forced[index][number]
        guard generates, answer.isSound else { return ParallelScoring.response(question, answer) }
        guard let said = said[index][number] else { return .failed(question.item.id, "the logits are not finite") }
        let gold = sequence.gold(question).filter { $0 != Vocabulary.end }
        let agreement = SetScore(generated: said, gold: gold)
        let isSet = question.grading == .set
        let isExact = isSet ? agreement.isExact : said == gold
        var detail: [String: Double] = ["forcedExact": answer.isRight ? 1 : 0]
        if isSet {
            detail["precision"] = agreement.precision
            detail["recall"] = agreement.recall
            detail["exact"] = isExact ? 1 : 0
        }
        return ResponseRecord(
            item: question.item.id, status: .graded, score: isSet ? agreement.f1 : isExact ? 1 : 0,
            nll: answer.meanNLL, output: isExact ? "" : TokenText.text(said), detail: detail)
    }
}
