import AssayTensor
import CKernels

/// The recurrent form of a model: many sequences advance together, one token at a time, each with a state of its own.
///
/// It belongs to one thread at a time. What a sequence gets does not depend on which others advance with it.
public final class RecurrentDecoder {
    /// The model.
    public let model: LanguageModel
    /// Sequences that it has room for.
    public let slots: Int
    /// Tokens that a sequence may have.
    public let capacity: Int

    private struct Layer {
        let mixer: any Mixer
        let parameters: LayerParameters
        let mixerNorm: UnsafePointer<Float>
        let mlpNorm: UnsafePointer<Float>
        let gateUp: PackedMatrix
        let down: PackedMatrix
        let stateCount: Int
        /// `[slots, stateCount]`.
        let states: FloatBlock
    }

    private let layers: [Layer]
    private let embedding: UnsafePointer<Float>
    private let finalNorm: UnsafePointer<Float>
    private let head: PackedMatrix
    private let weights: FloatBlock
    private var positions: [Int32]

    // Rows of the sequences that advance.
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
    public init(model: LanguageModel, weights: FloatBlock, slots: Int, capacity: Int) {
        precondition(slots > 0 && capacity > 0, "a decoder of nothing")
        precondition(weights.count >= model.layout.count, "the block of weights is too small for the model")
        self.model = model
        self.slots = slots
        self.capacity = capacity
        self.weights = weights
        let parameters = LayerParameters(prefix: "", layout: model.layout, weights: weights)
        let architecture = model.architecture
        layers = model.mixers.enumerated().map { index, mixer in
            let stateCount = mixer.stateCount(capacity: capacity)
            return Layer(
                mixer: mixer,
                parameters: LayerParameters(
                    prefix: Architecture.mixerPrefix(layer: index), layout: model.layout, weights: weights),
                mixerNorm: UnsafePointer(parameters.pointer(ParameterName.mixerNorm(index))),
                mlpNorm: UnsafePointer(parameters.pointer(ParameterName.mlpNorm(index))),
                gateUp: parameters.matrix(ParameterName.gateUp(index)),
                down: parameters.matrix(ParameterName.down(index)), stateCount: stateCount,
                states: FloatBlock(count: slots * stateCount))
        }
        embedding = UnsafePointer(parameters.pointer(ParameterName.embedding))
        finalNorm = UnsafePointer(parameters.pointer(ParameterName.finalNorm))
        head = parameters.matrix(model.headName)
        positions = Array(repeating: 0, count: slots)
        stream = FloatBlock(count: slots * architecture.width)
        normed = FloatBlock(count: slots * architecture.width)
        mixed = FloatBlock(count: slots * architecture.width)
        products = FloatBlock(count: slots * 2 * architecture.hiddenWidth)
        activated = FloatBlock(count: slots * architecture.hiddenWidth)
        logits = FloatBlock(count: slots * architecture.vocabularyCount)
        let scratchCount = model.mixers.map { $0.stepScratchCount(batch: slots, capacity: capacity) }.max() ?? 0
        scratch = FloatBlock(count: scratchCount)
        activeStates = .allocate(capacity: slots)
        activePositions = .allocate(capacity: slots)
    }

    deinit {
        activeStates.deallocate()
        activePositions.deallocate()
    }

    /// Empties a slot's history.
    public func reset(slot: Int) {
        for layer in layers {
            let state = layer.states.pointer + slot * layer.stateCount
            for range in layer.mixer.usedState(position: Int(positions[slot]), capacity: capacity) {
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
            for range in layer.mixer.usedState(position: Int(positions[source]), capacity: capacity) {
                (states + target * layer.stateCount + range.lowerBound)
                    .update(from: states + source * layer.stateCount + range.lowerBound, count: range.count)
            }
        }
        positions[target] = positions[source]
    }

    /// How many tokens a slot has seen.
    public func position(slot: Int) -> Int { Int(positions[slot]) }

    /// Gives one token to each of some different slots.
    /// - Returns: the logits `[slots.count, vocabulary]` of what comes next, valid until the next step.
    public func step(slots active: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float> {
        precondition(active.count == tokens.count && active.count <= slots, "one token for each of different slots")
        let architecture = model.architecture
        let width = architecture.width
        for (i, (slot, token)) in zip(active, tokens).enumerated() {
            precondition(positions[slot] < capacity, "slot \(slot) is full")
            precondition(token >= 0 && token < architecture.vocabularyCount, "token \(token) is outside the vocabulary")
            activePositions[i] = positions[slot]
            (stream.pointer + i * width).update(from: embedding + Int(token) * width, count: width)
        }
        for layer in layers { advance(layer, active) }
        for slot in active { positions[slot] += 1 }
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
        for (i, slot) in active.enumerated() { activeStates[i] = layer.states.pointer + slot * layer.stateCount }
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
