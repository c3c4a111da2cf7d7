import AssayCore
import AssayModels
import AssayRendering
import AssayTasks
import AssayTensor
import Foundation

/// Scores texts with one decoder.
///
/// Texts that begin alike are read once: the state is copied where they part. A question forks the state before its answer,
/// and answers of several questions are generated side by side.
final class TextScoring {
    private let decoder: RecurrentDecoder
    private let tokenizer: Tokenizer
    private let task: TextTask
    private let vocabulary: Int
    /// Tokens of a slot that a step may take: a rounded state is rounded after each step.
    private let rows: Int
    private let sharesPrefixes: Bool
    private let shouldStop: @Sendable () -> Bool
    /// The slot for branches and choices; those before it hold beginnings, those after it answers on their way.
    private let scratch: Int

    private var texts: [PreparedText] = []
    private var responses: [[ResponseRecord?]] = []
    private var waiting: [Generation] = []
    private var use = PrefixUse()

    /// States of beginnings that are held at a time: the introduction with the examples, a context, and what goes on.
    private static let levels = 3
    /// Answers that are generated side by side, if there is room.
    private static let mostGenerations = 8
    /// Tokens that a step takes.
    private static let stepRows = 64
    /// Floats of states beyond which fewer sequences go side by side.
    private static let stateBudget = 1 << 28
    /// Bytes of an answer that are kept.
    private static let keptOutput = 400

    /// Slots that there is room for besides some others: one at least.
    static func slots(_ model: LanguageModel, capacity: Int, besides others: Int, most: Int) -> Int {
        let perSlot = max(1, model.stateBytes(context: capacity, format: .float32) / 4)
        return min(max(TextScoring.stateBudget / perSlot - others, 1), most)
    }

    /// Most tokens that are generated for an answer of so many.
    static func limit(answer count: Int) -> Int { min(2 * count + 8, 96) }

    /// What was found of a question before its answer is generated.
    private struct Scored {
        let text: Int
        let question: Int
        let nll: Double
        /// Whether every token of the gold answer is the most likely one.
        let isForcedExact: Bool
        /// Whether the likeliest of the choices is the gold answer; nil without choices.
        let isChosen: Bool?
    }

    private struct Generation {
        let scored: Scored
        let slot: Int
        let limit: Int
        let goldCount: Int
        var tokens: [Int32]
        var degeneration: Degeneration
    }

    init(
        model: LanguageModel, weights: FloatBlock, tokenizer: Tokenizer, task: TextTask, condition: Condition,
        capacity: Int, sharesPrefixes: Bool, shouldStop: @escaping @Sendable () -> Bool
    ) {
        (self.tokenizer, self.task, self.sharesPrefixes, self.shouldStop) = (
            tokenizer, task, sharesPrefixes, shouldStop
        )
        let generations = TextScoring.slots(
            model, capacity: capacity, besides: TextScoring.levels + 1, most: TextScoring.mostGenerations)
        scratch = TextScoring.levels
        decoder = RecurrentDecoder(
            model: model, weights: weights, slots: TextScoring.levels + 1 + generations, capacity: max(capacity, 1),
            rows: max(TextScoring.stepRows, generations), precision: condition.precision)
        rows = condition.precision.format == .float32 ? TextScoring.stepRows : 1
        vocabulary = model.architecture.vocabularyCount
    }

    /// Scores every question of some texts; nil when it was stopped.
    func score(_ texts: [PreparedText]) -> (items: [ScoredItem], use: PrefixUse)? {
        self.texts = texts
        responses = texts.map { $0.text.questions.map { _ in nil } }
        use = PrefixUse()
        for text in texts { use.asked += text.tokens.questions.reduce(0) { $0 + $1.promptCount } }
        for slot in 0..<decoder.slots { decoder.reset(slot: slot) }
        if sharesPrefixes {
            read(Array(texts.indices), level: 0, from: 0)
        } else {
            for index in texts.indices { alone(index) }
        }
        while !waiting.isEmpty { generate() }
        guard !shouldStop() else { return nil }
        let items = texts.enumerated().flatMap { index, text in
            text.text.questions.enumerated().map { number, question in
                ScoredItem(
                    item: question.item,
                    response: responses[index][number] ?? .failed(question.item.id, "was not scored"))
            }
        }
        return (items, use)
    }

    // MARK: - Reading

    /// Reads texts that are alike up to a place, which the slot of the level has read.
    private func read(_ members: [Int], level: Int, from start: Int) {
        guard !members.isEmpty, !shouldStop() else { return }
        let shared = members.count == 1 ? texts[members[0]].tokens.ids.count : commonLength(members)
        advance(members, slot: level, from: start, to: shared)
        guard members.count > 1 else { return }
        // Where they part: by the next token, in the order of the texts.
        var groups: [(next: Int32?, members: [Int])] = []
        for member in members {
            let ids = texts[member].tokens.ids
            let next = shared < ids.count ? ids[shared] : nil
            if let index = groups.firstIndex(where: { $0.next == next }) {
                groups[index].members.append(member)
            } else {
                groups.append((next, [member]))
            }
        }
        for group in groups where group.next != nil {
            // Without a slot for another level, each goes its way from here.
            let parts = level + 1 < TextScoring.levels - 1 ? [group.members] : group.members.map { [$0] }
            for part in parts {
                decoder.copyState(from: level, to: level + 1)
                read(part, level: level + 1, from: shared)
            }
        }
    }

