extension Vocabulary {
    /// The reason of an error: the tool failed this once, the same call again may succeed.
    public static let unavailable: Int32 = 320
    /// The reason of an error: someone has broken in and is to be served first.
    public static let busy: Int32 = 321
    /// The reason of an error: a precondition does not hold.
    public static let notAllowed: Int32 = 322
    /// Announces a second task that breaks in; its request follows.
    public static let interrupt: Int32 = 323
    /// The tool that looks up what the second task asks for.
    public static let fetch: Int32 = 324
    /// The tool that answers the second task.
    public static let reply: Int32 = 325
    /// The second task is over, the first goes on.
    public static let resume: Int32 = 326
    /// Nothing is there, or nothing is left to do.
    public static let nothing: Int32 = 327

    /// Marks an episode of `key-value-service`.
    public static let serviceTask: Int32 = 328
    /// Marks an episode of `file-tree`.
    public static let filesTask: Int32 = 329
    /// Marks an episode of `warehouse`.
    public static let warehouseTask: Int32 = 330
    /// Marks an episode of `ticket-desk`.
    public static let deskTask: Int32 = 331
    /// Marks an episode of `grid-maze`.
    public static let mazeTask: Int32 = 332

    /// The tool that reads the value of a key.
    public static let get: Int32 = 333
    /// The tool that shows what a bucket or a directory holds.
    public static let list: Int32 = 334
    /// The tool that writes a value.
    public static let put: Int32 = 335
    /// The tool that finds where a word occurs.
    public static let search: Int32 = 336
    /// The tool that replaces the word of a file.
    public static let edit: Int32 = 337
    /// The tool that goes to a room, or a step in a direction.
    public static let move: Int32 = 338
    /// The tool that takes an item up.
    public static let pick: Int32 = 339
    /// The tool that puts an item down.
    public static let drop: Int32 = 340
    /// Announces an order of a warehouse.
    public static let order: Int32 = 341
    /// North; east, south and west follow.
    public static let firstDirection: Int32 = 342
    /// Directions.
    public static let directionCount = 4
    /// The tool that asks a customer to confirm; as a rule: what must be confirmed first.
    public static let confirm: Int32 = 346
    /// The tool that grants a request; as a rule: what is allowed.
    public static let grant: Int32 = 347
    /// The tool that denies a request; as a rule: what is forbidden.
    public static let deny: Int32 = 348
    /// The topic: what kind of request it is. The next token is the other topic, ``aboutItem``.
    public static let aboutKind: Int32 = 349
    /// The topic: which item the request is about.
    public static let aboutItem: Int32 = 350
    /// The customer confirms.
    public static let confirms: Int32 = 351
    /// The customer does not confirm.
    public static let declines: Int32 = 352
    /// The view of a cell that is open to the north alone; the next are those of the other sets of open directions, as
    /// numbers whose bits are north, east, south, west: view number n is `firstView + n - 1`.
    public static let firstView: Int32 = 353
    /// Views: every set of open directions but the empty one.
    public static let viewCount = 15

    /// The tool that opens a file: the word of `tool-world`.
    public static let openFile: Int32 = firstTool + 1
    /// The tool that asks a customer: the word of `tool-world`.
    public static let ask: Int32 = firstTool + 2

    /// The words of the agent tasks: tokens 320, 321, ..., at most 48.
    static let agentWords: [String] =
        [
            "unavailable", "busy", "not-allowed", "interrupt", "fetch", "reply", "resume", "none",
            "service", "files", "warehouse", "desk", "maze",
            "get", "list", "put", "search", "edit", "move", "pick", "drop", "order",
            "north", "east", "south", "west",
            "confirm", "grant", "deny", "kind", "item", "confirms", "declines",
        ]
        + (1...viewCount).map { view in
            "view-" + zip(["n", "e", "s", "w"], 0...).filter { view >> $0.1 & 1 == 1 }.map(\.0).joined()
        }
}
