import AssayCore
import AssayModels
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct MatchTests {
    private func folder(_ batch: (String) -> String) throws -> ConfigurationFolder {
        let folder = try ConfigurationFolder()
        try folder.write(
            "architectures/hybrid.yaml",
            """
            width: 64
            heads: 4
            hidden: 160
            pattern: "[gated-delta-net x3, full] x1"
            feed-forward: "swiglu x3, mixture-of-experts"
            """)
        try folder.write("architectures/window.yaml", "width: 64\nheads: 4\nhidden: 64\npattern: sliding-window x4\n")
        let plain = """
            suite: core
            control: full
            seeds: [1]
            arms:
              full: {architecture: full, recipe: small}
              hybrid: {architecture: hybrid, recipe: small}
              window: {architecture: window, recipe: small}
            """
        try folder.write("batches/nightly.yaml", batch(plain))
        return folder
    }

    private func plan(_ batch: (String) -> String) throws -> BatchPlan {
        let folder = try folder(batch)
        defer { withExtendedLifetime(folder) {} }
        return try BatchPlan.read(folder.file("batches/nightly.yaml"))
    }

    @Test("arms matched in parameters come within half a percent of the control by their hidden width alone")
    func parameters() throws {
        let plan = try plan { $0 + "\nmatch: parameters\n" }
        let control = plan.trained[0]
        #expect(control.match == nil)
        for arm in plan.trained.dropFirst() {
            let match = try #require(arm.match)
            #expect(match.rule == .parameters && match.wanted == Double(control.model.layout.parameterCount))
            #expect(match.reached == Double(arm.model.layout.parameterCount))
            #expect(abs(match.excess) < 0.005, "\(match.chosen): \(match.excess)")
            #expect(arm.model.architecture.hiddenWidth == match.chosen && match.chosen != match.stated)
            #expect(arm.model.architecture.headDimension == 16)
            // The next width on either side is no nearer.
            if match.chosen % 8 != 0 { continue }
            for step in [-8, 8] {
                var other = arm.model.architecture
                other.hiddenWidth += step
                let count = Double(try LanguageModel(other).layout.parameterCount)
                #expect(abs(count - match.wanted) >= abs(match.reached - match.wanted))
            }
        }
    }

    @Test("arms matched in state bytes get the head width whose state is nearest after that many tokens")
    func stateBytes() throws {
        let plan = try plan { $0 + "\nmatch: {state-bytes: 256}\n" }
        let wanted = plan.trained[0].model.cost(context: 256).stateBytes
        for arm in plan.trained.dropFirst() {
            let match = try #require(arm.match)
            #expect(match.reached == arm.model.cost(context: 256).stateBytes && match.wanted == wanted)
            #expect(arm.model.architecture.headDimension == match.chosen && match.chosen % 2 == 0)
            for step in [-2, 2] where match.chosen + step > 0 {
                var other = arm.model.architecture
                other.headDimension += step
                let bytes = try LanguageModel(other).cost(context: 256).stateBytes
                #expect(abs(bytes - wanted) >= abs(match.reached - wanted))
            }
        }
        // A window of 256 tokens or more than that is full attention.
        #expect(plan.trained[2].match?.chosen ?? 0 >= 16)
    }

    @Test("an arm's own rule goes before the batch's, and none leaves it as it is")
    func ownRule() throws {
        let plan = try plan {
            $0.replacingOccurrences(of: "hybrid, recipe: small", with: "hybrid, recipe: small, match: none")
                + "\nmatch: parameters\n"
        }
        #expect(plan.trained.map { $0.match?.rule } == [nil, nil, .parameters])
        let other = try self.plan {
            $0.replacingOccurrences(
                of: "hybrid, recipe: small", with: "hybrid, recipe: small, match: {state-bytes: 64}")
        }
        #expect(other.trained.map { $0.match?.rule } == [nil, .stateBytes(context: 64), nil])
    }

    @Test("the match counts the convolution that the recipe gives every arm")
    func convolution() throws {
        let folder = try folder { $0 + "\nmatch: parameters\n" }
        defer { withExtendedLifetime(folder) {} }
        try folder.write("recipes/small.yaml", ConfigurationFolder.recipe + "\nshort-convolution: 4\n")
        let plan = try BatchPlan.read(folder.file("batches/nightly.yaml"))
        for arm in plan.trained.dropFirst() {
            let match = try #require(arm.match)
            #expect(match.wanted == Double(plan.trained[0].model.layout.parameterCount))
            #expect(match.reached == Double(arm.model.layout.parameterCount))
        }
    }

    @Test("the plan, and the record of the batch, say how far each arm is off; without a match both are as before")
    func reports() throws {
        let matched = try plan { $0 + "\nmatch: parameters\n" }
        let match = try #require(matched.trained[1].match)
        let overview = matched.overview()
        #expect(overview.contains("matched in") && overview.contains("hidden \(match.chosen) for 160"))
        #expect(overview.contains(String(format: "%+.2f %%", 100 * match.excess)))
        #expect(matched.definition.contains("\"match\":{\"chosen\":\(match.chosen)"))
        let plain = try plan { $0 }
        #expect(!plain.overview().contains("matched in") && !plain.definition.contains("match"))
        #expect(plain.identity != matched.identity)
    }

    @Test(
        "a rule that means nothing is refused with its line",
        arguments: [
            ("match: params", "cannot be 'params'"), ("match: state-bytes", "after how many tokens"),
            ("match: {state-bytes: 0}", "'match.state-bytes' is 0"), ("match: {state-byte: 64}", "Did you mean"),
            ("match: {}", "has no 'state-bytes'"), ("match: [parameters]", "a list"), ("match:", "is empty"),
            ("match: {state-bytes: many}", "whole number"),
            ("match: {state-bytes: 99999999999}", "Write a whole number"),
        ])
    func malformed(_ line: String, _ words: String) throws {
        let error = #expect(throws: AssayError.self) { try plan { $0 + "\n" + line + "\n" } }
        let text = error?.description ?? ""
        #expect(text.contains(words) && text.contains("nightly.yaml:8"), "\(text)")
        #expect(error?.exitStatus == 65)
    }

    @Test("a control that is matched, and an arm in which no width can move, are refused")
    func impossible() throws {
        let control = #expect(throws: AssayError.self) {
            try plan {
                $0.replacingOccurrences(of: "full, recipe: small", with: "full, recipe: small, match: parameters")
            }
        }
        #expect(control?.description.contains("cannot be matched to itself") == true)
        let folder = try folder { $0 + "\nmatch: parameters\n" }
        defer { withExtendedLifetime(folder) {} }
        try folder.write(
            "architectures/window.yaml",
            "width: 64\nheads: 4\npattern: sliding-window x4\noptions:\n  swiglu: {hidden: 32}\n")
        let fixed = #expect(throws: AssayError.self) { try BatchPlan.read(folder.file("batches/nightly.yaml")) }
        #expect(fixed?.description.contains("do not depend on 'hidden'") == true, "\(fixed?.description ?? "")")
    }
}

extension BatchPlan {
    /// Its arms, all of which are trained here.
    fileprivate var trained: [TrainedArm] { arms.compactMap(\.trained) }
}
