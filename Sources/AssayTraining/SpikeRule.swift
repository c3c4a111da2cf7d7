import AssayCore

/// When the loss counts as blown up, so that training ends with that as its reason.
///
/// After the warm-up, a step *spikes* when its loss is above `factor` times the median of the last `window` losses that
/// did not spike, and also above the loss at the start (mean of the first ten steps) by `margin` nats: worse than
/// knowing nothing. `patience` spiking steps in a row end the arm; fewer are survived.
public struct SpikeRule: Sendable, Codable, Hashable {
    /// Times the running median.
    public var factor: Double
    /// Nats above the loss at the start.
    public var margin: Double
    /// Losses that the running median looks back on.
    public var window: Int
    /// Spiking steps in a row that end the arm.
    public var patience: Int

    /// A rule.
    public init(factor: Double = 3, margin: Double = 0.5, window: Int = 100, patience: Int = 10) {
        self.factor = factor
        self.margin = margin
        self.window = window
        self.patience = patience
    }

    func validate() throws {
        guard factor >= 1, factor.isFinite, margin >= 0, margin.isFinite, (1...100_000).contains(window),
            (1...100_000).contains(patience)
        else {
            throw AssayError.badInput(
                "recipe: the spike rule is out of range",
                remedy: "Give a factor of at least 1, a margin of at least 0, a window and a patience of at least 1")
        }
    }
}

/// Watches a run's losses by a ``SpikeRule``. Its state is a function of the losses alone, so a resumed run replays them.
struct SpikeDetector {
    private static let startSteps = 10

    private let rule: SpikeRule
    private let warmUpSteps: Int
    private var seen = 0
    private var startSum = 0.0
    private var calm: [Double] = []
    private var run = 0

    init(rule: SpikeRule, warmUpSteps: Int) {
        self.rule = rule
        self.warmUpSteps = warmUpSteps
    }

    /// Takes the loss of the next step. True when the arm has to end.
    mutating func observe(_ loss: Double) -> Bool {
        seen += 1
        if seen <= SpikeDetector.startSteps { startSum += loss }
        if seen > max(warmUpSteps, SpikeDetector.startSteps), isSpike(loss) {
            run += 1
            return run >= rule.patience
        }
        run = 0
        if calm.count == rule.window { calm.removeFirst() }
        calm.append(loss)
        return false
    }

    private func isSpike(_ loss: Double) -> Bool {
        // The cheap half first: the median is sorted out only for losses that are worse than the start.
        guard loss > startSum / Double(SpikeDetector.startSteps) + rule.margin, !calm.isEmpty else { return false }
        let sorted = calm.sorted()
        let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
        return loss > rule.factor * median
    }
}
