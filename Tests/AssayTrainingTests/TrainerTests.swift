import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayTraining

/// A folder that is removed with its owner.
final class TemporaryFolder {
    let url: URL
    init() {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)")
    }
    deinit { try? FileManager.default.removeItem(at: url) }
}

private func architecture(layers: Int = 2) -> Architecture {
    Architecture(
        name: "tiny", width: 32, heads: 2, layers: [LayerConfiguration](repeating: .init(mixer: "full"), count: layers),
        vocabularyCount: Vocabulary.count)
}

private func makePlan(
    steps: Int = 12, learningRate: Double = 3e-3, clip: Double = 1, spike: SpikeRule = SpikeRule(), warmUp: Int = 4,
    isRandom: Bool = false, turnsAt: Int = .max
) throws -> TrainingPlan {
    try TrainingPlan(
        arm: "arm", architecture: architecture(),
        recipe: Recipe(
            steps: steps, sequencesPerStep: 20, sequencesPerMicroBatch: 4, learningRate: learningRate,
            warmUpSteps: min(warmUp, steps), gradientClip: clip,
            mixture: [MixtureEntry(task: "short", weight: 1), MixtureEntry(task: "long", weight: 1)],
            checkpointSteps: [0, 5].filter { $0 <= steps }, spike: spike),
        seed: 7,
        tasks: [
            "short": EchoTask(isRandom: isRandom, turnsAt: turnsAt),
            "long": EchoTask(length: 20, name: "long", isRandom: isRandom, turnsAt: turnsAt),
        ])
}

/// Every file of a folder, by path relative to it.
private func contents(_ folder: URL) throws -> [String: Data] {
    var result: [String: Data] = [:]
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
        let url = folder.appendingPathComponent(path)
        if !url.hasDirectoryPath, let data = try? Data(contentsOf: url) { result[path] = data }
    }
    return result
}

/// What is compared between runs: all but where they were written.
private func trace(_ outcome: TrainingOutcome) -> [String] {
    outcome.log.map { "\($0)" } + outcome.checkpoints.map { "\($0.step) \($0.contentHash)" } + ["\(outcome.end)"]
}

@Suite struct TrainerTests {
    @Test func `one, two and three workers give the same bits`() throws {
        let plan = try makePlan()
        var traces: [[String]] = []
        var files: [[String: Data]] = []
        for workers in 1...3 {
            let folder = TemporaryFolder()
            traces.append(trace(try Trainer(plan: plan, folder: folder.url, workers: workers).run()))
            files.append(try contents(folder.url))
        }
        #expect(traces[0] == traces[1] && traces[0] == traces[2])
        #expect(files[0] == files[1] && files[0] == files[2])
        #expect(files[0].keys.contains("step-000012/optimizer.safetensors"))
        #expect(!files[0].keys.contains("step-000005/optimizer.safetensors"))
        #expect(!files[0].keys.contains(ResumeState.file))
    }

    @Test func `a run that is stopped at any step ends with the bits of one that was not`() throws {
        let plan = try makePlan()
        let whole = TemporaryFolder()
        let expected = trace(try Trainer(plan: plan, folder: whole.url, workers: 2).run())
        for stop in [0, 1, 4, 5, 6, 11] {
            let folder = TemporaryFolder()
            var last = 0
            let outcome = try Trainer(plan: plan, folder: folder.url, workers: 2).run(
                progress: { last = $0.last.step }, shouldStop: { last == stop })
            #expect(outcome.end == .stopped(step: stop))
            #expect(outcome.log.count == stop)
            // On with another number of workers, stopped once more on the way.
            _ = try Trainer(plan: plan, folder: folder.url, workers: 1).run(
                progress: { last = $0.last.step }, shouldStop: { last == min(stop + 3, 12) })
            let resumed = try Trainer(plan: plan, folder: folder.url, workers: 3).run()
            #expect(trace(resumed) == expected)
            #expect(try contents(folder.url) == contents(whole.url))
        }
    }

