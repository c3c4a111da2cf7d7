import AssayModels
import AssayTensor

/// A model and its weights.
public struct WeightedModel: Sendable {
    /// The model.
    public let model: LanguageModel
    /// The weights, laid out as the model says.
    public let weights: FloatBlock

    /// A model with weights.
    public init(model: LanguageModel, weights: FloatBlock) {
        self.model = model
        self.weights = weights
    }
}

/// Greedy speculative decoding of one sequence (Leviathan et al., arXiv 2211.17192): a draft model proposes tokens one by
/// one, the target verifies them in one step, keeps those that it would have chosen itself, adds one of its own, and
/// takes the rest back. Its output is that of plain greedy decoding, bit for bit, whatever the draft proposes.
public final class SpeculativeDecoder {
    /// Tokens that the draft proposes in a round.
    public let draftLength: Int
    /// How the target takes tokens back.
    public let mode: RollbackMode
    /// What has happened so far.
    public private(set) var counts = SpeculationCounts()

    private let target: RecurrentDecoder
    private let draft: RecurrentDecoder
    private let targetJournal: StepJournal
    private let draftJournal: StepJournal
    private let vocabulary: Int

    /// A decoder for sequences of at most `capacity` tokens, what is generated included.
    /// - Parameters:
    ///   - target: the model whose output is wanted.
    ///   - draft: a cheaper model with the same vocabulary.
    public init(
        target: WeightedModel, draft: WeightedModel, draftLength: Int, mode: RollbackMode, capacity: Int
    ) {
        precondition(draftLength > 0, "a draft of nothing")
        vocabulary = target.model.architecture.vocabularyCount
        precondition(vocabulary == draft.model.architecture.vocabularyCount, "the draft has another vocabulary")
        self.draftLength = draftLength
        self.mode = mode
        // Room for a draft beyond the last token, and for reading prompts in good steps.
        func decoder(_ side: WeightedModel) -> RecurrentDecoder {
            RecurrentDecoder(
                model: side.model, weights: side.weights, slots: 1, capacity: capacity + draftLength + 1,
                rows: max(32, draftLength + 1))
        }
        self.target = decoder(target)
        self.draft = decoder(draft)
        targetJournal = StepJournal(self.target, mode: mode, rows: draftLength + 1)
        // The draft takes its tokens one by one anyway, so copies in between cost it nothing else.
        draftJournal = StepJournal(self.draft, mode: .snapshot, rows: draftLength + 1)
    }

    /// Reads a prompt and generates tokens.
    /// - Parameter timesParts: whether ``counts`` gets the seconds of drafting, verifying and rolling back.
    /// - Returns: the tokens, and the seconds of this thread that generating them took, the prompt not counted.
    public func generate(
        _ prompt: [Int32], count: Int, timesParts: Bool = false
    ) -> (tokens: [Int32], seconds: Double) {
        precondition(!prompt.isEmpty && count > 0, "nothing to go on from, or nowhere to go")
        for decoder in [target, draft] {
            decoder.reset(slot: 0)
            decoder.read(prompt.dropLast(), slot: 0)
        }
        targetJournal.clear()
        draftJournal.clear()
        var tokens: [Int32] = []
        // Tokens that the draft has not read: the newest one, and at times the one before.
        var unread = [prompt[prompt.count - 1]]
        let start = ThreadClock.seconds()
        while tokens.count < count {
            let newest = unread[unread.count - 1]
            let clock = timesParts ? ThreadClock.seconds() : 0
            let proposal = propose(unread)
            let drafted = timesParts ? ThreadClock.seconds() : 0
            let (accepted, own) = verify(newest, proposal)
            let verified = timesParts ? ThreadClock.seconds() : 0
            target.rollBack(targetJournal, keeping: accepted + 1)
            if timesParts {
                counts.draftSeconds += drafted - clock
                counts.verifySeconds += verified - drafted
                counts.rollbackSeconds += ThreadClock.seconds() - verified
            }
            // The draft never reads its own last token.
            draft.rollBack(draftJournal, keeping: unread.count + min(accepted, draftLength - 1))
            tokens += proposal.prefix(accepted) + [own]
            unread = accepted == draftLength ? [proposal[accepted - 1], own] : [own]
        }
        let seconds = ThreadClock.seconds() - start
        counts.rollbackBytes = targetJournal.bytesSaved + targetJournal.bytesRestored
        return (Array(tokens.prefix(count)), seconds)
    }

    /// Lets the draft go on from what it has not read yet.
    private func propose(_ unread: [Int32]) -> [Int32] {
        var proposal: [Int32] = []
        var input = unread
        for _ in 0..<draftLength {
            let logits = draft.step(slot: 0, tokens: input, journal: draftJournal)
            let next = mostLikely(logits, row: input.count - 1, vocabulary: vocabulary)
            proposal.append(next)
            input = [next]
        }
        return proposal
    }

    /// Lets the target read the newest token and the proposal.
    /// - Returns: how many proposed tokens are its own choice, and its choice after those.
    private func verify(_ newest: Int32, _ proposal: [Int32]) -> (accepted: Int, own: Int32) {
        let logits = target.step(slot: 0, tokens: [newest] + proposal, journal: targetJournal)
        var accepted = 0
        var own = mostLikely(logits, row: 0, vocabulary: vocabulary)
        while accepted < draftLength, own == proposal[accepted] {
            accepted += 1
            own = mostLikely(logits, row: accepted, vocabulary: vocabulary)
        }
        counts.rounds += 1
        counts.drafted += draftLength
        counts.accepted += accepted
        counts.examined += min(accepted + 1, draftLength)
        counts.rollbacks += accepted < draftLength ? 1 : 0
        return (accepted, own)
    }
}
