import AssayCore

/// A desk with a policy that was stated far away, and customers who tell only what they are asked.
///
///     <s> desk k0 grant k1 deny k2 confirm ... : goal c0 >   ask kind </s>   : k2 >   ask item </s>   : i5 >
///     confirm i5 </s>   : yes >   grant k2 i5 </s>   : goal c1 >   ...   submit </s>
///
/// The policy says of each kind of request whether it is allowed, forbidden, or to be confirmed by the customer first. Of a
/// ticket the customer is named; the kind and the item come out when they are asked for, and both have to be before a
/// decision. Decisions stand. A ticket that was granted though forbidden, decided without the confirmation that the policy
/// asks for, or granted against it breaks a rule: such violations are counted, in the episodes where a rule could be broken.
public struct TicketDesk: WorldTask {
    /// The generator's name.
    public static let name = "ticket-desk"
    /// The parameters.
    public static let parameters =
        [
            TaskParameter("tickets", 4, 3...24, "tickets: each takes three actions, one in three a confirmation more"),
            TaskParameter("rules", 8, 3...32, "kinds of requests with a rule"),
            TaskParameter("gap", 16, 0...4096, "tokens without meaning between the policy and the first ticket"),
            .demonstrationLength(192),
        ] + EpisodeOptions.parameters
    static let kind = TaskKind(
        name: name, family: .agent,
        summary: "requests to decide by a policy stated far away, and customers who tell only what they are asked",
        parameters: parameters, make: { try TicketDesk($0) })

    static let token = Vocabulary.deskTask
    static let errorRoom = 6
    static let errorSteps = 1

    let frame: WorldFrame
    private let tickets: Int
    private let rules: Int
    private let gap: Int

    /// The task of these parameter values.
    /// - Throws: ``AssayError`` naming the parameter that is unknown, out of range or contradicts the others.
    public init(_ given: [String: Int] = [:]) throws {
        let p = try ParameterValues(Self.name, Self.parameters, given)
        (tickets, rules, gap) = (p["tickets"], p["rules"], p["gap"])
        let plan = 3 * tickets + tickets / 3 + 1
        let optimal = 2 + 2 * rules + gap + 4 + 20 * tickets + 6 * (tickets / 3) - 1 + 2
        frame = try WorldFrame(
            Self.name, p, plan: plan, optimal: optimal, longestCall: 4, error: Self.errorRoom)
    }

    /// Tickets of each rule, of so many: one in three forbidden, one in three to be confirmed, the others allowed.
    private static func rules(of tickets: Int) -> [Int32] {
        let third = tickets / 3
        return [Int32](repeating: Vocabulary.deny, count: third)
            + [Int32](repeating: Vocabulary.confirm, count: third)
            + [Int32](repeating: Vocabulary.grant, count: tickets - 2 * third)
    }

    func draw(isTraining: Bool, _ random: inout CounterRandom) -> DeskState {
        let tickets = isTraining ? random.difficulty(3...tickets) : tickets
        let rules = isTraining ? random.difficulty(3...rules) : rules
        let kinds = DeskState.kinds.distinct(rules, &random)
        let basic = [Vocabulary.grant, Vocabulary.deny, Vocabulary.confirm]
        let policy = kinds.enumerated().map { number, kind in
            (kind: kind, rule: number < 3 ? basic[number] : random.pick(basic))
        }
        var asked = Self.rules(of: tickets)
        random.shuffle(&asked)
        let customers = random.rounds(tickets, of: DeskState.customers.count).map { DeskState.customers[$0] }
        let items = DeskState.items.distinct(tickets, &random)
        let drawn = asked.indices.map { number in
            let kind = random.pick(policy.filter { $0.rule == asked[number] }.map(\.kind))
            // Of what is forbidden the customer is always sure.
            let confirms = asked[number] != Vocabulary.confirm || random.next() & 1 == 0
            return DeskState.Ticket(customer: customers[number], kind: kind, item: items[number], confirms: confirms)
        }
        var shown = policy
        random.shuffle(&shown)
        let filler = (0..<gap).map { _ in DeskState.noise[random.below(DeskState.noise.count)] }
        return DeskState(policy: shown, tickets: drawn, filler: filler)
    }

    func reader(of prompt: [Int32]) -> DeskReader? { DeskReader(prompt) }

    /// Every ticket is decided once, and without the policy no better than by a coin: who asks for confirmation at random
    /// gets less than half of those that need one right, and there are as many of them as of those on which it gains.
    public var statedFloor: Double { (0..<tickets).reduce(1) { floor, _ in floor / 2 } }

    /// Asking is always right, and so is what follows a confirmation; else what most tickets need is right as often as they
    /// come.
    public var demonstrationFloor: Double {
        let third = tickets / 3
        let right: Int = 3 * tickets - third + 1
        let all: Int = 3 * tickets + third + 1
        return Double(right) / Double(all)
    }

    /// Shortcuts on demonstrations: grant everything, repeat the last action.
    public var baselines: [ShortcutBaseline] {
        [
            Self.shortcut("grant-all") { seen, _ in
                let said = Self.lastSaid(seen)
                if said.contains(Vocabulary.nothing) { return ToolSignature.call(Vocabulary.submit) }
                if said.contains(Vocabulary.goal) { return ToolSignature.call(Vocabulary.ask, Vocabulary.aboutKind) }
                guard let kind = seen.last(where: DeskState.kinds.contains) else { return [] }
                if said.contains(kind) { return ToolSignature.call(Vocabulary.ask, Vocabulary.aboutItem) }
                guard let item = seen.last(where: DeskState.items.contains) else { return [] }
                let tool = said.contains(Vocabulary.declines) ? Vocabulary.deny : Vocabulary.grant
                return ToolSignature.call(tool, kind, item)
            },
            Self.repeatAction,
        ]
    }
}
