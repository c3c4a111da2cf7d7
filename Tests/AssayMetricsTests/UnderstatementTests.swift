import AssayCore
import AssayStatistics
import Testing

@testable import AssayMetrics

@Suite struct UnderstatementTests {
    @Test("a loss on hard items that a public score does not show is found by U'")
    func understated() throws {
        let found = try Understatement(
            publicScores: .init(control: [0.50, 0.52, 0.51, 0.49, 0.53], arm: [0.50, 0.53, 0.51, 0.49, 0.52]),
            hardScores: .init(control: [0.80, 0.82, 0.81, 0.79, 0.83], arm: [0.62, 0.65, 0.62, 0.60, 0.64]))
        // Seed deviations are 0.0158; the hard loss is 0.184 of them.
        #expect(abs(found.hardLoss + 0.184 / 0.0158113883) < 1e-6 && abs(found.publicLoss) < 0.1)
        #expect((found.difference.pValue ?? 1) < 1e-4 && found.difference.estimate < -10)
        // The public loss may be zero, so that the ratio has no bound.
        guard case .outside = found.ratioInterval else {
            Issue.record("\(found.ratioInterval)")
            return
        }
    }

    @Test("equal losses are no understatement and have a ratio of one")
    func equal() throws {
        let control = [0.5, 0.6, 0.55, 0.52]
        let arm = [0.40, 0.49, 0.46, 0.42]
        let found = try Understatement(
            publicScores: .init(control: control, arm: arm), hardScores: .init(control: control, arm: arm))
        #expect(found.ratio == 1 && found.difference.estimate == 0 && found.difference.pValue == 1)
    }

    @Test("two seeds, unpaired seeds and a control without spread are refused")
    func refused() {
        let two = Understatement.Scores(control: [1, 2], arm: [1, 2])
        let three = Understatement.Scores(control: [1, 2, 3], arm: [1, 2, 3])
        let flat = Understatement.Scores(control: [1, 1, 1], arm: [1, 2, 3])
        #expect(throws: AssayError.self) { try Understatement(publicScores: two, hardScores: two) }
        #expect(throws: AssayError.self) { try Understatement(publicScores: three, hardScores: two) }
        #expect(throws: AssayError.self) { try Understatement(publicScores: flat, hardScores: three) }
    }

    private func result(_ estimate: Double, verdict: Verdict, material: Bool = false) -> ComparisonResult {
        ComparisonResult(
            metric: "accuracy", task: "t", condition: "parallel", slice: "all", estimate: estimate,
            low: estimate - 0.01, high: estimate + 0.01, margin: 0.02, pairs: 10, clusters: 10, verdict: verdict,
            isMaterial: material, direction: .higherIsBetter)
    }

    @Test("fragility counts the cells that broke and shows the worst of them")
    func fragility() throws {
        let quiet = (0..<18).map { _ in result(0, verdict: .noRegression) }
        let broken = [
            result(-0.2, verdict: .regression, material: true), result(-0.03, verdict: .regression),
        ]
        let index = try #require(FragilityIndex(quiet + broken))
        #expect(index.cells == 20 && index.broken == 1 && index.index == 0.05)
        #expect(abs(index.worstTenth - (-10 - 1.5) / 2) < 1e-12)
        #expect(FragilityIndex([]) == nil)
    }

    @Test("detectability is of the paired items of each task, twins and lost ones left out")
    func detectabilityOfTasks() throws {
        func cell(_ scores: [Double?], nll: Double) -> CellData {
            .made(
                scores.enumerated().map { place, score in
                    Asked(
                        cluster: place / 2, question: place % 2, score: score, nll: nll + 0.01 * Double(place),
                        status: score == nil ? .error : .graded)
                })
        }
        let found = try detectability(
            baseline: [cell([1, 1, 1, 0, 1, 1], nll: 1)], candidate: [cell([0, 0, 1, 0, 1, nil], nll: 1.5)])
        #expect(found.map(\.metric) == ["accuracy", "nll"])
        let accuracy = found[0].detectability
        #expect(accuracy.items == 5 && accuracy.clusters == 3 && abs(accuracy.discordance - 0.4) < 1e-12)
        #expect(abs(accuracy.correlation - 1) < 1e-9 && accuracy.designEffect > 1.5)
        // Every item lost the same: nothing but that difference could be seen.
        #expect(found[1].detectability.itemVariance < 1e-20)
    }
}
