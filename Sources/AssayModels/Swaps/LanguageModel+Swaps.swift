import AssayCore
import AssayTensor

extension LanguageModel {
    /// The model with changes that need no training: another model over the same weights, whose layout is this one's.
    ///
    /// Swaps are made in their own order, whatever that of the list is; layers are counted from 0.
    /// - Throws: ``AssayError`` saying what the model has instead, when it cannot take a swap: a layer or a head beyond
    ///   the last, a window where no layer has softmax attention, positions where there are none.
    public func swapping(_ swaps: [Swap]) throws -> LanguageModel {
        guard !swaps.isEmpty else { return self }
        precondition(self.swaps.isEmpty, "a model that was swapped is not swapped again")
        var changes = SwapChanges(self)
        for swap in swaps.sorted() { try changes.make(swap) }
        let model = try changes.model(swaps: swaps.sorted())
        guard model.layout == layout else {
            throw AssayError(.defect, "\(swaps.map(\.name).joined(separator: ":")) moved the model's weights")
        }
        return model
    }
}

/// The changes of a model, gathered one after another.
private struct SwapChanges {
    private let model: LanguageModel
    private var architecture: Architecture
    private var mixers: [any Mixer]
    private var removed: [String: [Range<Int>]] = [:]

    init(_ model: LanguageModel) {
        self.model = model
        (architecture, mixers) = (model.architecture, model.mixers)
    }

    func model(swaps: [Swap]) throws -> LanguageModel {
        LanguageModel(architecture, mixers: mixers, feedForwards: model.feedForwards, swaps: swaps, removed: removed)
    }

    mutating func make(_ swap: Swap) throws {
        switch swap {
        case .halvedWindows: try halveWindows(swap)
        case .window(let window, let sinks): try narrow(swap, to: window, sinks: sinks)
        case .topScores(let count): try choose(swap, count)
        case .noRotary:
            try changePositions(swap) { options, rotary in
                for name in RotaryEmbedding.optionNames where name != "rotary-fraction" && name != "rotary-base" {
                    options[name] = nil
                }
                options["rotary-scaling"] = "still"
                options["rotary-attention"] = .number(rotary.angles.magnitude)
            }
        case .shiftedPositions(let shift):
            try changePositions(swap) { options, _ in options["rotary-shift"] = .number(Double(shift)) }
        case .dropped(let layer):
            try check(layer, swap)
            if let reader = reader(of: layer) {
                throw failure(
                    swap, "layer \(reader) needs what layer \(layer) (\(name(layer))) leaves for later ones",
                    remedy: "Drop another layer")
            }
            mixers[layer] = DroppedMixer(mixers[layer], width: architecture.width)
        case .droppedHead(let layer, let head): try remove(swap, head: head, of: layer)
        }
    }

    // MARK: - Which layers

    private func failure(_ swap: Swap, _ problem: String, remedy: String? = nil) -> AssayError {
        .badInput("'\(swap.name)' cannot be done to '\(architecture.name)': \(problem)", remedy: remedy)
    }

    private func name(_ layer: Int) -> String { architecture.layers[layer].mixer }

    private func check(_ layer: Int, _ swap: Swap) throws {
        let count = architecture.layers.count
        guard layer < count else {
            throw failure(
                swap, "it has \(count) layers",
                remedy: count == 1 ? "Name layer 0" : "Name a layer from 0 to \(count - 1)")
        }
    }

    /// Gives a layer other options, and perhaps another mixer over the same weights.
    private mutating func change(_ layer: Int, mixer: String? = nil, _ edit: (inout [String: MixerOption]) -> Void)
        throws
    {
        edit(&architecture.layers[layer].options)
        if let mixer { architecture.layers[layer].mixer = mixer }
        mixers[layer] = try MixerRegistry.make(architecture, layer: layer)
    }

