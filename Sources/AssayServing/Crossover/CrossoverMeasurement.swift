import AssayModels

/// Which part of serving is timed.
public enum ServingPhase: String, Sendable, Hashable, Codable, CaseIterable {
    /// Reading a prompt, by the parallel form.
    case prefill
    /// Generating a token after a context.
    case decode
}

/// How many sequences are served together.
public enum ServingLoad: String, Sendable, Hashable, Codable, CaseIterable {
    /// One.
    case single = "batch-1"
    /// As many as fit a budget of memory: where a small state pays.
    case memory = "batch-memory"
}

/// How crossover lengths are measured.
public struct CrossoverSettings: Sendable, Hashable, Codable {
    /// The lengths that are tested, ascending.
    public var lengths: [Int]
    /// Timings of each side at each length, in turns.
    public var repeats: Int
    /// Bytes that states and caches (decode) or activations (prefill) may take in the larger batch.
    public var memory: Int
    /// The most sequences of a batch.
    public var largestBatch: Int
    /// Steps that are timed together in decoding.
    public var steps: Int

    /// Settings.
    public init(
        lengths: [Int] = [64, 128, 256, 512, 1_024, 2_048], repeats: Int = 7, memory: Int = 32 << 20,
        largestBatch: Int = 16, steps: Int = 4
    ) {
        self.lengths = lengths
        self.repeats = repeats
        self.memory = memory
        self.largestBatch = largestBatch
        self.steps = steps
    }
}

/// Times of a model and a control over lengths, for one phase and load.
public struct CrossoverMeasurement: Sendable {
    /// The times.
    public let sweep: LengthSweep
    /// Sequences together at each length, of the model and of the control.
    public let batches: [(model: Int, control: Int)]

    /// Measures both sides in turns.
    /// - Parameter progress: told each length before it is measured; throws to stop.
    public init(
        _ model: WeightedModel, against control: WeightedModel, phase: ServingPhase, load: ServingLoad,
        _ settings: CrossoverSettings, progress: (Int) throws -> Void = { _ in }
    ) rethrows {
        var points: [LengthSweep.Point] = []
        var batches: [(model: Int, control: Int)] = []
        for length in settings.lengths {
            try progress(length)
            let a = Self.probe(model, phase, load, length, settings)
            let b = Self.probe(control, phase, load, length, settings)
            batches.append((a.batch, b.batch))
            // The first timing of each finds cold caches and is not counted.
            _ = (a.seconds(), b.seconds())
            var (ours, theirs): ([Double], [Double]) = ([], [])
            for turn in 0..<settings.repeats {
                if turn % 2 == 0 {
                    ours.append(a.seconds())
                    theirs.append(b.seconds())
                } else {
                    theirs.append(b.seconds())
                    ours.append(a.seconds())
                }
            }
            points.append(LengthSweep.Point(length: length, model: ours, control: theirs))
        }
        sweep = LengthSweep(points: points)
        self.batches = batches
    }

    private static func probe(
        _ side: WeightedModel, _ phase: ServingPhase, _ load: ServingLoad, _ length: Int,
        _ settings: CrossoverSettings
    ) -> (batch: Int, seconds: () -> Double) {
        switch phase {
        case .decode:
            let batch =
                load == .single
                ? 1
                : DecodeProbe.batch(
                    side.model, length: length + settings.steps, budget: settings.memory, limit: settings.largestBatch)
            let probe = DecodeProbe(side, length: length, batch: batch, steps: settings.steps)
            return (batch, probe.seconds)
        case .prefill:
            let batch =
                load == .single
                ? 1
                : PrefillProbe.batch(side, length: length, budget: settings.memory, limit: settings.largestBatch)
            let probe = PrefillProbe(side, length: length, batch: batch)
            return (batch, probe.seconds)
        }
    }
}
