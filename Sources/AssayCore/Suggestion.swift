/// Finds the word that a user most likely meant.
public enum Suggestion {
    /// The candidate nearest to a mistyped word, when one is near enough to be meant.
    public static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        guard !word.isEmpty else { return nil }
        let limit = max(1, word.count / 3)
        return
            candidates
            .map { (distance: distance(word.lowercased(), $0.lowercased()), word: $0) }
            .filter { $0.distance <= limit || $0.word.lowercased().hasPrefix(word.lowercased()) }
            .min { ($0.distance, $0.word) < ($1.distance, $1.word) }?
            .word
    }

    /// `Did you mean 'x'?`, or the list of what there is.
    public static func remedy(for word: String, among candidates: [String]) -> String {
        if let near = nearest(to: word, among: candidates) { return "Did you mean '\(near)'?" }
        return "Known: " + candidates.sorted().joined(separator: ", ")
    }

    /// Edits (insert, delete, replace, swap of neighbours) between two words.
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a)
        let b = Array(b)
        var rows = [Array(0...b.count)]
        for i in 0..<a.count {
            var row = [i + 1]
            for j in 0..<b.count {
                var best = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
