import AssayCore

/// The measured score of a shortcut on a task.
public struct FloorMeasurement: Sendable, Hashable, Codable {
    /// The shortcut.
    public let baseline: String
    /// Its mean score, questions weighted equally.
    public let score: Double
    /// Standard error of the score, from clusters.
    public let standardError: Double
    /// Questions (or episodes) scored.
    public let n: Int
    /// The floor that the score must not exceed.
    public let stated: Double

    /// Whether the score is above the stated floor beyond chance: the lower 95 % bound lies over it.
    public var beatsStatedFloor: Bool { exceeds(standardErrors: 1.96) }

    /// Whether the score lies over the stated floor by some standard errors.
    func exceeds(standardErrors count: Double) -> Bool { score - count * standardError > stated + 1e-9 }
}

extension TaskGenerator {
    /// Runs every shortcut over clusters of a stream; for an agent task the floor agents play episodes as well.
    public func measuredFloor(_ stream: ItemStream, clusters: Int) -> [FloorMeasurement] {
        var gauge = FloorGauge(self)
        for index in 0..<clusters { gauge.add(cluster(stream, index: index), cluster: index) }
        var measured = gauge.measurements
        if let agents = self as? any AgentTaskGenerator {
            measured += agents.measuredAgentFloor(stream, episodes: clusters)
        }
        return measured
    }

    /// Runs every shortcut over given sequences, each a cluster of its own.
    public func measuredFloor(items sequences: [TaskSequence]) -> [FloorMeasurement] {
        var gauge = FloorGauge(self)
        for (index, sequence) in sequences.enumerated() { gauge.add([sequence], cluster: index) }
        return gauge.measurements
    }
}

/// The shortcuts of a task, run over its sequences cluster by cluster.
struct FloorGauge {
    private let baselines: [ShortcutBaseline]
    private let stated: Double
    private let part: @Sendable (TaskSequence, Question) -> String?
    /// For each shortcut, its scores by the part of the questions.
    private var tallies: [[String: FloorTally]]

    /// The shortcuts of a task.
    /// - Parameter part: the part of the questions that one belongs to, each of which is measured by itself; nil for one that
    ///   is not measured. By default all are one.
    init(_ task: any TaskGenerator, part: @escaping @Sendable (TaskSequence, Question) -> String? = { _, _ in "" }) {
        baselines = task.baselines
        stated = (task as? any AgentTaskGenerator)?.demonstrationFloor ?? task.statedFloor
        self.part = part
        tallies = Array(repeating: [:], count: baselines.count)
    }

    /// Scores the questions of a cluster.
    mutating func add(_ sequences: [TaskSequence], cluster: Int) {
        let parts = sequences.map { sequence in sequence.questions.map { part(sequence, $0) } }
        for (number, baseline) in baselines.enumerated() {
            var random = CounterRandom(key: ContentBits.mix(UInt64(number) &+ 0xF100), index: UInt64(cluster))
            var sums: [String: (sum: Double, count: Int)] = [:]
            for (sequence, parts) in zip(sequences, parts) {
                for (score, part) in zip(baseline.scores(sequence, &random), parts) {
                    guard let part else { continue }
                    let old = sums[part] ?? (0, 0)
                    sums[part] = (old.sum + score, old.count + 1)
                }
            }
            for (part, (sum, count)) in sums {
                let name = part.isEmpty ? baseline.name : "\(baseline.name), \(part)"
                tallies[number][part, default: FloorTally(name: name, stated: stated)].add(sum, of: count)
            }
        }
    }

    /// What each shortcut scored on each part.
    var measurements: [FloorMeasurement] {
        tallies.flatMap { parts in parts.sorted { $0.key < $1.key }.map(\.value.measurement) }
    }
}

/// Floors that have no simple sum.
enum FixedDraws {
    /// The mean score of a shortcut in draws that are always the same, and three standard errors; at most 1.
    /// - Parameters:
    ///   - name: the name of the random numbers.
    ///   - score: the sum of the scores of the questions of a draw, and their number.
    static func bound(
        _ name: String, draws: Int, _ score: (inout CounterRandom) -> (sum: Double, count: Int)
    ) -> Double {
        var random = CounterRandom(domain: name, index: 0)
        var tally = FloorTally(name: name, stated: 1)
        for _ in 0..<draws {
            let (sum, count) = score(&random)
            tally.add(sum, of: count)
        }
        let measured = tally.measurement
        return min(1, measured.score + 3 * measured.standardError)
    }
}

/// Sums for a mean over questions with a clustered standard error.
struct FloorTally {
    let name: String
    let stated: Double
    private var clusters: [(sum: Double, count: Int)] = []

    init(name: String, stated: Double) {
        self.name = name
        self.stated = stated
    }

    /// Adds a cluster: the sum of the scores of its questions, and their number.
    mutating func add(_ sum: Double, of count: Int = 1) { clusters.append((sum, count)) }

    /// The mean, and the linearised standard error of a ratio of cluster sums.
    var measurement: FloorMeasurement {
        let count = clusters.reduce(0) { $0 + $1.count }
        let mean = count == 0 ? 0 : clusters.reduce(0) { $0 + $1.sum } / Double(count)
        let groups = Double(clusters.count)
        let squares = clusters.reduce(0) { total, cluster in
            let residual = cluster.sum - mean * Double(cluster.count)
            return total + residual * residual
        }
        let error = count == 0 || groups < 2 ? 0 : (squares * groups / (groups - 1)).squareRoot() / Double(count)
        return FloorMeasurement(baseline: name, score: mean, standardError: error, n: count, stated: stated)
    }
}
