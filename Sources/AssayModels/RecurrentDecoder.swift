import AssayTensor
import CKernels

/// The recurrent form of a model: many sequences advance together, each with a state of its own, by one token or by
/// several that are known already.
///
/// It belongs to one thread at a time. What a sequence gets does not depend on which others advance with it.
public final class RecurrentDecoder {
    /// The model.
    public let model: LanguageModel
    /// Sequences that it has room for.
    public let slots: Int
    /// Tokens that a sequence may have.
    public let capacity: Int
    /// Tokens that one step may take.
    public let rows: Int

    private struct Layer {
        let mixer: any Mixer
        let parameters: LayerParameters
        let mixerNorm: UnsafePointer<Float>
        let mlpNorm: UnsafePointer<Float>
        let gateUp: PackedMatrix
        let down: PackedMatrix
        let layout: StateLayout
        /// `[slots, layout.count]`.
        let states: FloatBlock
    }

    private let layers: [Layer]
    private let embedding: UnsafePointer<Float>
    private let finalNorm: UnsafePointer<Float>
    private let head: PackedMatrix
    private let weights: FloatBlock
    private var positions: [Int32]

    // Rows of the tokens that are taken.
    private let stream: FloatBlock
    private let normed: FloatBlock
    private let mixed: FloatBlock
    private let products: FloatBlock
    private let activated: FloatBlock
    private let logits: FloatBlock
    private let scratch: FloatBlock
    private let activeStates: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    private let activePositions: UnsafeMutablePointer<Int32>

    /// A decoder over weights, which must not change while it lives.
    /// - Parameters:
    ///   - slots: sequences that it has room for.
    ///   - capacity: tokens that a sequence may have.
    ///   - rows: tokens that one step may take; one for each slot if nil.
    public init(model: LanguageModel, weights: FloatBlock, slots: Int, capacity: Int, rows: Int? = nil) {
        let rows = rows ?? slots
        precondition(slots > 0 && capacity > 0 && rows > 0, "a decoder of nothing")
        precondition(weights.count >= model.layout.count, "the block of weights is too small for the model")
        self.model = model
        self.slots = slots
        self.capacity = capacity
        self.rows = rows
        self.weights = weights
        let parameters = LayerParameters(prefix: "", layout: model.layout, weights: weights)
        let architecture = model.architecture
        layers = model.mixers.enumerated().map { index, mixer in
            let layout = mixer.stateLayout(capacity: capacity)
            return Layer(
                mixer: mixer,
                parameters: LayerParameters(
                    prefix: Architecture.mixerPrefix(layer: index), layout: model.layout, weights: weights),
                mixerNorm: UnsafePointer(parameters.pointer(ParameterName.mixerNorm(index))),
                mlpNorm: UnsafePointer(parameters.pointer(ParameterName.mlpNorm(index))),
                gateUp: parameters.matrix(ParameterName.gateUp(index)),
                down: parameters.matrix(ParameterName.down(index)), layout: layout,
                states: FloatBlock(count: slots * layout.count))
        }
        embedding = UnsafePointer(parameters.pointer(ParameterName.embedding))
        finalNorm = UnsafePointer(parameters.pointer(ParameterName.finalNorm))
        head = parameters.matrix(model.headName)
        positions = Array(repeating: 0, count: slots)
        stream = FloatBlock(count: rows * architecture.width)
        normed = FloatBlock(count: rows * architecture.width)
        mixed = FloatBlock(count: rows * architecture.width)
        products = FloatBlock(count: rows * 2 * architecture.hiddenWidth)
        activated = FloatBlock(count: rows * architecture.hiddenWidth)
        logits = FloatBlock(count: rows * architecture.vocabularyCount)
        let scratchCount = model.mixers.map { $0.stepScratchCount(batch: rows, capacity: capacity) }.max() ?? 0
        scratch = FloatBlock(count: scratchCount)
        activeStates = .allocate(capacity: rows)
        activePositions = .allocate(capacity: rows)
    }

    deinit {
        activeStates.deallocate()
        activePositions.deallocate()
    }

