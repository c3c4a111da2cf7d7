import AssayCore
import AssayModels

/// What a serving system needs to know of a model: the bytes that it caches and the work that a hit saves.
public struct ServedModel: Sendable {
    /// Bytes of keys, values or latents of one token, in all layers that keep an entry a token. Layers with a window
    /// count like the others: their entries lie in the same blocks, and a hit needs those of the window.
    public let bytesPerToken: Int
    /// Bytes of one copy of all recurrent states and histories of convolutions; 0 for a model without.
    public let snapshotBytes: Int
    /// Operations of prefilling the first tokens of a sequence.
    public let work: PrefillWork
    /// Operations of the head for the first token of the answer.
    public let headFLOPs: Double

    /// A model by its figures.
    public init(bytesPerToken: Int, snapshotBytes: Int, work: PrefillWork, headFLOPs: Double = 0) {
        self.bytesPerToken = bytesPerToken
        self.snapshotBytes = snapshotBytes
        self.work = work
        self.headFLOPs = headFLOPs
    }

    /// A model as it is served.
    /// - Parameters:
    ///   - cache: the format of the caches.
    ///   - state: the format of recurrent states and histories.
    ///   - longest: the longest sequence that will be asked for.
    public init(_ model: LanguageModel, cache: StateFormat, state: StateFormat, longest: Int) {
        var (perToken, snapshot) = (0, 0)
        for layout in model.stateLayouts(capacity: 1) {
            for part in layout.parts {
                let bytes =
                    part.count / part.rowCount * (part.kind == .cache ? cache : state).byteCount(row: part.rowCount)
                if part.kind == .cache { perToken += bytes / part.stride } else { snapshot += bytes }
            }
        }
        self.init(
            bytesPerToken: perToken, snapshotBytes: snapshot, work: PrefillWork(model, longest: longest),
            headFLOPs: model.cost(context: 1).headFLOPs)
    }

    /// Whether a hit needs a copy of a state.
    public var hasState: Bool { snapshotBytes > 0 }
    /// Whether anything is kept for each token.
    public var hasCache: Bool { bytesPerToken > 0 }
}

/// The operations of prefilling the first n tokens of a sequence, for every n.
public struct PrefillWork: Sendable {
    private let step: Int
    private let totals: [Double]

    /// Of a function that is asked at multiples of a step, and interpolated in between.
    public init(longest: Int, points: Int = 512, _ total: (Int) -> Double) {
        step = max(1, (longest + points - 1) / points)
        let step = step
        totals = (0...(longest / step + 1)).map { $0 == 0 ? 0 : total($0 * step) }
    }

    /// Of a model, by its cost model.
    public init(_ model: LanguageModel, longest: Int) {
        self.init(longest: longest) { Double($0) * model.cost(context: $0).prefillFLOPs }
    }

    /// Operations of the first tokens.
    public func total(_ tokens: Int) -> Double {
        let place = min(max(tokens, 0) / step, totals.count - 2)
        let share = Double(tokens - place * step) / Double(step)
        return totals[place] + share * (totals[place + 1] - totals[place])
    }
}
