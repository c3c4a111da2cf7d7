import AssayCore

/// Orders to be filled in a warehouse: what lies where was said once, at the start.
///
///     <s> warehouse goal r0 r1 ... i0 r4 i1 r2 ... : r0 order i1 r5 >   move r2 </s>   : r2 >   pick i1 </s>   : i1 >
///     move r5 </s>   : r5 >   drop i1 </s>   : i1 order i0 r1 >   ...   submit </s>
///
/// The agent goes from any room to any other, takes up an item that lies where it stands and that the order asks for, as
/// many as it can carry, and puts down what it carries. An order names as many items as can be carried and the room that
/// they belong in; the next is announced when the last is filled. The submission comes when there is none; sooner it fails.
public struct Warehouse: WorldTask {
    /// The generator's name.
    public static let name = "warehouse"
    /// The parameters.
    public static let parameters =
        [
            TaskParameter("orders", 3, 1...20, "orders: each takes 3 capacity + 1 actions, and the submission one"),
            TaskParameter("capacity", 2, 1...4, "items that can be carried, and that an order names"),
            TaskParameter("rooms", 8, 4...24, "rooms"),
            TaskParameter("spare", 2, 0...16, "items that no order names"),
            .demonstrationLength(224),
        ] + EpisodeOptions.parameters
    static let kind = TaskKind(
        name: name, family: .agent,
        summary: "items to be brought to rooms, with a capacity; where they lie was said once",
        parameters: parameters, make: { try Warehouse($0) })

    static let token = Vocabulary.warehouseTask
    /// A wrong action and what was observed, the same to undo it, and a move there and back.
    static let errorRoom = 24
    static let errorSteps = 4

    let frame: WorldFrame
    private let orders: Int
    private let capacity: Int
    private let rooms: Int
    private let spare: Int

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (orders, capacity, rooms, spare) = (p["orders"], p["capacity"], p["rooms"], p["spare"])
        try p.require(
            "rooms", atLeast: capacity + 3,
            because: "the items of an order lie in rooms of their own, not where it begins or ends")
        try p.require(
            "orders", atMost: (WarehouseState.items.count - spare) / capacity,
            because: "there are \(WarehouseState.items.count) items")
        let plan = orders * (3 * capacity + 1) + 1
        let prompt = 3 + rooms + 2 * (orders * capacity + spare) + capacity + 5
        let optimal = prompt + 6 * (plan - 1) + (orders - 1) * (capacity + 2) + 3
        frame = try WorldFrame(
            Self.name, p, plan: plan, optimal: optimal, longestCall: 3, error: Self.errorRoom)
        try p.require(headroomOver: statedFloor, "slack", remedy: "Lower 'slack', or raise 'orders' or 'rooms'")
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> WarehouseState {
        let orders = isTraining ? random.difficulty(1...orders) : orders
        let rooms = WarehouseState.rooms.distinct(rooms, &random)
        let items = WarehouseState.items.distinct(orders * capacity + spare, &random)
        let start = random.pick(rooms)
        var placed: [(item: Int32, room: Int32)] = []
        var here = start
        let drawn = (0..<orders).map { order in
            let wanted = Array(items[order * capacity..<(order + 1) * capacity])
            let chosen = random.distinct(capacity + 1, below: rooms.count - 1)
            let others = rooms.filter { $0 != here }
            placed += zip(wanted, chosen).map { ($0, others[$1]) }
            here = others[chosen[capacity]]
            return WarehouseState.Order(items: wanted, target: here)
        }
        placed += items.suffix(spare).map { ($0, random.pick(rooms)) }
        random.shuffle(&placed)
        return WarehouseState(orders: drawn, rooms: rooms, placed: placed, start: start, capacity: capacity)
    }

    func reader(of prompt: [Int32]) -> WarehouseReader? { WarehouseReader(prompt) }

    /// At no place do more than as many actions lead on as an order names items, and every other room is another action.
    public var statedFloor: Double {
        let plan = orders * (3 * capacity + 1) + 1
        let chance = min(1, Double(capacity) / Double(rooms - 1))
        return FloorBound.chain((1..<plan).map { _ in chance } + [1], budget: plan + options.slack)
    }

    /// Who reads orders but not where things lie guesses the room of each item among those where it can lie.
    public var demonstrationFloor: Double {
        let rooms = (0..<capacity).reduce(0.0) { $0 + 1 / Double(self.rooms - 2 - $1) }
        let known = Double(2 * capacity + 1)
        return (Double(orders) * (known + rooms) + 1) / Double(orders * (3 * capacity + 1) + 1)
    }

    /// Shortcuts on demonstrations: fill the orders, guessing where things lie; repeat the last action.
    public var baselines: [ShortcutBaseline] {
        [Self.shortcut("guess-room", Self.guess), Self.repeatAction]
    }

    /// Follows the last order, guessing the rooms of its items among those that it has not been to since it began, but for
    /// the target.
    private static func guess(_ seen: ArraySlice<Int32>, _ random: inout CounterRandom) -> [Int32] {
        let isRoom = WarehouseState.rooms.contains
        if lastSaid(seen).contains(Vocabulary.nothing) { return ToolSignature.call(Vocabulary.submit) }
        guard let start = seen.lastIndex(of: Vocabulary.order),
            let place = seen[(start + 1)...].firstIndex(where: isRoom),
            let origin = seen[..<start].last(where: isRoom)
        else { return [] }
        let (wanted, target, after) = (seen[(start + 1)..<place], seen[place], seen[(place + 1)...])
        let here = after.last(where: isRoom) ?? origin
        func isDone(_ tool: Int32, _ item: Int32) -> Bool {
            zip(after, after.dropFirst()).contains { $0 == tool && $1 == item }
        }
        if let next = wanted.first(where: { !isDone(Vocabulary.pick, $0) }) {
            // In a new room it takes up what comes next.
            if after.count > 1, lastSaid(seen).dropFirst().first == here {
                return ToolSignature.call(Vocabulary.pick, next)
            }
            let visited = after.filter(isRoom) + [origin, target]
            let open = Set(seen.filter(isRoom)).subtracting(visited).sorted()
            return open.isEmpty ? [] : ToolSignature.call(Vocabulary.move, random.pick(open))
        }
        if here != target { return ToolSignature.call(Vocabulary.move, target) }
        return wanted.first { !isDone(Vocabulary.drop, $0) }.map { ToolSignature.call(Vocabulary.drop, $0) } ?? []
    }
}
