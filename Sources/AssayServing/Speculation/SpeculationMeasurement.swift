import AssayCore
import AssayModels

/// What speculative decoding brought on some prompts, and what its parts cost (V3). Times are those of one thread.
public struct SpeculationMeasurement: Sendable {
    /// Tokens of a draft.
    public let draftLength: Int
    /// How the target took tokens back.
    public let mode: RollbackMode
    /// What happened in one pass over the prompts.
    public let counts: SpeculationCounts
    /// Tokens that were generated in one pass.
    public let tokens: Int
    /// Seconds of a plain decoding step of the target, the median over passes.
    public let stepSeconds: Double
    /// Seconds of plain decoding / seconds of speculative decoding, for each pair of passes that followed each other.
    public let speedups: [Double]

    /// Tokens that a round yields.
    public var acceptedLength: Double { counts.acceptedLength }
    /// Time of verifying a draft / time of a plain step: v(gamma + 1).
    public var verifyRatio: Double { counts.verifySeconds / Double(counts.rounds) / stepSeconds }
    /// Time of a step of the draft model / time of a plain step of the target: c.
    public var draftRatio: Double { counts.draftSeconds / Double(counts.drafted) / stepSeconds }
    /// Time of rolling back, a round's mean / time of a plain step.
    public var rollbackRatio: Double { counts.rollbackSeconds / Double(counts.rounds) / stepSeconds }
    /// Bytes copied aside and back, a round's mean.
    public var rollbackBytes: Double { Double(counts.rollbackBytes) / Double(counts.rounds) }
    /// The measured speed-up: the median over pairs of passes.
    public var speedup: Double { Resampling.median(speedups) }
    /// The speed-up by the parts alone: tau / (gamma c + v) (Leviathan et al., arXiv 2211.17192).
    public var predictedSpeedup: Double { acceptedLength / (Double(draftLength) * draftRatio + verifyRatio) }
    /// A 95 % interval of the measured speed-up: the bootstrap's over pairs of passes.
    public var speedupInterval: ClosedRange<Double>? { Resampling.medianInterval(speedups) }

    /// Generates from every prompt plainly and speculatively, in turns, so that load on the machine hits both.
    /// - Parameters:
    ///   - prompts: token sequences to go on from.
    ///   - count: tokens to generate after each.
    ///   - passes: pairs of passes over all prompts.
    /// - Throws: ``AssayError`` of kind `defect` when the output differs from plain greedy decoding.
    public init(
        target: WeightedModel, draft: WeightedModel, prompts: [[Int32]], count: Int, draftLength: Int,
        mode: RollbackMode, passes: Int
    ) throws {
        precondition(!prompts.isEmpty && passes > 0, "nothing to measure")
        let capacity = count + (prompts.map(\.count).max() ?? 0)
        let plain = GreedyDecoder(model: target.model, weights: target.weights, capacity: capacity)
        func decoder() -> SpeculativeDecoder {
            SpeculativeDecoder(
                target: target, draft: draft, draftLength: draftLength, mode: mode, capacity: capacity)
        }
        // A pass that warms up, holds the outputs against each other and counts.
        let counting = decoder()
        for prompt in prompts {
            let wanted = plain.generate(prompt, count: count).tokens
            guard counting.generate(prompt, count: count).tokens == wanted else {
                throw AssayError(
                    .defect, "speculative decoding (\(mode.rawValue)) gave other tokens than plain greedy decoding",
                    remedy: "A mixer of \(target.model.architecture.name) does not take tokens back as it should")
            }
        }
        let timed = decoder()
        let parts = decoder()
        var steps: [Double] = []
        var speedups: [Double] = []
        for _ in 0..<passes {
            let slow = prompts.reduce(0) { $0 + plain.generate($1, count: count).seconds }
            let fast = prompts.reduce(0) { $0 + timed.generate($1, count: count).seconds }
            for prompt in prompts { _ = parts.generate(prompt, count: count, timesParts: true) }
            steps.append(slow / Double(prompts.count * count))
            speedups.append(slow / fast)
        }
        var counts = counting.counts
        counts.draftSeconds = parts.counts.draftSeconds / Double(passes)
        counts.verifySeconds = parts.counts.verifySeconds / Double(passes)
        counts.rollbackSeconds = parts.counts.rollbackSeconds / Double(passes)
        self.draftLength = draftLength
        self.mode = mode
        self.counts = counts
        tokens = prompts.count * count
        stepSeconds = Resampling.median(steps)
        self.speedups = speedups
    }
}
