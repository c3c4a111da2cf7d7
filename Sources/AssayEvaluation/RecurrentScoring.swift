import AssayCore
import AssayModels
import AssayTasks
import Foundation

/// Scoring through the recurrent form: sequences advance together token by token; where a task generates, each question
/// forks the state before its answer and goes on greedily beside the others.
///
/// Resumed: when a sequence comes to its turn (``TaskSequence/turn``), its state is saved as bytes and restored in
/// another slot. Speculative: a sequence takes its next tokens as drafts, several in a step, see ``Drafts``.
struct RecurrentScoring {
    private let sequences: [TaskSequence]
    private let task: any TaskGenerator
    /// Whether answers are generated, besides being scored in place.
    private let generates: Bool
    private let condition: Condition
    private let decoder: any SequenceDecoder
    private let vocabulary: Int

    private var lanes: [Lane]
    private var generations: [Generation] = []
    private var freeSlots: [Int]
    private var forced: [[ForcedAnswer]]
    private var said: [[Said?]]

    /// Most tokens that are generated for an answer.
    static let generationLimit = 64

    /// A sequence on its way.
    private struct Lane {
        var slot: Int
        /// The token to be fed next.
        var position = 0
        /// The last position whose logits are wanted.
        let last: Int
        var question = 0
        /// A question that waits for a slot to fork into, and the first token of its answer.
        var waiting: (question: Int, token: Int32)?
        /// Where the state is to be saved and restored; nil when it is done.
        var turn: Int?
        /// What is drafted for it, on the speculative path.
        var drafts: Drafts?
    }

    /// An answer being generated.
    private struct Generation {
        let slot: Int
        let sequence: Int
        let question: Int
        let limit: Int
        var tokens: [Int32]
        /// Of the tokens after the place where the answer should have ended.
        var degeneration: Degeneration
    }

    /// A generated answer, and how its generation went.
    private struct Said {
        var tokens: [Int32]
        /// No end token came within the limit.
        var isCut = false
        var isDegenerate = false
    }

    /// Tokens that a decoder must have room for.
    static func capacity(length: Int) -> Int { length + generationLimit }

    /// Scores every question of some sequences of one length.
    /// - Parameter shape: of the decoder, where one is at hand that has room enough.
    static func score(
        _ sequences: [TaskSequence], task: any TaskGenerator, condition: Condition, worker: EvaluationWorker,
        shape given: DecoderShape? = nil
    ) -> [ScoredItem] {
        // What agents say is generated in their episodes.
        let generates = task.generates && !(task is any AgentTaskGenerator)
        let isSpeculative = condition.path == .speculative
        var shape = given ?? DecoderShape(capacity: capacity(length: task.length), precision: condition.precision)
        if isSpeculative { shape.rows = shape.slots * (condition.draft + 1) }
        let decoder = worker.decoder(shape)
        // Every sequence has a slot; where answers are generated, there is one more for them; and where drafts are taken
        // back, one more to copy the state to. One that resumes needs a free slot to go to.
        let share = 1 + (generates ? 1 : 0) + (isSpeculative ? 1 : 0)
        let lanes = decoder.slots / share - (condition.path == .resumed && share == 1 ? 1 : 0)
        return stride(from: 0, to: sequences.count, by: lanes).flatMap { start in
            let batch = Array(sequences[start..<min(start + lanes, sequences.count)])
            var scoring = RecurrentScoring(
                batch, task: task, generates: generates, condition: condition, decoder: decoder,
                vocabulary: worker.vocabulary)
            return scoring.run()
        }
    }

    private init(
        _ sequences: [TaskSequence], task: any TaskGenerator, generates: Bool, condition: Condition,
        decoder: any SequenceDecoder, vocabulary: Int
    ) {
        self.sequences = sequences
        self.task = task
        self.generates = generates
        self.condition = condition
        self.decoder = decoder
        self.vocabulary = vocabulary
        lanes = sequences.enumerated().map { slot, sequence in
            let last = (sequence.questions.map(\.answer.upperBound).max() ?? 1) - 2
            let drafts =
                condition.path == .speculative
                ? Drafts(
                    sequence, count: condition.draft, last: last, saved: sequences.count + slot, vocabulary: vocabulary)
                : nil
            return Lane(
                slot: slot, last: last, turn: condition.path == .resumed ? sequence.turn : nil, drafts: drafts)
        }
        let taken = condition.path == .speculative ? 2 * sequences.count : sequences.count
        freeSlots = Array((taken..<decoder.slots).reversed())
        forced = sequences.map { $0.questions.map { _ in ForcedAnswer() } }
        said = sequences.map { $0.questions.map { _ in nil } }
    }

