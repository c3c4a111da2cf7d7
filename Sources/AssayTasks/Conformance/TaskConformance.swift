import AssayCore
import Dispatch
import Foundation

/// Everything that a task must hold to, checked in one call on many of its items.
///
///     let report = TaskConformance.check(try TaskRegistry.make("successor", parameters: ["hops": 8]))
///     #expect(report.isSound, "\(report)")
///
/// The checks know nothing of what a task asks: they hold its generator against its checker, its items against themselves
/// made in another way, its streams against each other and its shortcuts against the floor that it states.
public struct TaskConformance {
    /// What is checked.
    public enum Check: String, Sendable, CaseIterable {
        /// The independent checker finds nothing wrong with any item of evaluation or training.
        case answers
        /// Items are the same in any order, from another instance, and from several threads at once.
        case order
        /// No item that is evaluated is in the training stream, whatever the seeds.
        case streams
        /// No shortcut is above the stated floor, in no part of the questions: the lower 95 % bound is not over it.
        case floors
    }

    /// How one check ended.
    public struct Finding: Sendable {
        /// Which check.
        public let check: Check
        /// Whether it holds.
        public let isSound: Bool
        /// What was counted, or what is wrong.
        public let detail: String
    }

    /// The findings on one task.
    public struct Report: Sendable, CustomStringConvertible {
        /// What was checked, such as `successor hops=8`.
        public let subject: String
        /// Questions of evaluation that were checked.
        public let items: Int
        /// One finding for every check.
        public let findings: [Finding]
        /// The measured score of every shortcut on every part of the questions.
        public let floors: [FloorMeasurement]
        /// Whether all checks hold.
        public var isSound: Bool { findings.allSatisfy(\.isSound) }

        /// The shortcut that comes nearest to the floor that the task states, or lies the farthest over it.
        public var best: FloorMeasurement? { floors.max { $0.score - $0.stated < $1.score - $1.stated } }

        /// A line for each finding.
        public var description: String {
            findings.map { "\($0.isSound ? "ok   " : "WRONG") \(subject): \($0.check.rawValue): \($0.detail)" }
                .joined(separator: "\n")
        }
    }

    /// Items of evaluation that are enough for a bound of one hundredth.
    public static let usualItems = 10_000

    /// Checks a task.
    /// - Parameters:
    ///   - items: questions of evaluation that are checked, at least.
    ///   - clusters: clusters that they come from, at least; by default fifteen for a hundred items. Standard errors need
    ///     them, however many questions each has.
    ///   - seed: the seed of the streams.
    public static func check(
        _ task: any TaskGenerator, items: Int = usualItems, clusters: Int? = nil, seed: UInt64 = 1
    ) -> Report {
        var bench = TaskBench(task, seed: seed)
        bench.run(items: max(1, items), clusters: max(2, clusters ?? items * 3 / 20))
        let findings = Check.allCases.map { check in
            switch check {
            case .answers: bench.answers()
            case .order: bench.order()
            case .streams: bench.streams()
            case .floors: bench.floors()
            }
        }
        return Report(subject: subject(task.identity), items: bench.items, findings: findings, floors: bench.measured)
    }

    /// Checks every generator at its defaults, several at a time.
    /// - Parameter done: is told each report as it is there, never two at once.
    /// - Returns: the reports in the order of the registry.
    public static func checkAll(
        items: Int = usualItems, seed: UInt64 = 1, done: @Sendable (Report) -> Void = { _ in }
    ) throws -> [Report] {
        let tasks = try TaskRegistry.kinds.map { try $0.make([:]) }
        let reports = ReportBoard(count: tasks.count)
        // Taken one by one, so that a slow task at the end of a share holds nobody up.
        DispatchQueue.concurrentPerform(iterations: tasks.count) { number in
            reports.put(check(tasks[number], items: items, seed: seed), at: number, done)
        }
        return reports.all
    }

    /// The generator, and the parameters that do not stand at their defaults.
    private static func subject(_ identity: TaskIdentity) -> String {
        let usual = try? TaskRegistry.make(identity.generator).identity.parameters
        let other = identity.parameters.filter { usual?[$0.key] != $0.value }.sorted { $0.key < $1.key }
        return ([identity.generator] + other.map { "\($0.key)=\($0.value)" }).joined(separator: " ")
    }
}

/// Reports as threads hand them in.
private final class ReportBoard: @unchecked Sendable {
    // Read and written under the lock alone.
    private var reports: [TaskConformance.Report?]
    private let lock = NSLock()

    init(count: Int) { reports = Array(repeating: nil, count: count) }

    func put(_ report: TaskConformance.Report, at place: Int, _ done: (TaskConformance.Report) -> Void) {
        lock.withLock {
            reports[place] = report
            done(report)
        }
    }

    var all: [TaskConformance.Report] { lock.withLock { reports.compactMap { $0 } } }
}