    @Test func `after a kill the run goes on from the rolling state, whatever was written after it`() throws {
        let plan = try makePlan()
        let whole = TemporaryFolder()
        let expected = trace(try Trainer(plan: plan, folder: whole.url, workers: 1).run())
        // The folder as it stood after each step, when a state is written at every step: what a kill would leave.
        let folder = TemporaryFolder()
        var snapshots: [[String: Data]] = []
        _ = try Trainer(plan: plan, folder: folder.url, workers: 1, stateInterval: .zero).run(
            progress: { _ in snapshots.append((try? contents(folder.url)) ?? [:]) })
        #expect(snapshots.count == 12)
        for (index, snapshot) in snapshots.enumerated() {
            let other = TemporaryFolder()
            for (path, data) in snapshot { try AtomicFile.write(data, to: other.url.appendingPathComponent(path)) }
            // A checkpoint of a step after the state, and leftovers of files that were being written.
            let late = "step-000005"
            for (path, data) in try contents(whole.url) where path.hasPrefix(late) && index > 2 {
                try AtomicFile.write(data, to: other.url.appendingPathComponent(path))
            }
            try AtomicFile.write("half", to: other.url.appendingPathComponent(".state.safetensors.1.tmp"))
            try AtomicFile.write(
                "half", to: other.url.appendingPathComponent(".step-000005.1.new.tmp/model.safetensors"))
            var firstStep: Int?
            let resumed = try Trainer(plan: plan, folder: other.url, workers: 2).run(
                progress: { firstStep = firstStep ?? $0.last.step })
            #expect(trace(resumed) == expected)
            #expect(try contents(other.url) == contents(whole.url))
            // It went on rather than began again.
            #expect(index < 2 || (firstStep ?? 0) >= index)
        }
    }

    @Test func `a run that has ended is not trained again, nor is one of another plan overwritten`() throws {
        let plan = try makePlan()
        let folder = TemporaryFolder()
        let first = try Trainer(plan: plan, folder: folder.url, workers: 1).run()
        var steps = 0
        let second = try Trainer(plan: plan, folder: folder.url, workers: 1).run(progress: { _ in steps += 1 })
        #expect(steps == 0)
        #expect(second == first)
        let other = try makePlan(learningRate: 1e-3)
        #expect(throws: AssayError.self) { try Trainer(plan: other, folder: folder.url, workers: 1).run() }
        let unfinished = TemporaryFolder()
        _ = try Trainer(plan: plan, folder: unfinished.url, workers: 1).run(shouldStop: { true })
        #expect(throws: AssayError.self) { try Trainer(plan: other, folder: unfinished.url, workers: 1).run() }
    }

    @Test func `a damaged state or a missing checkpoint costs time but not the result`() throws {
        let plan = try makePlan()
        let whole = TemporaryFolder()
        let expected = trace(try Trainer(plan: plan, folder: whole.url, workers: 1).run())
        var last = 0
        for damage in 0..<3 {
            let folder = TemporaryFolder()
            _ = try Trainer(plan: plan, folder: folder.url, workers: 1).run(
                progress: { last = $0.last.step }, shouldStop: { last == 8 })
            last = 0
            let state = folder.url.appendingPathComponent(ResumeState.file)
            var data = try Data(contentsOf: state)
            switch damage {
            case 0: data.removeLast(10)
            case 1: data[data.count / 2] ^= 1
            default: try FileManager.default.removeItem(at: folder.url.appendingPathComponent("step-000005"))
            }
            try data.write(to: state)
            let resumed = try Trainer(plan: plan, folder: folder.url, workers: 1).run()
            #expect(trace(resumed) == expected)
            #expect(resumed.remarks.count == 1)
        }
        try FileManager.default.removeItem(at: whole.url.appendingPathComponent("step-000012"))
        #expect(trace(try Trainer(plan: plan, folder: whole.url, workers: 1).run()) == expected)
    }