    private mutating func run() -> [ScoredItem] {
        for lane in lanes { decoder.reset(slot: lane.slot) }
        var slots: [Int] = []
        var tokens: [Int32] = []
        while true {
            for index in lanes.indices {
                resume(index)
                fork(index)
            }
            // A sequence that waits for a slot, to fork or to resume, stands still.
            let moving = lanes.indices.filter {
                lanes[$0].waiting == nil && lanes[$0].turn != lanes[$0].position
                    && lanes[$0].position <= lanes[$0].last
            }
            guard !moving.isEmpty || !generations.isEmpty else { break }
            slots.removeAll(keepingCapacity: true)
            tokens.removeAll(keepingCapacity: true)
            for index in moving {
                let taken = takeTokens(index)
                slots += repeatElement(lanes[index].slot, count: taken.count)
                tokens += taken
            }
            for generation in generations {
                slots.append(generation.slot)
                tokens.append(generation.tokens[generation.tokens.count - 1])
            }
            let logits = decoder.step(slots: slots, tokens: tokens)
            var row = 0
            for index in moving {
                let drafts = lanes[index].drafts
                for offset in 0...(drafts?.right ?? 0) {
                    observe(index, Logits(logits, row: row + offset, width: vocabulary))
                }
                row += 1 + (drafts?.taken ?? 0)
            }
            advance(logits, firstRow: row)
            // Last, because it takes a step of its own.
            for index in moving { rollBack(index) }
        }
        return responses()
    }

    /// The tokens that a sequence feeds next: one, or one and what is drafted after it.
    private mutating func takeTokens(_ index: Int) -> [Int32] {
        let (position, sequence) = (lanes[index].position, sequences[index])
        let token = sequence.tokens[position]
        guard lanes[index].drafts != nil else { return [token] }
        // Where an answer is generated, the state must not be ahead of its first token.
        let stop =
            generates ? sequence.questions.first { $0.answer.lowerBound > position }?.answer.lowerBound : nil
        let drafted = lanes[index].drafts?.next(after: position, of: sequence, before: stop) ?? []
        if !drafted.isEmpty, let saved = lanes[index].drafts?.saved {
            decoder.copyState(from: lanes[index].slot, to: saved)
        }
        return [token] + drafted
    }

    /// Takes the wrong part of a draft back.
    private func rollBack(_ index: Int) {
        guard let drafts = lanes[index].drafts, drafts.right < drafts.taken else { return }
        let kept = sequences[index].tokens[lanes[index].position - drafts.right - 1..<lanes[index].position]
        decoder.rollBack(slot: lanes[index].slot, to: drafts.saved, keeping: Array(kept))
    }

    /// Saves the state of a sequence that has come to its turn and restores it in another slot.
    private mutating func resume(_ index: Int) {
        guard lanes[index].turn == lanes[index].position, !freeSlots.isEmpty else { return }
        let snapshot = decoder.snapshot(slot: lanes[index].slot, format: condition.precision.format)
        let slot = freeSlots.removeLast()
        freeSlots.append(lanes[index].slot)
        decoder.restore(snapshot, to: slot)
        lanes[index].slot = slot
        lanes[index].turn = nil
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
            said[index][question] = Said(tokens: [])
            lanes[index].waiting = nil
            return
        }
        guard let slot = freeSlots.popLast() else { return }
        decoder.copyState(from: lanes[index].slot, to: slot)
        generations.append(
            Generation(
                slot: slot, sequence: index, question: question, limit: limit, tokens: [token],
                degeneration: Degeneration(budget: limit)))
        lanes[index].waiting = nil
    }

    /// Takes the logits after the generations' tokens.
    private mutating func advance(_ logits: UnsafeBufferPointer<Float>, firstRow: Int) {
        var going: [Generation] = []
        for (index, var generation) in generations.enumerated() {
            let row = Logits(logits, row: firstRow + index, width: vocabulary)
            let token = row.argmax
            if let token, token != Vocabulary.end {
                let gold = sequences[generation.sequence].questions[generation.question].answer.count
                let isLate = generation.tokens.count >= gold
                let isCertain = isLate && row.negativeLogLikelihood(token) < -log(Prediction.certainty)
                generation.degeneration.add(isIdle: isCertain)
                generation.tokens.append(token)
                if generation.tokens.count < generation.limit {
                    going.append(generation)
                    continue
                }
            }
            // Logits that are no numbers leave nil behind: an error of this question alone.
            if let token {
                said[generation.sequence][generation.question] = Said(
                    tokens: generation.tokens, isCut: token != Vocabulary.end,
                    isDegenerate: generation.degeneration.isDegenerate)
            }
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
        guard generates, answer.isSound else {
            return ParallelScoring.response(question, answer, in: sequence)
        }
        guard let generated = said[index][number] else { return .failed(question.item.id, "the logits are not finite") }
        let grade = Grader.generated(generated.tokens, to: question, in: sequence, of: task)
        var detail = grade.detail
        detail["forcedExact"] = answer.isRight ? 1 : 0
        detail["unterminated"] = generated.isCut ? 1 : 0
        detail["degenerate"] = generated.isDegenerate ? 1 : 0
        return ResponseRecord(
            item: question.item.id, status: .graded, score: grade.score, nll: answer.meanNLL,
            output: grade.isGold ? "" : TokenText.text(generated.tokens), detail: detail)
    }
}
