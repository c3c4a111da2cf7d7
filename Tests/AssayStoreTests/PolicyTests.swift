import AssayCore
import Testing

@testable import AssayStore

@Suite struct PolicyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func run(reason: String? = nil, checkpoint: String? = "trained") -> PolicyRunRecord {
        PolicyRunRecord(
            identity: ContentHash(of: "policy \(reason ?? "")"), arm: "full", start: ContentHash(of: "start"),
            seed: .max, precision: "int8/16", task: "bandit/v1?rounds=1", recipe: "{\"steps\":2}", reason: reason,
            step: 2, checkpoint: checkpoint.map { ContentHash(of: $0) }, path: checkpoint)
    }

    private let steps = [
        PolicyStepRecord(step: 1, figures: ["reward": 0.25, "k3": 1e-9, "seconds": 1.5]),
        PolicyStepRecord(step: 2, figures: ["reward": 0.5, "k3": .nan, "seconds": 2.5]),
    ]
    private let episodes = [
        PolicyEpisodeRecord(episode: 0, start: 0, trained: 1), PolicyEpisodeRecord(episode: 1, start: 1, trained: nil),
    ]

    @Test func `a run comes back as it was recorded`() throws {
        let store = try Store(url: folder.store, mode: .readWrite)
        let runs = [run(), run(reason: "entropy collapse at step 2", checkpoint: nil)]
        #expect(try store.policyRun(runs[0].identity) == nil)
        for run in runs { try store.record(run, steps: steps, episodes: episodes) }
        for run in runs {
            #expect(try store.policyRun(run.identity) == run)
            #expect(try store.policyEpisodes(ofRun: run.identity) == episodes)
            let read = try store.policySteps(ofRun: run.identity)
            #expect(read[0] == steps[0])
            #expect(read[1].figures["reward"] == 0.5 && read[1].figures["k3"]?.isNaN == true && read.count == 2)
        }
        #expect(try store.check().allSatisfy { $0.isSound })
    }

    @Test func `recorded again it must be the same, but for the seconds and the place`() throws {
        let store = try Store(url: folder.store, mode: .readWrite)
        try store.record(run(), steps: steps, episodes: episodes)
        let digest = try store.contentDigest()
        var (later, elsewhere) = (steps, run())
        later[0].figures["seconds"] = 9
        elsewhere.path = "elsewhere"
        try store.record(elsewhere, steps: later, episodes: episodes)
        #expect(try store.contentDigest() == digest)
        later[1].figures["reward"] = 0.75
        #expect(throws: AssayError.self) { try store.record(run(), steps: later, episodes: episodes) }
        var other = run()
        other.precision = "fp8"
        #expect(throws: AssayError.self) { try store.record(other, steps: steps, episodes: episodes) }
    }
}
