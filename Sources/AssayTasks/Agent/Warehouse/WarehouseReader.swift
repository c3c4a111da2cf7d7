import AssayCore

/// Reads a transcript of ``Warehouse``: keeps where everything lies.
struct WarehouseReader: WorldReader {
    private var lying: [Int32: Int32] = [:]
    private var carried: Set<Int32> = []
    private var here: Int32
    private var wanted: ArraySlice<Int32> = []
    private var target: Int32 = Vocabulary.padding
    private(set) var facts: Int
    private var isFilled = false

    /// Takes `goal`, the rooms, items with rooms, the first room and the first order.
    init?(_ prompt: [Int32]) {
        guard let said = prompt.firstIndex(of: Vocabulary.observation), said + 2 < prompt.count,
            let first = prompt.firstIndex(where: WarehouseState.items.contains), first < said
        else { return nil }
        let pairs = Array(prompt[first..<said])
        guard pairs.count % 2 == 0 else { return nil }
        for at in stride(from: 0, to: pairs.count, by: 2) { lying[pairs[at]] = pairs[at + 1] }
        facts = lying.count
        here = prompt[said + 1]
        guard facts == pairs.count / 2, take(prompt[(said + 2)...]) == nil else { return nil }
    }

    var load: Int { facts }
    var isLast: Bool { isFilled }

    /// Takes what was announced.
    private mutating func take(_ said: ArraySlice<Int32>) -> String? {
        if Array(said) == [Vocabulary.nothing] {
            isFilled = true
            return nil
        }
        guard said.count >= 3, said.first == Vocabulary.order, let room = said.last else { return "no order" }
        (wanted, target) = (said.dropFirst().dropLast(), room)
        return nil
    }

    private var open: [Int32] { wanted.filter { lying[$0] != target } }

    var expected: [Int32]? {
        if isFilled { return ToolSignature.call(Vocabulary.submit) }
        let left = open.filter { !carried.contains($0) }
        if let item = left.first(where: { lying[$0] == here }) { return ToolSignature.call(Vocabulary.pick, item) }
        if let item = left.first { return lying[item].map { ToolSignature.call(Vocabulary.move, $0) } }
        guard here == target else { return ToolSignature.call(Vocabulary.move, target) }
        return open.first.map { ToolSignature.call(Vocabulary.drop, $0) }
    }

    mutating func read(_ action: [Int32], _ observation: [Int32], isRight: Bool) -> String? {
        guard action.count == 3, observation.count >= 2, observation[1] == action[1] else {
            return "an answer to something else"
        }
        let argument = action[1]
        switch action[0] {
        case Vocabulary.move: here = argument
        case Vocabulary.pick:
            guard lying[argument] == here else { return "something was taken up that is not here" }
            lying[argument] = nil
            carried.insert(argument)
        case Vocabulary.drop:
            guard carried.remove(argument) != nil else { return "something was put down that was not carried" }
            lying[argument] = here
        default: return "a wrong action was answered"
        }
        guard open.isEmpty, !isFilled, action[0] == Vocabulary.drop else {
            return observation.count == 2 ? nil : "an order too soon"
        }
        return take(observation[2...])
    }
}