    /// The tokens that all of some texts begin with.
    private func commonLength(_ members: [Int]) -> Int {
        let first = texts[members[0]].tokens.ids
        return members.dropFirst().reduce(first.count) { length, member in
            let other = texts[member].tokens.ids
            return zip(first, other).prefix(length).prefix { $0 == $1 }.count
        }
    }

    /// Each question of a text by itself, its prompt read from the beginning.
    private func alone(_ index: Int) {
        for number in texts[index].tokens.questions.indices where !shouldStop() {
            let question = texts[index].tokens.questions[number]
            decoder.reset(slot: 0)
            guard let row = take(texts[index].tokens.ids[..<question.place], slot: 0) else { continue }
            ask([(index, number)], slot: 0, row: row)
        }
    }

    /// Reads the tokens of a stretch and asks the questions that stand in it.
    private func advance(_ members: [Int], slot: Int, from start: Int, to end: Int) {
        var places: [Int: [(text: Int, question: Int)]] = [:]
        for member in members {
            for (number, question) in texts[member].tokens.questions.enumerated()
            where question.place > start && question.place <= end {
                places[question.place, default: []].append((member, number))
            }
        }
        let ids = texts[members[0]].tokens.ids
        var at = start
        for place in places.keys.sorted() {
            guard !shouldStop(), let row = take(ids[at..<place], slot: slot) else { return }
            at = place
            ask(places[place] ?? [], slot: slot, row: row)
        }
        if at < end { _ = take(ids[at..<end], slot: slot, wantsLogits: false) }
    }

    /// Reads tokens in a slot.
    /// - Returns: the logits after the last one; nil if there are no tokens.
    private func take(_ tokens: ArraySlice<Int32>, slot: Int, wantsLogits: Bool = true) -> [Float]? {
        use.computed += tokens.count
        var rest = tokens
        while rest.count > (wantsLogits ? 1 : 0) {
            let part = rest.prefix(min(rows, rest.count - (wantsLogits ? 1 : 0)))
            decoder.take(slots: part.map { _ in slot }, tokens: Array(part))
            rest = rest.dropFirst(part.count)
        }
        guard wantsLogits, let last = rest.first else { return nil }
        return Array(decoder.step(slots: [slot], tokens: [last]))
    }

    // MARK: - Scoring

    /// Scores questions that stand at one place, whose prompts leave the text after what the slot has read.
    private func ask(_ asked: [(text: Int, question: Int)], slot: Int, row: [Float]) {
        for (text, number) in asked {
            let question = texts[text].tokens.questions[number]
            let target = freeSlot()
            decoder.copyState(from: slot, to: target)
            var row = row
            if !question.branch.isEmpty { row = take(question.branch[...], slot: target) ?? row }
            let (nll, predicted) = likelihood(of: question.answer, after: row, in: target)
            guard nll.isFinite, predicted.allSatisfy({ $0 != nil }) else {
                fail(text, number)
                continue
            }
            let isForcedExact = zip(question.answer, predicted).allSatisfy { $0 == $1 }
            let scored = Scored(
                text: text, question: number, nll: nll, isForcedExact: isForcedExact,
                isChosen: choose(question, nll, after: row, in: target))
            // Saying the likeliest token each time is saying the gold answer where each of its tokens is the likeliest.
            if isForcedExact, let next = predicted.last ?? nil, isEnd(question.answer + [next], text, number) {
                record(scored, said: texts[text].text.questions[number].answer, isCut: false, isDegenerate: false)
                continue
            }
            guard let first = predicted.first ?? nil else { continue }
            let limit = TextScoring.limit(answer: question.answer.count)
            waiting.append(
                Generation(
                    scored: scored, slot: target, limit: limit, goldCount: question.answer.count, tokens: [first],
                    degeneration: Degeneration(budget: limit)))
        }
    }

    /// The negative log likelihood of tokens after a slot's state, which stays as it is, and the likeliest token at each of
    /// their places and after them.
    private func likelihood(of tokens: [Int32], after row: [Float], in slot: Int) -> (nll: Double, predicted: [Int32?])
    {
        var (nll, predicted) = row.withUnsafeBufferPointer { buffer in
            let logits = Logits(buffer)
            return (logits.negativeLogLikelihood(tokens[0]), [logits.argmax])
        }
        decoder.copyState(from: slot, to: scratch)
        var at = 0
        while at < tokens.count {
            let part = tokens[at..<min(at + rows, tokens.count)]
            let logits = decoder.step(slots: part.map { _ in scratch }, tokens: Array(part))
            for index in part.indices {
                let next = Logits(logits, row: index - at, width: vocabulary)
                predicted.append(next.argmax)
                if index + 1 < tokens.count { nll += next.negativeLogLikelihood(tokens[index + 1]) }
            }
            at = part.endIndex
        }
        return (nll, predicted)
    }

