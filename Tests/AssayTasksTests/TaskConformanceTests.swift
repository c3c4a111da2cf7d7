import AssayCore
import Foundation
import Testing

@testable import AssayTasks

/// What `assay check-task` holds every task to; here with small and large parameters too.
@Suite struct TaskConformanceTests {
    @Test(
        "a task agrees with its checker, in any order, in streams of its own, above its shortcuts",
        arguments: TaskCase.all)
    func conforms(_ testCase: TaskCase) throws {
        let isUsual = testCase.parameters.isEmpty
        let items = isUsual ? 10_000 : 1_000
        let report = TaskConformance.check(
            try testCase.make(), items: items, clusters: isUsual ? 1_500 : 60, seed: 21)
        #expect(report.isSound, "\(report)")
        #expect(report.items >= items && Set(report.floors.map(\.baseline)).count >= 4)
        #expect(report.floors.allSatisfy { (0...1).contains($0.score) && $0.n > 0 })
    }

    @Test("every planted fault is found by its check, and by no other", arguments: PlantedTask.Fault.allCases)
    func plantedFault(_ fault: PlantedTask.Fault) throws {
        let report = TaskConformance.check(try PlantedTask(fault), items: 2_000)
        let wrong = Set(report.findings.filter { !$0.isSound }.map(\.check))
        #expect(wrong == Set(fault.check.map { [$0] } ?? []), "\(report)")
        #expect((report.best?.baseline == "knows-the-answer") == (fault == .knownAnswer))
    }

    @Test("a check is the same again, and the report names what is not at its default")
    func repeated() throws {
        let task = try TaskRegistry.make("successor", assignments: ["hops=8", "facts=20"])
        let (one, two) = (TaskConformance.check(task, items: 500), TaskConformance.check(task, items: 500))
        #expect("\(one)" == "\(two)" && one.floors == two.floors)
        #expect(one.subject == "successor facts=20 hops=8")
    }

    @Test(
        "assignments that cannot be read are refused",
        arguments: [("successor", "hops"), ("successor", "hops=two"), ("group-word", "group=A6")])
    func assignments(_ name: String, _ text: String) throws {
        let error = try #require(throws: AssayError.self) { try TaskRegistry.make(name, assignments: [text]) }
        #expect(error.problem.contains(text) && error.kind == .usage)
    }
}

/// A sound task, or one with a fault that a check must find.
struct PlantedTask: TaskGenerator {
    enum Fault: CaseIterable {
        case none, wrongAnswer, otherOrder, sharedItem, knownAnswer

        var check: TaskConformance.Check? {
            switch self {
            case .none: nil
            case .wrongAnswer: .answers
            case .otherOrder: .order
            case .sharedItem: .streams
            case .knownAnswer: .floors
            }
        }
    }

    private final class Calls: @unchecked Sendable {
        // Read and written under the lock alone.
        private var count = 0
        private let lock = NSLock()
        func next() -> Int {
            lock.withLock {
                count += 1
                return count
            }
        }
    }

    private let base: any TaskGenerator
    private let fault: Fault
    private let calls = Calls()

    init(_ fault: Fault) throws {
        base = try TaskRegistry.make("needle")
        self.fault = fault
    }

    var identity: TaskIdentity { TaskIdentity(generator: "planted", version: 1, parameters: [:]) }
    var family: TaskFamily { base.family }
    var length: Int { base.length }
    var statedFloor: Double { base.statedFloor }
    var generates: Bool { base.generates }
    var baselines: [ShortcutBaseline] {
        let cheat = ShortcutBaseline(name: "knows-the-answer") { _, question, _ in
            question.item.distance % 2 == 0 ? 1 : 0
        }
        return base.baselines + (fault == .knownAnswer ? [cheat] : [])
    }
    func check(_ sequence: TaskSequence) -> [String] { base.check(sequence) }
    func describe(_ sequence: TaskSequence) -> String { base.describe(sequence) }

    func cluster(_ stream: ItemStream, index: Int) -> [TaskSequence] {
        var sequences = base.cluster(stream, index: index)
        if fault == .wrongAnswer, index == 1_999 {
            let answer = sequences[0].questions[0].answer.lowerBound
            sequences[0].tokens[answer] = sequences[0].tokens[answer] == 128 ? 129 : 128
            sequences[0] = sequences[0].resealed()
        }
        return sequences
    }

    func trainingSequence(_ stream: ItemStream, index: Int) -> TaskSequence {
        switch fault {
        // Every call gives another item.
        case .otherOrder: base.trainingSequence(stream, index: calls.next())
        case .sharedItem where index == 1_000: base.cluster(.evaluation(seed: 1), index: 0)[0]
        default: base.trainingSequence(stream, index: index)
        }
    }
}
