import AssayCore

@testable import AssayMetrics

/// A question and how it went.
struct Asked {
    var cluster: Int
    var sequence = 0
    var question = 0
    var hops = 1
    var load = 8
    var distance = 10
    var parent: ItemID?
    var score: Double?
    var nll: Double?
    var status = ResponseStatus.graded
    var detail: [String: Double] = [:]

    var id: ItemID { ItemID(cluster: cluster, sequence: sequence, question: question) }

    var scored: ScoredItem {
        ScoredItem(
            item: ItemRecord(
                id: id, hops: hops, facts: load, length: 64, distance: distance, load: load, position: 0.5,
                parent: parent, contentBits: UInt64(bitPattern: id.rawValue) &* 31),
            response: ResponseRecord(item: id, status: status, score: score, nll: nll, detail: detail))
    }
}

extension CellData {
    static func made(
        _ task: String, generator: String? = nil, family: TaskFamily = .retrieval,
        path: KernelPath = .parallel, floor: Double = 0, stateBytes: Int = 1_024, _ asked: [Asked]
    ) -> CellData {
        CellData(
            task: task, generator: generator ?? task, family: family, condition: Condition(path: path), floor: floor,
            stateBytes: stateBytes, items: asked.map(\.scored))
    }

    static func made(
        family: TaskFamily = .retrieval, path: KernelPath = .parallel, floor: Double = 0, _ asked: [Asked]
    ) -> CellData {
        made("recall", family: family, path: path, floor: floor, asked)
    }
}

extension [MetricValue] {
    func value(_ metric: String, _ slice: String = "all", task: String? = nil) -> MetricValue? {
        first { $0.metric == metric && $0.slice == slice && (task == nil || $0.task == task) }
    }
}

extension [ComparisonResult] {
    func result(_ metric: String, _ slice: String = "all", task: String? = nil) -> ComparisonResult? {
        first { $0.metric == metric && $0.slice == slice && (task == nil || $0.task == task) }
    }
}

/// One right or wrong answer a cluster and question.
func answers(clusters: Int, questions: Int, _ share: Double, _ random: inout CounterRandom) -> [Asked] {
    (0..<clusters).flatMap { cluster in
        (0..<questions).map { question in
            let isRight = random.chance(share)
            return Asked(
                cluster: cluster, question: question, score: isRight ? 1 : 0,
                nll: max(0, (isRight ? 0.3 : 2) + 0.2 * random.normal()))
        }
    }
}