    /// Whether the likeliest of the choices, as whole texts, is the gold one; nil without choices.
    private func choose(
        _ question: TokenizedText.Question, _ gold: Double, after row: [Float], in slot: Int
    ) -> Bool? {
        guard let own = question.goldChoice else { return nil }
        for (index, choice) in question.choices.enumerated() where index != own {
            let other =
                choice.count == 1
                ? row.withUnsafeBufferPointer { Logits($0).negativeLogLikelihood(choice[0]) }
                : likelihood(of: choice, after: row, in: slot).nll
            // Of equals the first counts.
            if other < gold || (other == gold && index < own) { return false }
        }
        return true
    }

    // MARK: - Generating

    /// A slot for an answer; where all are taken, answers are gone on with until one is free.
    private func freeSlot() -> Int {
        while true {
            let taken = Set(waiting.map(\.slot))
            if let slot = (scratch + 1..<decoder.slots).first(where: { !taken.contains($0) }) { return slot }
            generate()
        }
    }

    /// Goes on with every answer that is on its way until all are done.
    private func generate() {
        while !waiting.isEmpty {
            let logits = decoder.step(
                slots: waiting.map(\.slot), tokens: waiting.map { $0.tokens[$0.tokens.count - 1] })
            var going: [Generation] = []
            for (index, var generation) in waiting.enumerated() {
                let row = Logits(logits, row: index, width: vocabulary)
                guard let token = row.argmax else {
                    fail(generation.scored.text, generation.scored.question)
                    continue
                }
                let isLate = generation.tokens.count >= generation.goldCount
                let isCertain = isLate && row.negativeLogLikelihood(token) < -log(Prediction.certainty)
                generation.degeneration.add(isIdle: isCertain)
                generation.tokens.append(token)
                let isOver = isEnd(generation.tokens, generation.scored.text, generation.scored.question)
                if !isOver, generation.tokens.count < generation.limit {
                    going.append(generation)
                } else {
                    finish(generation, isCut: !isOver)
                }
            }
            waiting = going
        }
    }

    /// Whether what was said ends an answer: by the end of its line or word, or by a token that ends a text.
    private func isEnd(_ tokens: [Int32], _ text: Int, _ question: Int) -> Bool {
        if let last = tokens.last, isSpecial(last) { return true }
        return TextTask.cut(words(tokens), texts[text].text.questions[question].stop) != nil
    }

    private func isSpecial(_ token: Int32) -> Bool { tokenizer.token(Int(token)).map(tokenizer.isSpecial) ?? true }

    /// The text of tokens; of those that make no text, nothing.
    private func words(_ tokens: [Int32]) -> String { (try? tokenizer.decode(tokens.map(Int.init))) ?? "" }

    private func finish(_ generation: Generation, isCut: Bool) {
        let question = texts[generation.scored.text].text.questions[generation.scored.question]
        let whole = words(generation.tokens.filter { !isSpecial($0) })
        record(
            generation.scored, said: TextTask.cut(whole, question.stop) ?? whole, isCut: isCut,
            isDegenerate: generation.degeneration.isDegenerate)
    }

    // MARK: - Responses

    private func fail(_ text: Int, _ number: Int) {
        responses[text][number] = .failed(texts[text].text.questions[number].item.id, "the logits are not finite")
    }

    private func record(_ scored: Scored, said: String, isCut: Bool, isDegenerate: Bool) {
        let prepared = texts[scored.text]
        let question = prepared.text.questions[scored.question]
        let grade = task.grade(said, question, in: prepared.symbolic, template: prepared.text.template)
        var detail = grade.details
        detail["forcedExact"] = scored.isForcedExact ? 1 : 0
        detail["unterminated"] = isCut ? 1 : 0
        detail["degenerate"] = isDegenerate ? 1 : 0
        detail["template"] = Double(prepared.text.template)
        if let isChosen = scored.isChosen { detail["choice"] = isChosen ? 1 : 0 }
        let symbolic = prepared.symbolic.questions[question.number]
        if !symbolic.overwritten.isEmpty {
            detail["stale"] =
                task.isStale(said, question, in: prepared.symbolic, template: prepared.text.template) ? 1 : 0
        }
        responses[scored.text][scored.question] = ResponseRecord(
            item: question.item.id, status: .graded, score: grade.score,
            // A word of the symbolic rendering is the unit: it does not depend on how a tokenizer cuts it.
            nll: scored.nll / Double(max(question.gold.count, 1)),
            output: grade.isExact ? "" : String(said.prefix(TextScoring.keptOutput)), detail: detail)
    }
}
