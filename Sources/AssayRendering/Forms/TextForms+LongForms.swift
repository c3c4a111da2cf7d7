import AssayTasks

extension TextForms {
    /// Conversations, instructions, contexts read twice.
    static let longForms: [String: Maker] = [
        "conversation": { _ in conversation }, "instruction": { _ in instruction }, "reread-recall": { _ in reread },
    ]

    private static let conversation = TextForm(
        [
            ("ask", "user N* ? K assistant A"), ("fact", "user N* K V assistant N"),
            ("talk", "user N* assistant N"),
        ],
        .init(
            holders, "A conversation between a user and an assistant, who answers questions with one word.",
            [
                "fact": "\nUser: {2} {3} has the {4}.\nAssistant: {6}", "talk": "\nUser: {2}\nAssistant: {4}",
                "ask": "\nUser: {2} What does {4} have?\nAssistant:{L}",
            ]),
        .init(
            codes, "A talk between a caller and a clerk, who answers questions with the number alone.",
            [
                "fact": "\nCaller: {2} The code of {3} is {4}.\nClerk: {6}", "talk": "\nCaller: {2}\nClerk: {4}",
                "ask": "\nCaller: {2} What is the code of {4}?\nClerk:{L}",
            ]))

    private static let instruction = TextForm(
        [("say", "say P"), ("ask", "? K A"), ("fact", "K V+"), ("noise", "N")], joining: .init(run: ", "),
        .init(
            holders, "Everyone has several things, in an order. Answer with one word, as you are told to.",
            [
                "say": "IMPORTANT: when you are asked for a thing, name only the {2} one.",
                "fact": "{1} has, in this order: {2}.", "noise": "{1}",
                "ask": "{Q} Which thing of {2}'s is to be named?{A}",
            ]),
        .init(
            codes, "Each city has several codes, in an order. Answer with one number, as you are told to.",
            [
                "say": "NOTE: of the codes of a city, only the {2} is ever to be given.",
                "fact": "The codes of {1} are, in this order, {2}.", "noise": "{1}",
                "ask": "{Q} Which code of {2} is to be given?{A}",
            ]))

    private static let reread = TextForm(
        [("ask", "? K = A"), ("before", "? K"), ("after", "= A"), ("fact", "K V"), ("noise", "N")],
        .init(
            holders, "Read who has what, then answer with one word.",
            [
                "fact": "{1} has the {2}.", "noise": "{1}", "before": "We will ask: what does {2} have?",
                "ask": "{Q} What does {2} have?{A}", "after": "{Q} What is the answer to the question above?{A}",
            ]),
        .init(
            codes, "Each city has a code. Read the codes, then answer with the number alone.",
            [
                "fact": "The code of {1} is {2}.", "noise": "{1}", "before": "To be found: the code of {2}.",
                "ask": "{Q} What is the code of {2}?{A}", "after": "{Q} What is the code that was to be found?{A}",
            ]))
}