    /// Empties a slot's history.
    public func reset(slot: Int) {
        for layer in layers {
            let state = layer.states.pointer + slot * layer.layout.count
            for range in layer.layout.used(position: Int(positions[slot])) {
                (state + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        positions[slot] = 0
    }

    /// Makes the history of one slot that of another.
    public func copyState(from source: Int, to target: Int) {
        precondition(slots > source && slots > target && source >= 0 && target >= 0, "no such slot")
        guard source != target else { return }
        for layer in layers {
            let states = layer.states.pointer
            for range in layer.layout.used(position: Int(positions[source])) {
                (states + target * layer.layout.count + range.lowerBound)
                    .update(from: states + source * layer.layout.count + range.lowerBound, count: range.count)
            }
        }
        positions[target] = positions[source]
    }

    /// How many tokens a slot has seen.
    public func position(slot: Int) -> Int { Int(positions[slot]) }

    /// The decode state of a slot in a layer, and what lies where in it.
    func state(layer: Int, slot: Int) -> (state: UnsafeMutableBufferPointer<Float>, layout: StateLayout) {
        let layout = layers[layer].layout
        let start = layers[layer].states.pointer + slot * layout.count
        return (UnsafeMutableBufferPointer(start: start, count: layout.count), layout)
    }

    /// Gives tokens to slots. A slot that is named several times takes its tokens one after another, in their order:
    /// so a prompt is read, or a draft verified, with whole matrix products.
    /// - Returns: the logits `[tokens.count, vocabulary]` of what comes after each, valid until the next step.
    public func step(slots active: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float> {
        precondition(active.count == tokens.count && active.count <= rows, "more tokens than a step may take")
        let architecture = model.architecture
        let width = architecture.width
        for (i, (slot, token)) in zip(active, tokens).enumerated() {
            precondition(positions[slot] < capacity, "slot \(slot) is full")
            precondition(token >= 0 && token < architecture.vocabularyCount, "token \(token) is outside the vocabulary")
            activePositions[i] = positions[slot]
            positions[slot] += 1
            (stream.pointer + i * width).update(from: embedding + Int(token) * width, count: width)
        }
        for layer in layers { advance(layer, active) }
        let rows = active.count
        ck_rms_norm_forward(
            rows, width, stream.pointer, width, finalNorm, Float(architecture.normEpsilon), normed.pointer, width, nil)
        head.multiply(
            rows: rows, normed.pointer, stride: width, into: logits.pointer, stride: architecture.vocabularyCount)
        return UnsafeBufferPointer(start: logits.pointer, count: rows * architecture.vocabularyCount)
    }

    private func advance(_ layer: Layer, _ active: [Int]) {
        let (rows, width, hidden) = (active.count, model.architecture.width, model.architecture.hiddenWidth)
        let epsilon = Float(model.architecture.normEpsilon)
        for (i, slot) in active.enumerated() { activeStates[i] = layer.states.pointer + slot * layer.layout.count }
        ck_rms_norm_forward(
            rows, width, stream.pointer, width, layer.mixerNorm, epsilon, normed.pointer, width, nil)
        layer.mixer.step(
            MixerStep(
                batch: rows, input: UnsafePointer(normed.pointer), output: mixed.pointer,
                states: UnsafePointer(activeStates), positions: UnsafePointer(activePositions), capacity: capacity,
                scratch: scratch.pointer, parameters: layer.parameters))
        ck_add(rows * width, stream.pointer, mixed.pointer, stream.pointer)
        ck_rms_norm_forward(rows, width, stream.pointer, width, layer.mlpNorm, epsilon, normed.pointer, width, nil)
        layer.gateUp.multiply(
            rows: rows, normed.pointer, stride: width, into: products.pointer, stride: 2 * hidden)
        ck_swiglu_forward(rows, hidden, products.pointer, activated.pointer)
        layer.down.multiply(
            rows: rows, activated.pointer, stride: hidden, adds: true, into: stream.pointer, stride: width)
    }
}
