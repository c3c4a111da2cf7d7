import AssayCore
import AssayModels
import AssayRendering
import AssayTasks
import AssayTensor

/// Plays episodes of a world by JSON with a model that brings a tokenizer: every line that it says is read strictly, and
/// what the world answers is read back.
///
/// The episodes of a template begin alike, with the rules and the demonstrations: those are read once.
final class AgentTextRollout {
    private let decoder: RecurrentDecoder
    private let tokenizer: Tokenizer
    private let world: AgentText
    private let vocabulary: Int
    private let rows: Int
    private let shouldStop: @Sendable () -> Bool
    private let lanes: Int
    private var use = PrefixUse()

    /// Episodes that are played side by side, if there is room.
    private static let mostLanes = 4
    /// Tokens that a step takes.
    private static let stepRows = 64
    /// Most tokens of an episode, rules and demonstrations included.
    static let capacity = 8192
    /// Most tokens of a call.
    private static let longestCall = 96

    private struct Lane {
        var episode: RolloutEpisode
        let template: Int
        let slot: Int
        /// What is to be read next.
        var unread: [Int32]
        /// The tokens of the call that is being said.
        var said: [Int32] = []
        var row: [Float] = []
        var position: Int
    }

    init(
        model: LanguageModel, weights: FloatBlock, tokenizer: Tokenizer, world: AgentText, condition: Condition,
        capacity: Int, shouldStop: @escaping @Sendable () -> Bool
    ) {
        (self.tokenizer, self.world, self.shouldStop) = (tokenizer, world, shouldStop)
        rows = condition.precision.format == .float32 ? AgentTextRollout.stepRows : 1
        lanes = TextScoring.slots(model, capacity: capacity, besides: 1, most: AgentTextRollout.mostLanes)
        decoder = RecurrentDecoder(
            model: model, weights: weights, slots: lanes + 1, capacity: capacity,
            rows: AgentTextRollout.stepRows, precision: condition.precision)
        vocabulary = model.architecture.vocabularyCount
    }

    /// Plays episodes of one template; nil when it was stopped.
    func play(
        _ environments: [any AgentEnvironment], template: Int
    ) throws -> (items: [ScoredItem], use: PrefixUse)? {
        use = PrefixUse()
        let opening = try tokenizer.encode(world.opening(template)).map(Int32.init)
        decoder.reset(slot: 0)
        for start in stride(from: 0, to: opening.count, by: rows) {
            let part = opening[start..<min(start + rows, opening.count)]
            decoder.take(slots: part.map { _ in 0 }, tokens: Array(part))
        }
        use.computed += opening.count
        var items: [ScoredItem] = []
        for start in stride(from: 0, to: environments.count, by: lanes) {
            let group = environments[start..<min(start + lanes, environments.count)]
            guard let played = try play(Array(group), opening: opening, template) else { return nil }
            items += played
        }
        return (items, use)
    }

    private func play(
        _ environments: [any AgentEnvironment], opening: [Int32], _ template: Int
    ) throws -> [ScoredItem]? {
        var lanes = try environments.enumerated().map { index, environment in
            decoder.copyState(from: 0, to: index + 1)
            use.asked += opening.count
            return Lane(
                episode: RolloutEpisode(environment, capacity: .max), template: template, slot: index + 1,
                unread: try encode(world.prompt(environment, template)), position: opening.count)
        }
        while true {
            guard !shouldStop() else { return nil }
            for index in lanes.indices where !lanes[index].episode.isOver { read(&lanes[index]) }
            let talking = lanes.indices.filter { !lanes[$0].episode.isOver }
            guard !talking.isEmpty else { break }
            try say(&lanes, talking)
        }
        return zip(environments, lanes).map { environment, lane in
            ScoredItem(item: environment.item, response: lane.episode.response(to: environment.item.id))
        }
    }

    private func encode(_ text: String) throws -> [Int32] {
        try tokenizer.encode(text, addsSpecialTokens: false).map(Int32.init)
    }

    /// Reads what the world said; an episode without room for that and another call ends.
    private func read(_ lane: inout Lane) {
        guard lane.position + lane.unread.count + AgentTextRollout.longestCall <= decoder.capacity else {
            return lane.episode.truncate()
        }
        use.asked += lane.unread.count
        use.computed += lane.unread.count
        lane.position += lane.unread.count
        for start in stride(from: 0, to: lane.unread.count - 1, by: rows) {
            let part = lane.unread[start..<min(start + rows, lane.unread.count - 1)]
            decoder.take(slots: part.map { _ in lane.slot }, tokens: Array(part))
        }
        if let last = lane.unread.last { lane.row = Array(decoder.step(slots: [lane.slot], tokens: [last])) }
        lane.unread = []
    }

    /// Lets every lane say a call, and the worlds answer.
    private func say(_ lanes: inout [Lane], _ talking: [Int]) throws {
        for index in talking {
            lanes[index].said = []
            if let first = lanes[index].row.withUnsafeBufferPointer({ Logits($0).argmax }) {
                lanes[index].said = [first]
            } else {
                lanes[index].episode.fail()
            }
        }
        var going = talking.filter { !lanes[$0].episode.isOver && !isLine(lanes[$0].said) }
        while !going.isEmpty {
            let logits = decoder.step(
                slots: going.map { lanes[$0].slot }, tokens: going.map { lanes[$0].said[lanes[$0].said.count - 1] })
            for (row, index) in going.enumerated() {
                lanes[index].position += 1
                if let next = Logits(logits, row: row, width: vocabulary).argmax {
                    lanes[index].said.append(next)
                } else {
                    lanes[index].episode.fail()
                }
            }
            going = going.filter {
                !lanes[$0].episode.isOver && !isLine(lanes[$0].said)
                    && lanes[$0].said.count < AgentTextRollout.longestCall
            }
        }
        for index in talking where !lanes[index].episode.isOver { try act(&lanes[index]) }
    }

    private func isLine(_ tokens: [Int32]) -> Bool {
        if let last = tokens.last, isSpecial(last) { return true }
        return TextTask.cut(words(tokens), .line) != nil
    }

    private func isSpecial(_ token: Int32) -> Bool { tokenizer.token(Int(token)).map(tokenizer.isSpecial) ?? true }

    private func words(_ tokens: [Int32]) -> String { (try? tokenizer.decode(tokens.map(Int.init))) ?? "" }

    /// Reads the call that was said, strictly, and lets the world answer. The last token was not read by the model yet: what it
    /// reads next is the line as it was said, and the answer.
    private func act(_ lane: inout Lane) throws {
        let whole = words(lane.said.filter { !isSpecial($0) })
        let line = TextTask.cut(whole, .line) ?? whole
        // What is no call does nothing and is an invalid action.
        let action = (try? world.action(line, lane.template)) ?? [Vocabulary.end]
        let before = lane.episode.tokens.count
        var rest = action[...]
        while let token = rest.popFirst(), !lane.episode.isOver {
            lane.episode.take(lane.episode.unread.count, Prediction(token: token), capacity: .max)
        }
        guard !lane.episode.isOver else { return }
        let observation = Array(lane.episode.tokens[(before + action.count)...])
        let answer = world.text(of: Observation(tokens: observation, isInvalid: false, isFinal: false), lane.template)
        // All but the last token were read; where that is the end of the line, it stands for the new line.
        let endsLine = TextTask.cut(whole, .line) != nil
        lane.unread = (endsLine ? [lane.said[lane.said.count - 1]] : []) + (try encode((endsLine ? "" : "\n") + answer))
    }
}
