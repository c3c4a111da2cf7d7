extension TaskCase {
    /// The retrieval tasks, small and large.
    static let retrieval = [
        TaskCase("mqar", ["pairs": 2, "length": 16, "symbols": 8]),
        TaskCase("mqar", ["pairs": 64, "length": 514, "symbols": 64]),
        TaskCase("mqar", ["pairs": 8, "length": 130, "power": 100, "random-non-queries": 0]),
        TaskCase("distance-recall", ["distance": 11, "rivals": 2, "pairs": 3, "length": 32, "symbols": 8]),
        TaskCase("distance-recall", ["distance": 128, "rivals": 8, "pairs": 64, "length": 512, "symbols": 64]),
        TaskCase(
            "compositional-recall", ["first-parts": 2, "second-parts": 2, "queries": 4, "length": 40, "symbols": 8]),
        TaskCase(
            "compositional-recall", ["first-parts": 4, "second-parts": 16, "queries": 16, "length": 512, "symbols": 64]),
        TaskCase("noisy-recall", ["keys": 2, "noise": 0, "queries": 2, "length": 21, "symbols": 8]),
        TaskCase("noisy-recall", ["keys": 32, "noise": 80, "queries": 16, "length": 512]),
        TaskCase("fuzzy-recall", ["pairs": 2, "motif": 1, "queries": 2, "length": 23, "symbols": 8]),
        TaskCase("fuzzy-recall", ["pairs": 32, "motif": 4, "queries": 8, "length": 512, "symbols": 8]),
        TaskCase("phone-book", ["entries": 2, "digits": 1, "queries": 1, "length": 24, "symbols": 8]),
        TaskCase("phone-book", ["entries": 64, "digits": 7, "queries": 4, "length": 768]),
        TaskCase("needle-haystack", ["keys": 1, "length": 65]),
        TaskCase("needle-haystack", ["keys": 1, "values": 4, "length": 256]),
        TaskCase("needle-haystack", ["keys": 2, "haystack": 0, "length": 64]),
        TaskCase("needle-haystack", ["keys": 4, "values": 4, "queries": 2, "haystack": 0, "length": 256]),
        TaskCase("needle-haystack", ["keys": 4, "queries": 4, "haystack": 1, "length": 256]),
        TaskCase("needle-haystack", ["keys": 2, "values": 3, "haystack": 1, "length": 128]),
        TaskCase("needle-haystack", ["keys": 8, "queries": 4, "length": 512, "symbols": 64]),
        TaskCase("associative-needle", ["needles": 2, "queries": 1, "length": 24, "symbols": 8]),
        TaskCase("associative-needle", ["needles": 40, "queries": 8, "length": 512, "symbols": 45]),
        TaskCase("stacks", ["stacks": 1, "pushes": 3, "pops": 1, "queries": 1, "length": 28, "symbols": 8]),
        TaskCase("stacks", ["stacks": 32, "pushes": 6, "pops": 4, "queries": 16, "length": 1200]),
        TaskCase("induction", ["questions": 1, "length": 22]),
        TaskCase("induction", ["questions": 40, "length": 511]),
        TaskCase("copying", ["tokens": 2, "length": 20, "symbols": 8]),
        TaskCase("copying", ["tokens": 200, "length": 512]),
        TaskCase("selective-copying", ["tokens": 2, "length": 20, "symbols": 8]),
        TaskCase("selective-copying", ["tokens": 96, "length": 512]),
        TaskCase("palindrome", ["tokens": 2, "length": 20, "symbols": 8]),
        TaskCase("palindrome", ["tokens": 200, "length": 512]),
        TaskCase("common-words", ["common": 1, "often": 2, "others": 2, "seldom": 1, "length": 17]),
        TaskCase("common-words", ["common": 10, "often": 12, "others": 100, "seldom": 3, "length": 512]),
        TaskCase("frequent-words", ["common": 1, "tokens": 32, "length": 48]),
        TaskCase("frequent-words", ["common": 4, "tokens": 1000, "alpha": 150, "vocabulary": 100, "length": 1024]),
    ]
}

extension TaskCase {
    /// The long forms, small and large.
    static let longForms = [
        TaskCase("conversation", ["facts": 2, "queries": 1, "length": 34, "symbols": 8]),
        TaskCase("conversation", ["facts": 24, "queries": 12, "turn": 16, "length": 1024]),
        TaskCase("instruction", ["facts": 2, "distance": 14, "length": 32, "symbols": 8]),
        TaskCase("instruction", ["facts": 16, "parts": 4, "distance": 400, "length": 512, "symbols": 64]),
        TaskCase("instruction", ["placement": 1]),
        TaskCase("instruction", ["placement": 2, "parts": 3]),
        TaskCase("reread-recall", ["pairs": 2, "length": 22, "symbols": 8]),
        TaskCase("reread-recall", ["order": 1, "length": 96]),
        TaskCase("reread-recall", ["passes": 2, "pairs": 32, "length": 512]),
        TaskCase("reread-recall", ["order": 1, "passes": 2]),
    ]
}

/// Combinations of parameters that contradict each other, with the parameter to change and the bound.
enum RetrievalContradictions {
    static let all: [(String, [String: Int], String, String)] = [
        ("mqar", ["pairs": 40], "symbols", "40"),
        ("mqar", ["length": 16], "length", "18"),
        ("mqar", ["length": 67], "length", "even"),
        ("distance-recall", ["rivals": 20], "rivals", "16"),
        ("distance-recall", ["distance": 64], "length", "131"),
        ("distance-recall", ["gap": 30], "gap", "29"),
        ("compositional-recall", ["first-parts": 8, "second-parts": 8], "symbols", "64"),
        ("noisy-recall", ["length": 48], "length", "49"),
        ("fuzzy-recall", ["queries": 9], "queries", "8"),
        ("phone-book", ["entries": 200, "digits": 1], "digits", "3"),
        ("needle-haystack", ["keys": 1, "haystack": 0], "keys", "2"),
        ("needle-haystack", ["keys": 1, "length": 64], "length", "65"),
        ("associative-needle", ["needles": 20], "symbols", "20"),
        ("stacks", ["pops": 4], "pops", "3"),
        ("stacks", ["queries": 9], "queries", "8"),
        ("induction", ["length": 20], "length", "22"),
        ("copying", ["tokens": 60], "length", "131"),
        ("common-words", ["seldom": 6], "seldom", "5"),
        ("frequent-words", ["tokens": 16], "tokens", "rank 4"),
        ("conversation", ["queries": 9], "queries", "8"),
        ("conversation", ["length": 128], "length", "130"),
        ("instruction", ["distance": 125], "distance", "124"),
        ("instruction", ["facts": 20], "symbols", "40"),
        ("reread-recall", ["pairs": 30], "length", "134"),
    ]
}
