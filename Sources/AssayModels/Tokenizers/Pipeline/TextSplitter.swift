/// A pattern, and what becomes of the text that it matches.
struct TextSplitter: Sendable {
    /// What becomes of a match.
    enum Behaviour: String, Sendable, CaseIterable {
        /// It is dropped.
        case removed = "Removed"
        /// It is a piece of its own.
        case isolated = "Isolated"
        /// It ends the piece before it.
        case mergedWithPrevious = "MergedWithPrevious"
        /// It begins the piece after it.
        case mergedWithNext = "MergedWithNext"
        /// Matches in a row are one piece.
        case contiguous = "Contiguous"
    }

    let pattern: TextPattern
    let behaviour: Behaviour
    /// Whether what does not match counts as matched.
    var isInverted = false

    /// Appends the pieces of a range of a text; empty ones are dropped.
    func split(
        _ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>, into pieces: inout [Range<Int>]
    ) throws {
        if range.isEmpty { return }
        let start = range.lowerBound
        let part = UnsafeBufferPointer(rebasing: text[range])
        if behaviour == .isolated {
            // The frequent case needs no list of matches: what matches and what lies between are pieces alike.
            var end = 0
            try pattern.matches(in: part) { match in
                if match.lowerBound > end { pieces.append(start + end..<start + match.lowerBound) }
                if !match.isEmpty { pieces.append(start + match.lowerBound..<start + match.upperBound) }
                end = match.upperBound
            }
            if end < part.count { pieces.append(start + end..<start + part.count) }
            return
        }
        for piece in join(try parts(of: part)) where !piece.isEmpty {
            pieces.append(start + piece.lowerBound..<start + piece.upperBound)
        }
    }

    private typealias Part = (range: Range<Int>, isMatch: Bool)

    /// The whole text as matches and what lies between them.
    private func parts(of text: UnsafeBufferPointer<UInt8>) throws -> [Part] {
        var parts: [Part] = []
        var end = 0
        try pattern.matches(in: text) { match in
            if match.lowerBound > end { parts.append((end..<match.lowerBound, isInverted)) }
            parts.append((match, !isInverted))
            end = match.upperBound
        }
        if end < text.count { parts.append((end..<text.count, isInverted)) }
        return parts
    }

    /// Source: the package `tokenizers`, `NormalizedString::split`.
    private func join(_ parts: [Part]) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var wasMatch = false
        switch behaviour {
        case .isolated: return parts.map(\.range)
        case .removed: return parts.filter { !$0.isMatch }.map(\.range)
        case .contiguous, .mergedWithPrevious:
            for part in parts {
                let joins = behaviour == .contiguous ? part.isMatch == wasMatch : part.isMatch && !wasMatch
                if joins, let last = pieces.popLast() {
                    pieces.append(last.lowerBound..<part.range.upperBound)
                } else {
                    pieces.append(part.range)
                }
                wasMatch = part.isMatch
            }
            return pieces
        case .mergedWithNext:
            for part in parts.reversed() {
                if part.isMatch, !wasMatch, let last = pieces.popLast() {
                    pieces.append(part.range.lowerBound..<last.upperBound)
                } else {
                    pieces.append(part.range)
                }
                wasMatch = part.isMatch
            }
            return pieces.reversed()
        }
    }
}
