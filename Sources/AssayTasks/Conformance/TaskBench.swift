import AssayCore
import Dispatch

/// Goes through the items of a task once, and keeps what the checks of ``TaskConformance`` need.
struct TaskBench {
    private let task: any TaskGenerator
    private let evaluation: ItemStream
    private let training: ItemStream

    /// Questions of evaluation.
    private(set) var items = 0
    private var trainingItems = 0
    private var clusters = 0
    private var complaints: [String] = []
    /// The content of every question of evaluation, of every sequence, and of every sequence by cluster.
    private var itemBits: Set<UInt64> = []
    private var sequenceBits: Set<UInt64> = []
    private var clusterBits: [[UInt64]] = []
    private var shared = 0
    private var gauge: FloorGauge
    /// The measured floors, once ``floors()`` was asked for.
    private(set) var measured: [FloorMeasurement] = []

    init(_ task: any TaskGenerator, seed: UInt64) {
        self.task = task
        (evaluation, training) = (.evaluation(seed: seed), .training(seed: seed))
        gauge = TaskBench.gauge(task)
    }

    /// Single hops of twins, and main questions by their hops where a task reports them so, are measured apart: what one of
    /// them gains could be lost in the mean of all.
    private static func gauge(_ task: any TaskGenerator) -> FloorGauge {
        let isMultiHop = task.family == .multiHop
        return FloorGauge(task) { _, question in
            if question.item.parent != nil { return "twins" }
            return isMultiHop ? "\(question.item.hops) hops" : ""
        }
    }

    /// Makes items of evaluation until there are enough, and a sequence of training beside each cluster.
    mutating func run(items wanted: Int, clusters fewest: Int) {
        while items < wanted || clusters < fewest {
            let sequences = task.cluster(evaluation, index: clusters)
            for (number, sequence) in sequences.enumerated() {
                note(task.check(sequence), sequence)
                let isNumbered = sequence.questions.allSatisfy {
                    $0.item.id.cluster == clusters && $0.item.id.sequence == number
                }
                if !isNumbered { note(["an item is not that of cluster \(clusters), sequence \(number)"], sequence) }
                items += sequence.questions.count
                itemBits.formUnion(sequence.questions.map(\.item.contentBits))
            }
            clusterBits.append(sequences.map { ContentBits.ofSequence($0.tokens) })
            gauge.add(sequences, cluster: clusters)
            clusters += 1
            // A generator that asks nothing would go on for ever.
            if items == 0, clusters >= fewest { break }
        }
        sequenceBits = Set(clusterBits.joined())
    }

    /// Complaints that are shown; more are only counted.
    private static let shownComplaints = 3

    private mutating func note(_ found: [String], _ sequence: TaskSequence) {
        guard !found.isEmpty else { return }
        let text = found.joined(separator: "; ")
        complaints.append(complaints.count < Self.shownComplaints ? "\(text)\n\(task.describe(sequence))" : text)
    }
}

extension TaskBench {
    /// Checks sequences of training, as many as clusters.
    mutating func answers() -> TaskConformance.Finding {
        for index in 0..<clusters {
            let sequence = task.trainingSequence(training, index: index)
            note(task.check(sequence), sequence)
            trainingItems += sequence.questions.count
        }
        let (found, shown) = (complaints.count, complaints.prefix(Self.shownComplaints).joined(separator: "\n"))
        return .init(
            check: .answers, isSound: complaints.isEmpty && items > 0,
            detail: complaints.isEmpty
                ? "\(items) of evaluation and \(trainingItems) of training agree with the checker"
                : "\(found) sequences are wrong, such as\n\(shown)")
    }

    private mutating func count(_ sequence: TaskSequence) {
        if sequenceBits.contains(ContentBits.ofSequence(sequence.tokens)) { shared += 1 }
        shared += sequence.questions.filter { itemBits.contains($0.item.contentBits) }.count
    }

