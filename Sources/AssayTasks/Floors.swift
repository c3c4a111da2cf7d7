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
    public var beatsStatedFloor: Bool { score - 1.96 * standardError > stated + 1e-9 }
}

extension TaskGenerator {
    /// Runs every shortcut over clusters of a stream; for an agent task the floor agents play episodes as well.
    public func measuredFloor(_ stream: ItemStream, clusters: Int) -> [FloorMeasurement] {
        let stated = (self as? any AgentTaskGenerator)?.demonstrationFloor ?? statedFloor
        var tallies = baselines.map { FloorTally(name: $0.name, stated: stated) }
        for index in 0..<clusters {
            let sequences = cluster(stream, index: index)
            for (number, baseline) in baselines.enumerated() {
                var random = CounterRandom(key: ContentBits.mix(UInt64(number) &+ 0xF100), index: UInt64(index))
                for sequence in sequences {
                    for question in sequence.questions {
                        tallies[number].add(baseline.score(sequence, question, &random))
                    }
                }
                tallies[number].closeCluster()
            }
        }
        var measured = tallies.map(\.measurement)
        if let agents = self as? any AgentTaskGenerator {
            measured += agents.measuredAgentFloor(stream, episodes: clusters)
        }
        return measured
    }

    /// Runs every shortcut over given sequences, each a cluster of its own.
    public func measuredFloor(items sequences: [TaskSequence]) -> [FloorMeasurement] {
        let stated = (self as? any AgentTaskGenerator)?.demonstrationFloor ?? statedFloor
        return baselines.enumerated().map { number, baseline in
            var tally = FloorTally(name: baseline.name, stated: stated)
            for (index, sequence) in sequences.enumerated() {
                var random = CounterRandom(key: ContentBits.mix(UInt64(number) &+ 0xF100), index: UInt64(index))
                for question in sequence.questions { tally.add(baseline.score(sequence, question, &random)) }
                tally.closeCluster()
            }
            return tally.measurement
        }
    }
}

/// Sums for a mean over questions with a clustered standard error.
struct FloorTally {
    let name: String
    let stated: Double
    private var clusters: [(sum: Double, count: Int)] = []
    private var open: (sum: Double, count: Int) = (0, 0)

    init(name: String, stated: Double) {
        self.name = name
        self.stated = stated
    }

    mutating func add(_ score: Double) { open = (open.sum + score, open.count + 1) }

    mutating func closeCluster() {
        clusters.append(open)
        open = (0, 0)
    }

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