    @Test func `an altered record or a replaced checkpoint is refused`() throws {
        let plan = try makePlan()
        let folder = TemporaryFolder()
        _ = try Trainer(plan: plan, folder: folder.url, workers: 1).run()
        let last = folder.url.appendingPathComponent("step-000012")
        let manager = FileManager.default
        let saved = try contents(last)
        try manager.removeItem(at: last)
        try manager.copyItem(at: folder.url.appendingPathComponent("step-000005"), to: last)
        #expect(throws: AssayError.self) { try Trainer(plan: plan, folder: folder.url, workers: 1).run() }
        for (name, data) in saved { try data.write(to: last.appendingPathComponent(name)) }
        let record = folder.url.appendingPathComponent(TrainingRecord.file)
        var data = try Data(contentsOf: record)
        data[data.count / 2] ^= 1
        try data.write(to: record)
        let error = #expect(throws: AssayError.self) {
            try Trainer(plan: plan, folder: folder.url, workers: 1).run()
        }
        #expect(error?.location == record.path)
    }

    @Test func `a blown-up loss ends the arm with its reason and its step, and stays ended`() throws {
        // At step 41 all that was learnt becomes wrong: worse than knowing nothing.
        let rule = SpikeRule(factor: 2, margin: 0.1, window: 20, patience: 2)
        let plan = try makePlan(steps: 60, learningRate: 1e-2, spike: rule, turnsAt: 40 * 20)
        let folder = TemporaryFolder()
        let outcome = try Trainer(plan: plan, folder: folder.url, workers: 2).run()
        guard case .failed(let step, let reason) = outcome.end else {
            Issue.record("ended as \(outcome.end), losses \(outcome.log.map(\.loss))")
            return
        }
        #expect(reason == .lossSpike || reason == .nonFiniteLoss || reason == .nonFiniteGradient)
        #expect(step > 40 && step < 60)
        #expect(outcome.checkpoints.map(\.step) == [0, 5])
        #expect(outcome.log.allSatisfy { $0.loss.isFinite && $0.gradientNorm.isFinite })
        #expect(trace(try Trainer(plan: plan, folder: folder.url, workers: 1).run()) == trace(outcome))
    }

    @Test func `values that are not finite end the arm with their reason`() throws {
        let plan = try makePlan(steps: 12, learningRate: 10, clip: 0, warmUp: 0)
        let model = try LanguageModel(plan.architecture)
        let engine = StepEngine(plan: plan, model: model, pool: WorkerPool(workers: 1))
        engine.weights.pointer[3] = .nan
        #expect(!engine.optimizer.weightsAreFinite)
        let record = engine.computeGradient(step: 1, tokens: 0)
        #expect(!record.loss.isFinite || !record.gradientNorm.isFinite)
        // The same through a run: a state whose weights have blown up.
        let folder = TemporaryFolder()
        let sound = StepEngine(plan: plan, model: model, pool: WorkerPool(workers: 1))
        for i in 0..<model.layout.count { sound.weights.pointer[i] = .infinity }
        let first = TrainingStep(step: 1, loss: 5, gradientNorm: 1, learningRate: 0.1, tokens: 100)
        _ = try Trainer(plan: plan, folder: folder.url, workers: 1).run(shouldStop: { true })
        try ResumeState.write(sound, log: [first], plan: plan, to: folder.url)
        let outcome = try Trainer(plan: plan, folder: folder.url, workers: 1).run()
        #expect(outcome.end == .failed(step: 2, reason: .nonFiniteLoss))
        #expect(outcome.log == [first])
    }

    @Test func `a tiny model learns to look a symbol up`() throws {
        let plan = try TrainingPlan(
            arm: "learner", architecture: architecture(layers: 1),
            recipe: Recipe(
                steps: 150, sequencesPerStep: 32, sequencesPerMicroBatch: 16, learningRate: 1e-2, warmUpSteps: 10,
                mixture: [MixtureEntry(task: "echo", weight: 1)]),
            seed: 1, tasks: ["echo": EchoTask()])
        let folder = TemporaryFolder()
        let outcome = try Trainer(plan: plan, folder: folder.url, workers: 2).run()
        #expect(outcome.end == .finished)
        // The start knows nothing of the tokens; the best guess without looking is ln 8 = 2.08.
        #expect(abs(outcome.log[0].loss - log(Double(Vocabulary.count))) < 0.3)
        #expect(outcome.log.suffix(10).allSatisfy { $0.loss < 0.1 }, "\(outcome.log.suffix(10).map(\.loss))")
        #expect(outcome.log.last?.tokens == 150 * 32 * 12)
    }

    @Test func `a folder that cannot be written is told`() throws {
        let plan = try makePlan(steps: 1)
        let folder = TemporaryFolder()
        try AtomicFile.write("a file", to: folder.url)
        #expect(throws: AssayError.self) {
            try Trainer(plan: plan, folder: folder.url.appendingPathComponent("x"), workers: 1).run()
        }
        #expect(throws: AssayError.self) { try Trainer(plan: plan, folder: folder.url, workers: 0) }
    }
}