    /// Makes clusters again: backwards from another instance, at places far apart, and from four threads at once.
    func order() -> TaskConformance.Finding {
        let other = (try? TaskRegistry.make(task.identity.generator, parameters: task.identity.parameters)) ?? task
        let shown = min(clusters, 64)
        let places = (0..<shown).map { $0 * clusters / shown }
        let isSame = places.reversed().allSatisfy { place in
            _ = other.cluster(training, index: place)
            return other.cluster(evaluation, index: place).map { ContentBits.ofSequence($0.tokens) }
                == clusterBits[place]
        }
        let alone = places.map { task.trainingSequence(training, index: $0) }
        let threads = 4
        let matches = Matches(count: threads)
        let (source, stream) = (task, training)
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
            let start = thread * places.count / threads
            let isEqual = places.indices.allSatisfy { step in
                let number = (start + step) % places.count
                return source.trainingSequence(stream, index: places[number]) == alone[number]
            }
            matches.set(thread, isEqual)
        }
        let isSound = isSame && matches.areAll
        return .init(
            check: .order, isSound: isSound,
            detail: isSound
                ? "\(places.count) clusters are the same backwards, from another instance and from \(threads) threads"
                : "the same numbers give other items \(isSame ? "from several threads" : "in another order")")
    }

    /// Counts sequences and items of training that are evaluated as well: of two seeds of evaluation and two of training, and
    /// of clusters of training too.
    mutating func streams() -> TaskConformance.Finding {
        let second = ItemStream.training(seed: 77)
        for index in 0..<clusters {
            for sequence in task.cluster(.evaluation(seed: 77), index: index) {
                itemBits.formUnion(sequence.questions.map(\.item.contentBits))
                sequenceBits.insert(ContentBits.ofSequence(sequence.tokens))
            }
        }
        for index in 0..<clusters { count(task.trainingSequence(training, index: index)) }
        for index in 0..<3 * clusters { count(task.trainingSequence(second, index: index)) }
        let own = (clusters + 9) / 10
        for sequence in (0..<own).flatMap({ task.cluster(second, index: $0) }) { count(sequence) }
        let isSound = shared == 0 && itemBits.count > clusters
        return .init(
            check: .streams, isSound: isSound,
            detail: isSound
                ? "none of \(itemBits.count) different items is among \(4 * clusters) sequences and \(own) clusters of "
                    + "training"
                : "\(shared) items and sequences of training are among \(itemBits.count) different items that are evaluated"
        )
    }

    /// Holds every shortcut, and the agents without understanding, against the stated floor. Some reach theirs exactly, and
    /// one in forty of those lies over it by chance: what does is measured again on four times as many other items, and
    /// must then lie over it by three standard errors, of which a whole registry has one by chance in a few hundred runs.
    mutating func floors() -> TaskConformance.Finding {
        measured = gauge.measurements + agents(evaluation)
        guard measured.contains(where: \.beatsStatedFloor) else { return found([]) }
        var again = TaskBench.gauge(task)
        let fresh = ItemStream.evaluation(seed: 1_001)
        for index in 0..<4 * clusters { again.add(task.cluster(fresh, index: index), cluster: index) }
        let repeated = Set(
            (again.measurements + agents(fresh)).filter { $0.exceeds(standardErrors: 3) }.map(\.baseline))
        return found(measured.filter { $0.beatsStatedFloor && repeated.contains($0.baseline) })
    }

    private func agents(_ stream: ItemStream) -> [FloorMeasurement] {
        (task as? any AgentTaskGenerator)?.measuredAgentFloor(stream, episodes: clusters) ?? []
    }

    private func found(_ wrong: [FloorMeasurement]) -> TaskConformance.Finding {
        .init(
            check: .floors, isSound: wrong.isEmpty && !measured.isEmpty,
            detail: wrong.isEmpty
                ? "\(measured.count) scores of shortcuts do not beat the stated floor"
                : wrong.map { floor in
                    "\(floor.baseline) scores \(floor.score) +- \(1.96 * floor.standardError) against \(floor.stated)"
                }.joined(separator: "; "))
    }
}

/// Whether each of some threads found what it should.
private final class Matches: @unchecked Sendable {
    // Every thread writes its own place, and nobody reads before all are done.
    private let places: UnsafeMutableBufferPointer<Bool>

    init(count: Int) {
        places = .allocate(capacity: count)
        places.initialize(repeating: false)
    }

    deinit { places.deallocate() }

    func set(_ place: Int, _ isEqual: Bool) { places[place] = isEqual }

    var areAll: Bool { places.allSatisfy { $0 } }
}
