import AssayTensor
import Foundation

extension ConformanceBench {
    /// Holds both forms to the reference, over a few tokens and over more than a block of any kernel.
    func forms() -> MixerConformance.Finding {
        var (worstParallel, worstRecurrent) = (0.0, 0.0)
        for (time, seed) in [(1, 3), (13, 1), (83, 2)] as [(Int, UInt64)] {
            let sequences = [tokens(time, seed: seed), tokens(time, seed: seed + 10)]
            let parallel = parallel(sequences)
            for (index, sequence) in sequences.enumerated() {
                let expected = model.reference(tokens: sequence, weights: weights)
                let recurrent = recurrent(sequence, in: decoder(slots: 1, capacity: time), slot: 0)
                worstParallel = max(worstParallel, Self.relativeError(parallel[index], expected))
                worstRecurrent = max(worstRecurrent, Self.relativeError(recurrent, expected))
            }
        }
        let tolerance = MixerConformance.outputTolerance
        return MixerConformance.Finding(
            check: .forms, isSound: worstParallel < tolerance && worstRecurrent < tolerance,
            detail: "parallel within \(Self.text(worstParallel)) and recurrent within \(Self.text(worstRecurrent)) "
                + "of the reference (tolerance \(Self.text(tolerance)))")
    }

    /// Holds the parallel form with other chunks to that with its own.
    func chunks() -> MixerConformance.Finding {
        let sequence = tokens(300, seed: 4)
        let expected = parallel([sequence])[0].map(Double.init)
        let worst = [16, 64, 256].map { Self.relativeError(parallel([sequence], chunk: $0)[0], expected) }.max() ?? 0
        let tolerance = MixerConformance.outputTolerance
        return MixerConformance.Finding(
            check: .chunks, isSound: worst < tolerance,
            detail: "chunks of 16, 64 and 256 within \(Self.text(worst)) (tolerance \(Self.text(tolerance)))")
    }

    /// Changes a token, and looks which outputs move.
    func causality() -> MixerConformance.Finding {
        let time = 37
        let sequence = tokens(time, seed: 5)
        let before = parallel([sequence])[0]
        var problems: [String] = []
        for place in [1, 16, time - 1] {
            var changed = sequence
            changed[place] = (changed[place] + 1) % Int32(vocabulary)
            let after = parallel([changed])[0]
            let border = place * vocabulary
            if !before[..<border].elementsEqual(after[..<border]) {
                problems.append("a change of token \(place) changed an earlier output")
            }
            if before[border...].elementsEqual(after[border...]) {
                problems.append("a change of token \(place) changed no later output")
            }
        }
        return MixerConformance.Finding(
            check: .causality, isSound: problems.isEmpty,
            detail: problems.isEmpty
                ? "a changed token moves later outputs and no earlier one, bit for bit"
                : problems.joined(separator: "; "))
    }

    static func text(_ value: Double) -> String { String(format: "%.1e", value) }
}