    /// The layers with softmax attention over all that they see, one by one.
    /// - Throws: where there are none, and where a layer chooses by itself what it looks at.
    private func attentionLayers(_ swap: Swap) throws -> [Int] {
        let names = [FullAttention.name, SlidingWindowAttention.name, MultiHeadLatentAttention.name]
        let choosing = [SparseTopKAttention.name, CompressedSparseAttention.name, SigmoidAttention.name]
        let layers = architecture.layers.indices
        if let layer = layers.first(where: { choosing.contains(name($0)) }) {
            throw failure(swap, "layer \(layer) is '\(name(layer))', which is no softmax over all that it sees")
        }
        let found = layers.filter { names.contains(name($0)) }
        guard !found.isEmpty else {
            let mixers = Set(architecture.layers.map(\.mixer)).sorted().joined(separator: ", ")
            throw failure(swap, "no layer has softmax attention (its mixers: \(mixers))")
        }
        return found
    }

    /// The shape of the softmax attention of a layer.
    private func shape(_ layer: Int) -> AttentionShape? {
        switch mixers[layer] {
        case let mixer as any SoftmaxAttentionMixer: mixer.attention.shape
        case let mixer as MultiHeadLatentAttention: mixer.shape
        default: nil
        }
    }

    // MARK: - Windows and choices

    private mutating func halveWindows(_ swap: Swap) throws {
        let windows = architecture.layers.indices.compactMap { layer in
            shape(layer).flatMap { $0.window > 0 ? (layer: layer, window: $0.window) : nil }
        }
        guard windows.contains(where: { $0.window > 1 }) else {
            throw failure(swap, windows.isEmpty ? "no layer has a sliding window" : "every window is 1 already")
        }
        for (layer, window) in windows {
            try change(layer) { $0["window"] = .number(Double(max(1, window / 2))) }
        }
    }

    private mutating func narrow(_ swap: Swap, to window: Int, sinks: Int) throws {
        let wider = try attentionLayers(swap).filter { shape($0).map { $0.window == 0 || $0.window > window } ?? false }
        guard !wider.isEmpty else { throw failure(swap, "no layer sees further than \(window) tokens") }
        for layer in wider {
            try change(layer, mixer: name(layer) == FullAttention.name ? SlidingWindowAttention.name : nil) {
                $0["window"] = .number(Double(window))
                $0["sinks"] = .number(Double(sinks))
            }
        }
    }

    private mutating func choose(_ swap: Swap, _ count: Int) throws {
        for layer in try attentionLayers(swap) {
            let known = shape(layer)?.top ?? 0
            try change(layer) { $0["top-scores"] = .number(Double(known == 0 ? count : min(known, count))) }
        }
    }

    // MARK: - Positions

    private mutating func changePositions(
        _ swap: Swap, _ edit: (inout [String: MixerOption], RotaryEmbedding) -> Void
    ) throws {
        var isChanged = false
        for layer in architecture.layers.indices {
            guard let rotary = (mixers[layer] as? any RotaryMixer)?.rotary, rotary.hasPositions else { continue }
            try change(layer) { edit(&$0, rotary) }
            isChanged = true
        }
        guard isChanged else { throw failure(swap, "no layer has rotary positions") }
    }

    // MARK: - Layers and heads

    /// A later layer that reads what a layer passes on.
    private func reader(of layer: Int) -> Int? {
        let own = model.mixers[layer]
        guard own.sharedCount > 0, architecture.layers.firstIndex(where: { $0.mixer == name(layer) }) == layer else {
            return nil
        }
        return architecture.layers.indices.first { $0 > layer && name($0) == name(layer) }
    }

    private mutating func remove(_ swap: Swap, head: Int, of layer: Int) throws {
        try check(layer, swap)
        let count = model.mixers[layer].headCount
        guard count > 0 else { throw failure(swap, "layer \(layer) is '\(name(layer))', which has no heads") }
        guard head < count else {
            throw failure(
                swap, "layer \(layer) has \(count) heads",
                remedy: count == 1 ? "Name head 0" : "Name a head from 0 to \(count - 1)")
        }
        let parameter = Architecture.mixerPrefix(layer: layer) + "out_proj.weight"
        guard let columns = model.layout[parameter]?.shape.last else {
            throw AssayError(.defect, "layer \(layer) has heads, but no \(parameter)")
        }
        let width = columns / count
        removed[parameter, default: []].append((head * width)..<((head + 1) * width))
    }
}
