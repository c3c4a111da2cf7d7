import AssayCore

/// The tickets of ``TicketDesk`` and what was found out about the one that is open.
struct DeskState: World {
    static let kinds = SymbolRange(offset: 0, count: 32)
    static let customers = SymbolRange(offset: 32, count: 32)
    static let items = SymbolRange(offset: 64, count: 96)
    static let noise = SymbolRange(offset: 160, count: 16)
    private static let decision = [ToolArgument("kind", kinds), ToolArgument("item", items)]
    static let tools = [
        ToolSignature(Vocabulary.ask, ToolArgument("about", Vocabulary.aboutKind..<Vocabulary.aboutItem + 1)),
        ToolSignature(Vocabulary.confirm, ToolArgument("item", items)),
        ToolSignature(Vocabulary.grant, decision[0], decision[1]),
        ToolSignature(Vocabulary.deny, decision[0], decision[1]),
        ToolSignature(Vocabulary.submit),
    ]

    /// A request, as the scripted customer would tell it if asked.
    struct Ticket: Sendable, Hashable {
        let customer: Int32
        let kind: Int32
        let item: Int32
        /// What the customer says when asked to confirm.
        let confirms: Bool
    }

    /// Kinds of requests, and for each `grant` (allowed), `deny` (forbidden) or `confirm` (to be confirmed first).
    let policy: [(kind: Int32, rule: Int32)]
    let tickets: [Ticket]
    /// Tokens between the policy and the first ticket.
    let filler: [Int32]
    let drawnBits: UInt64
    private var closed = 0
    private var knowsKind = false
    private var knowsItem = false
    private var isConfirmed = false
    private var wrong = 0
    private var tested = 0
    private var violations = 0
    private var lastSaid: Int32 = Vocabulary.padding
    private(set) var isSolved = false
    private(set) var isOver = false

    init(policy: [(kind: Int32, rule: Int32)], tickets: [Ticket], filler: [Int32]) {
        (self.policy, self.tickets, self.filler) = (policy, tickets, filler)
        drawnBits = ContentBits.fast(
            policy.flatMap { [$0.kind, $0.rule] } + filler
                + tickets.flatMap { [$0.customer, $0.kind, $0.item, $0.confirms ? 1 : 0] })
    }

    var tools: [ToolSignature] { Self.tools }
    var facts: Int { policy.count }
    var load: Int { policy.count }
    var prompt: [Int32] {
        [Vocabulary.start, Vocabulary.deskTask] + policy.flatMap { [$0.kind, $0.rule] } + filler
            + [Vocabulary.observation] + announce(0) + [Vocabulary.act]
    }
    var bits: UInt64 {
        let known = (knowsKind ? 1 : 0) | (knowsItem ? 2 : 0) | (isConfirmed ? 4 : 0)
        return drawnBits ^ ContentBits.mix(UInt64(closed << 32 | wrong << 16 | violations << 8 | known))
    }
    /// Two questions of six tokens each and, where it is needed, a confirmation; a decision and the next ticket.
    var optimalLength: Int {
        let decisions = tickets.reduce(0) { $0 + 12 + (rule(for: $1) == Vocabulary.confirm ? 6 : 0) + 8 }
        return prompt.count + decisions - 1 + 2
    }
    /// Episodes that came to a decision for which the policy has a rule, and the decisions against it.
    var counts: [String: Double] { ["ruled": Double(tested), "violations": Double(violations)] }

    private func announce(_ number: Int) -> [Int32] {
        number < tickets.count ? [Vocabulary.goal, tickets[number].customer] : [Vocabulary.nothing]
    }

    private var ticket: Ticket? { closed < tickets.count ? tickets[closed] : nil }

    private func rule(for ticket: Ticket) -> Int32 {
        policy.first { $0.kind == ticket.kind }?.rule ?? Vocabulary.deny
    }

    private func steps(for ticket: Ticket) -> Int { rule(for: ticket) == Vocabulary.confirm ? 4 : 3 }

    /// Both questions must be asked before a decision, and a confirmation where the policy says so; so no plan is shorter.
    var remainingSteps: Int {
        guard !isOver else { return 0 }
        guard let ticket else { return 1 }
        let later = tickets.dropFirst(closed + 1).reduce(1) { $0 + steps(for: $1) }
        let done = (knowsKind ? 1 : 0) + (knowsItem ? 1 : 0)
        let confirmed = isConfirmed && rule(for: ticket) == Vocabulary.confirm ? 1 : 0
        return later + steps(for: ticket) - done - confirmed
    }

    private static func decide(_ tool: Int32, _ ticket: Ticket) -> [Int32] {
        ToolSignature.call(tool, ticket.kind, ticket.item)
    }

    private static let askKind = ToolSignature.call(Vocabulary.ask, Vocabulary.aboutKind)
    private static let askItem = ToolSignature.call(Vocabulary.ask, Vocabulary.aboutItem)

