import AssayCore

/// A warehouse: where the items are, where the agent is and what it carries, and which order is served.
struct WarehouseState: World {
    static let items = SymbolRange(offset: 0, count: 80)
    static let rooms = SymbolRange(offset: 80, count: 24)
    static let tools = [
        ToolSignature(Vocabulary.move, ToolArgument("room", rooms)),
        ToolSignature(Vocabulary.pick, ToolArgument("item", items)),
        ToolSignature(Vocabulary.drop, ToolArgument("item", items)),
        ToolSignature(Vocabulary.submit),
    ]

    /// Items that are to be brought to a room together.
    struct Order: Sendable, Hashable {
        let items: [Int32]
        let target: Int32
    }

    let orders: [Order]
    let rooms: [Int32]
    /// Items with the rooms where they lie at first, in the order of the prompt.
    let placed: [(item: Int32, room: Int32)]
    let start: Int32
    let capacity: Int
    let drawnBits: UInt64
    private var room: Int32
    /// Where the items lie that lie somewhere.
    private var roomOf: [Int32: Int32]
    /// In the order in which they were taken up.
    private var carried: [Int32] = []
    private var served = 0
    private var lastSaid: ArraySlice<Int32> = []
    private(set) var isSolved = false
    private(set) var isOver = false

    init(orders: [Order], rooms: [Int32], placed: [(item: Int32, room: Int32)], start: Int32, capacity: Int) {
        (self.orders, self.rooms, self.placed) = (orders, rooms, placed)
        (self.start, self.capacity, room) = (start, capacity, start)
        roomOf = Dictionary(uniqueKeysWithValues: placed.map { ($0.item, $0.room) })
        drawnBits = ContentBits.fast(
            [start] + rooms + placed.flatMap { [$0.item, $0.room] } + orders.flatMap { $0.items + [$0.target] })
    }

    var tools: [ToolSignature] { Self.tools }
    var facts: Int { placed.count }
    var load: Int { placed.count }
    var prompt: [Int32] {
        [Vocabulary.start, Vocabulary.warehouseTask, Vocabulary.goal] + rooms + placed.flatMap { [$0.item, $0.room] }
            + [Vocabulary.observation, start] + announce(0) + [Vocabulary.act]
    }
    /// A move and a load or an unloading take six tokens; an order announces itself with the last unloading.
    var optimalLength: Int {
        let size = orders[0].items.count
        return prompt.count + orders.count * 6 * (3 * size + 1) + (orders.count - 1) * (size + 2) + 1 + 2
    }
    var bits: UInt64 {
        let lying = placed.map { roomOf[$0.item] ?? Vocabulary.padding }
        return drawnBits ^ ContentBits.fast(lying + [room, Int32(served)] + carried)
    }

    /// What is said of an order: its items and the room, or that there is none.
    private func announce(_ number: Int) -> [Int32] {
        guard number < orders.count else { return [Vocabulary.nothing] }
        return [Vocabulary.order] + orders[number].items + [orders[number].target]
    }

    private var order: Order? { served < orders.count ? orders[served] : nil }

    /// Items of the order that do not lie where they belong.
    private var open: [Int32] { order.map { order in order.items.filter { roomOf[$0] != order.target } } ?? [] }

    /// Each open item must be taken up unless it is carried, and put down; each room where one lies must be gone to, unless
    /// it is here, and then the target, unless all is carried there. The items of one order fit into the hands, and those of
    /// later orders must not be touched, so that orders are served one after another, each from where the last one ended.
    var remainingSteps: Int {
        guard !isOver else { return 0 }
        let open = open
        let lying = open.filter { !carried.contains($0) }
        let away = Set(lying.compactMap { roomOf[$0] }).subtracting([room]).count
        let last = !lying.isEmpty || room != order?.target ? 1 : 0
        let here = open.isEmpty ? 0 : open.count + lying.count + away + last
        let later = orders.dropFirst(served + 1).reduce(0) { $0 + 3 * $1.items.count + 1 }
        return here + later + 1
    }

    private static func go(_ room: Int32) -> [Int32] { ToolSignature.call(Vocabulary.move, room) }

    var legalActions: [[Int32]] {
        rooms.filter { $0 != room }.map(Self.go) + picks.map { ToolSignature.call(Vocabulary.pick, $0) }
            + carried.map { ToolSignature.call(Vocabulary.drop, $0) } + [ToolSignature.call(Vocabulary.submit)]
    }

    /// Items that may be taken up here.
    private var picks: [Int32] {
        guard carried.count < capacity, let order else { return [] }
        return order.items.filter { roomOf[$0] == room }
    }

    /// Does not know where things are and where they belong, but sees when nothing is left to do.
    var memorylessActions: [[Int32]] {
        lastSaid.last == Vocabulary.nothing ? [ToolSignature.call(Vocabulary.submit)] : legalActions.dropLast()
    }

    /// Takes up what is here, goes to what is elsewhere, in the order's own order, then to the target, and puts it down.
    var expertAction: [Int32] {
        guard let order else { return ToolSignature.call(Vocabulary.submit) }
        let lying = open.filter { !carried.contains($0) }
        if let here = lying.first(where: { roomOf[$0] == room }) { return ToolSignature.call(Vocabulary.pick, here) }
        if let next = lying.first.flatMap({ roomOf[$0] }) { return Self.go(next) }
        if room != order.target { return Self.go(order.target) }
        return ToolSignature.call(Vocabulary.drop, open.first ?? order.items[0])
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        guard words.first != Vocabulary.submit, let argument = words.last else {
            isOver = true
            isSolved = served == orders.count
            return .shows([isSolved ? Vocabulary.done : Vocabulary.failed])
        }
        var said = [argument]
        switch words.first {
        case Vocabulary.move:
            guard rooms.contains(argument) else { return .refused(Vocabulary.notKnown) }
            guard argument != room else { return .refused(Vocabulary.notAllowed) }
            room = argument
        case Vocabulary.pick:
            guard picks.contains(argument) else { return .refused(Vocabulary.notAllowed) }
            roomOf[argument] = nil
            carried.append(argument)
        default:
            guard let hand = carried.firstIndex(of: argument) else { return .refused(Vocabulary.notAllowed) }
            carried.remove(at: hand)
            roomOf[argument] = room
            if open.isEmpty {
                served += 1
                said += announce(served)
            }
        }
        lastSaid = said[...]
        return .shows(said)
    }

    /// A malformed call, another tool, another room, or something put down where it does not belong.
    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let right = expertAction
        let elsewhere = rooms.filter { $0 != room && $0 != right[1] }.map(Self.go)
        let misplaced = room == order?.target ? [] : carried.map { ToolSignature.call(Vocabulary.drop, $0) }
        return wrongCall(&random, slips: misplaced + [random.pick(elsewhere)])
    }
}
