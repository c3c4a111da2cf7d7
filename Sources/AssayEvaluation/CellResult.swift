import AssayCore

/// What a cell gave: its items in order, and a response for each.
public struct CellResult: Sendable {
    /// The items.
    public var items: [ItemRecord]
    /// The responses, in the order of the items.
    public var responses: [ResponseRecord]
    /// Wall-clock seconds that the cell took.
    public var seconds: Double

    /// A result.
    public init(items: [ItemRecord], responses: [ResponseRecord], seconds: Double) {
        self.items = items
        self.responses = responses
        self.seconds = seconds
    }

    /// Items and responses joined.
    public var scored: [ScoredItem] { zip(items, responses).map { ScoredItem(item: $0, response: $1) } }
}