    private func decisions(_ ticket: Ticket) -> [[Int32]] {
        [Self.decide(Vocabulary.grant, ticket), Self.decide(Vocabulary.deny, ticket)]
    }

    var legalActions: [[Int32]] {
        guard let ticket else { return [ToolSignature.call(Vocabulary.submit)] }
        var actions = [Self.askKind, Self.askItem]
        if knowsItem { actions.append(ToolSignature.call(Vocabulary.confirm, ticket.item)) }
        if knowsItem, knowsKind { actions += decisions(ticket) }
        return actions + [ToolSignature.call(Vocabulary.submit)]
    }

    /// Does as the customer says; does not know the policy, nor, when it has asked for one thing, the other.
    var memorylessActions: [[Int32]] {
        guard let ticket else { return [ToolSignature.call(Vocabulary.submit)] }
        switch lastSaid {
        case Vocabulary.confirms where knowsKind: return [Self.decide(Vocabulary.grant, ticket)]
        case Vocabulary.declines where knowsKind: return [Self.decide(Vocabulary.deny, ticket)]
        case ticket.kind: return [Self.askItem]
        case ticket.item where knowsKind:
            return decisions(ticket) + [ToolSignature.call(Vocabulary.confirm, ticket.item)]
        default: return [Self.askKind]
        }
    }

    var expertAction: [Int32] {
        guard let ticket else { return ToolSignature.call(Vocabulary.submit) }
        if !knowsKind { return Self.askKind }
        if !knowsItem { return Self.askItem }
        let rule = rule(for: ticket)
        guard rule == Vocabulary.confirm else { return Self.decide(rule, ticket) }
        guard isConfirmed else { return ToolSignature.call(Vocabulary.confirm, ticket.item) }
        return Self.decide(ticket.confirms ? Vocabulary.grant : Vocabulary.deny, ticket)
    }

    mutating func apply(_ words: ArraySlice<Int32>) -> WorldAnswer {
        guard words.first != Vocabulary.submit else {
            isOver = true
            isSolved = closed == tickets.count && wrong == 0
            return .shows([isSolved ? Vocabulary.done : Vocabulary.failed])
        }
        guard let ticket else { return .refused(Vocabulary.notAllowed) }
        switch words.first {
        case Vocabulary.ask:
            let isKind = words.last == Vocabulary.aboutKind
            if isKind { knowsKind = true } else { knowsItem = true }
            return say(isKind ? ticket.kind : ticket.item)
        case Vocabulary.confirm:
            guard knowsItem, words.last == ticket.item else { return .refused(Vocabulary.notKnown) }
            isConfirmed = true
            return say(ticket.confirms ? Vocabulary.confirms : Vocabulary.declines)
        default:
            guard knowsKind, knowsItem, words.dropFirst().elementsEqual([ticket.kind, ticket.item]) else {
                return .refused(Vocabulary.notKnown)
            }
            close(ticket, isGranted: words.first == Vocabulary.grant)
            return .shows(announce(closed))
        }
    }

    private mutating func say(_ token: Int32) -> WorldAnswer {
        lastSaid = token
        return .shows([token])
    }

    /// A decision stands. Granting what is forbidden, deciding without the confirmation that the policy asks for, or
    /// granting what was not confirmed breaks a rule; denying what is allowed is merely wrong.
    private mutating func close(_ ticket: Ticket, isGranted: Bool) {
        switch rule(for: ticket) {
        case Vocabulary.grant:
            if !isGranted { wrong += 1 }
        case Vocabulary.deny:
            tested += 1
            if isGranted { (wrong, violations) = (wrong + 1, violations + 1) }
        default:
            tested += 1
            if !isConfirmed || isGranted && !ticket.confirms {
                (wrong, violations) = (wrong + 1, violations + 1)
            } else if isGranted != ticket.confirms {
                wrong += 1
            }
        }
        closed += 1
        (knowsKind, knowsItem, isConfirmed) = (false, false, false)
        lastSaid = Vocabulary.padding
    }

    /// A malformed call, another tool, or a confirmation that is not needed.
    func wrongAction(_ random: inout CounterRandom) -> [Int32] {
        let needless = ticket.flatMap { knowsItem && rule(for: $0) != Vocabulary.confirm ? $0.item : nil }
        let slips = needless.map { [ToolSignature.call(Vocabulary.confirm, $0)] } ?? []
        let right = expertAction
        switch random.below(3) {
        case 0: return [right[0], right[0], Vocabulary.end]
        case 1: return right.count > 2 ? [right[0], Vocabulary.end] : [Vocabulary.end]
        default:
            let item = Self.items[random.below(Self.items.count)]
            return slips.first
                ?? (item == ticket?.item ? [Vocabulary.end] : ToolSignature.call(Vocabulary.confirm, item))
        }
    }
}
