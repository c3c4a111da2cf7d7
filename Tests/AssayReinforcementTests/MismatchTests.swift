import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayReinforcement

@Suite struct MismatchTests {
    /// Values from NumPy 2.4: with `r` and `w = exp(r)` of all tokens, `(w - r - 1).mean()`,
    /// `corrcoef(exp(train), exp(rollout))`, `exp(abs(r)).mean()`, `1 / ((w / w.mean())**2).mean()`, `(w**2).mean() - 1`.
    @Test func `figures are those of NumPy`() {
        let train = [[-0.11, -0.52, -1.73], [-2.31], [-0.04, -3.2, -0.9, -0.35]]
        let rollout = [[-0.10, -0.61, -1.60], [-11.9], [-0.05, -2.2, -0.93, -1.21]]
        let result = PolicyMismatch(train: train, rollout: rollout)
        func check(_ value: Double, _ expected: Double) {
            #expect(abs(value - expected) < 1e-9 * max(1, abs(expected)))
        }
        check(result.k3, 1826.0204248408559)
        check(result.pearson, 0.9123959767713599)
        check(result.multiplicativeError, 1828.5293167999841)
        check(result.largest, 9.59)
        check(result.effectiveSampleSize, 0.12513229599118986)
        check(result.chiSquare, 26710264.05917869)
        check(result.above2, 0.25)
        check(result.below05, 0.125)
        check(result.sequenceEffectiveSampleSize, 0.3334179843240831)
        check(result.sequenceChiSquare, 71227369.48220949)
        // The other way round the rare token is nowhere near as loud, and is vetoed.
        let swapped = PolicyMismatch(train: rollout, rollout: train)
        #expect(swapped.k3 < 2)
        #expect(swapped.vetoes == 1)
        #expect(result.vetoes == 0)
        // Rollouts of 1, of 2-3 and of 4-7 tokens: one each.
        #expect(result.lengthBins.map(\.rollouts) == [1, 1, 1, 0, 0, 0, 0, 0])
        check(result.lengthBins[0].chiSquare, expm1(2 * 9.59))
        check(result.lengthBins[1].chiSquare, expm1(2 * -0.05))
        check(result.lengthBins[2].chiSquare, expm1(2 * -0.1))
    }

    @Test func `nothing sampled is not a number`() {
        let nothing = PolicyMismatch(train: [[]], rollout: [[]])
        #expect(nothing.k3.isNaN && nothing.pearson.isNaN && nothing.sequenceChiSquare.isNaN)
        #expect(nothing.lengthBins.allSatisfy { $0.rollouts == 0 })
    }

    /// Rollouts by the recurrent form and updates by the parallel form are the same policy, and a rounded state is not.
    @Test(arguments: ["full", "gated-delta-net", "lightning"])
    func `the mismatch is rounding in float32 and grows as the state gets coarser`(mixer: String) throws {
        let model = try tinyModel(mixer, layers: 2)
        let weights = noisyWeights(model)
        let recipe = ReinforcementRecipe(steps: 1, promptsPerStep: 8, rolloutsPerPrompt: 8, warmUpSteps: 0)
        func mismatch(_ format: StateFormat) throws -> PolicyMismatch {
            let loop = PolicyLoop(
                plan: try makePlan(recipe, StatePrecision(format), task: BanditTask(rounds: 12)), model: model,
                weights: weights, pool: WorkerPool(workers: 1))
            guard case .done(let step) = loop.step(1, after: nil) else { throw AssayError(.defect, "failed") }
            #expect(step.sampledTokens == 12)
            return step.mismatch
        }
        let exact = try mismatch(.float32)
        #expect(exact.k3 >= 0 && exact.k3 < 1e-9)
        #expect(exact.largest < 1e-3)
        #expect(exact.pearson > 0.999999)
        #expect(abs(exact.effectiveSampleSize - 1) < 1e-6)
        #expect(abs(exact.sequenceChiSquare) < 1e-3)
        let rounded = try [StateFormat.bfloat16, .int8, .fp8].map { try mismatch($0) }
        for result in rounded {
            #expect(result.k3 > 30 * exact.k3)
            #expect(result.effectiveSampleSize < exact.effectiveSampleSize)
        }
        // Eight bits of precision against seven with a shared scale, and four.
        #expect(rounded[0].k3 < rounded[2].k3)
        #expect(rounded[1].k3 < rounded[2].k3)
    }
}
