import AssayCore
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
    /// How the states are kept.
    public let precision: StatePrecision

    /// A mixer or a feed-forward over its weights, and the states of all slots.
    struct BoundBranch {
        let mixer: any Mixer
        let parameters: LayerParameters
        let inputNorm: BoundNorm?
        let outputNorm: BoundNorm?
        let carriesNormed: Bool
        let factors: ResidualFactors
        let layout: StateLayout
        /// `[slots, layout.count]`.
        let states: FloatBlock
        /// `[rows, mixer.sharedCount]`, the same for all layers of a mixer.
        let shared: FloatBlock

        /// The state of a slot.
        func state(slot: Int) -> UnsafeMutablePointer<Float> { states.pointer + slot * layout.count }
    }

    let branches: [BoundBranch]
    /// What can undo the step in progress, if its caller asked for that.
    var journal: StepJournal?
    private let embedding: UnsafePointer<Float>
    private let embeddingNorm: BoundNorm?
    private let finalNorm: BoundNorm
    private let head: PackedMatrix
    private let weights: FloatBlock
    var positions: [Int32]
    /// The states of every branch, with what is done to them besides stepping.
    let slotStates: [SlotStates]

    // Rows of the tokens that are taken.
    private let stream: FloatBlock
    private let normed: FloatBlock
    private let mixed: FloatBlock
    private let logits: FloatBlock
    private let scratch: FloatBlock
    private let activeStates: UnsafeMutablePointer<UnsafeMutablePointer<Float>>
    private let activePositions: UnsafeMutablePointer<Int32>

    /// A decoder over weights, which must not change while it lives.
    /// - Parameters:
    ///   - slots: sequences that it has room for.
    ///   - capacity: tokens that a sequence may have.
    ///   - rows: tokens that one step may take; one for each slot if nil.
    ///   - precision: how the states are kept. They are rounded when a step is over: a token still sees in full
    ///     precision what it wrote itself, as in a kernel that stores its result when it is done; and a step of several
    ///     tokens of one sequence rounds once. Rounding at restore is done by ``snapshot(slot:format:)``.
    public init(
        model: LanguageModel, weights: FloatBlock, slots: Int, capacity: Int, rows: Int? = nil,
        precision: StatePrecision = .float32
    ) {
        let rows = rows ?? slots
        precondition(slots > 0 && capacity > 0 && rows > 0, "a decoder of nothing")
        precondition(weights.count >= model.layout.count, "the block of weights is too small for the model")
        self.model = model
        self.slots = slots
        self.capacity = capacity
        self.rows = rows
        self.precision = precision
        self.weights = weights
        let parameters = LayerParameters(prefix: "", layout: model.layout, weights: weights)
        let architecture = model.architecture
        // Layers of a mixer pass on what is as wide in all of them.
        var shared: [String: FloatBlock] = [:]
        for mixer in model.branches.map(\.mixer) {
            let (name, count) = (type(of: mixer).name, rows * mixer.sharedCount)
            if shared[name].map({ $0.count < count }) ?? true { shared[name] = FloatBlock(count: count) }
        }
        branches = model.branches.map { branch in
            let layout = branch.mixer.stateLayout(capacity: capacity)
            return BoundBranch(
                mixer: branch.mixer,
                parameters: LayerParameters(
                    prefix: branch.prefix, layout: model.layout, weights: weights, removed: model.removed),
                inputNorm: branch.inputNorm?.bound(parameters), outputNorm: branch.outputNorm?.bound(parameters),
                carriesNormed: branch.carriesNormed, factors: branch.factors, layout: layout,
                states: FloatBlock(count: slots * layout.count),
                shared: shared[type(of: branch.mixer).name] ?? FloatBlock(count: 0))
        }
        slotStates = branches.map { SlotStates(layout: $0.layout, block: $0.states) }
        embedding = UnsafePointer(parameters.pointer(ParameterName.embedding))
        embeddingNorm = model.embeddingNorm?.bound(parameters)
        finalNorm = model.finalNorm.bound(parameters)
        head = parameters.matrix(model.headName)
        positions = Array(repeating: 0, count: slots)
        stream = FloatBlock(count: rows * architecture.width)
        normed = FloatBlock(count: rows * architecture.width)
        mixed = FloatBlock(count: rows * architecture.width)
        logits = FloatBlock(count: rows * architecture.vocabularyCount)
        let scratchCount =
            model.branches.map { $0.mixer.stepScratchCount(batch: rows, capacity: capacity) }.max() ?? 0
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
        for branch in branches {
            for range in branch.layout.used(position: Int(positions[slot])) {
                (branch.state(slot: slot) + range.lowerBound).update(repeating: 0, count: range.count)
            }
        }
        positions[slot] = 0
    }

    /// Makes the history of one slot that of another.
    public func copyState(from source: Int, to target: Int) {
        precondition(slots > source && slots > target && source >= 0 && target >= 0, "no such slot")
        guard source != target else { return }
        for branch in branches {
            for range in branch.layout.used(position: Int(positions[source])) {
                (branch.state(slot: target) + range.lowerBound)
                    .update(from: branch.state(slot: source) + range.lowerBound, count: range.count)
            }
        }
        positions[target] = positions[source]
    }

    /// How many tokens a slot has seen.
    public func position(slot: Int) -> Int { Int(positions[slot]) }

    /// Says how many tokens a slot has seen, after its state was set.
    func setPosition(_ position: Int, slot: Int) { positions[slot] = Int32(position) }

    /// The decode state of a slot in a branch of the model, and what lies where in it.
    func state(branch: Int, slot: Int) -> (state: UnsafeMutableBufferPointer<Float>, layout: StateLayout) {
        let layout = branches[branch].layout
        return (UnsafeMutableBufferPointer(start: branches[branch].state(slot: slot), count: layout.count), layout)
    }

    /// Gives tokens to slots. A slot that is named several times takes its tokens one after another, in their order:
    /// so a prompt is read, or a draft verified, with whole matrix products.
    /// - Returns: the logits `[tokens.count, vocabulary]` of what comes after each, valid until the next step.
    public func step(slots active: [Int], tokens: [Int32]) -> UnsafeBufferPointer<Float> {
        take(slots: active, tokens: tokens)
        let (rows, width, vocabulary) = (active.count, model.architecture.width, model.architecture.vocabularyCount)
        finalNorm.apply(rows: rows, stream.pointer, into: normed.pointer)
        let divisor = model.architecture.block.logitsDivisor
        if divisor != 1 { ck_scale(rows * width, Float(1 / divisor), normed.pointer, normed.pointer) }
        head.multiply(rows: rows, normed.pointer, stride: width, into: logits.pointer, stride: vocabulary)
        let cap = model.architecture.block.logitsCap
        if cap > 0 { SoftCap.apply(rows * vocabulary, Float(cap), logits.pointer, into: logits.pointer) }
        return UnsafeBufferPointer(start: logits.pointer, count: rows * vocabulary)
    }

    /// Gives tokens to slots as a step does, without asking what comes next.
    public func take(slots active: [Int], tokens: [Int32]) {
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
        let rows = active.count
        let block = architecture.block
        if block.embeddingFactor != 1 {
            ck_scale(rows * width, Float(block.embeddingFactor), stream.pointer, stream.pointer)
        }
        embeddingNorm?.apply(rows: rows, stream.pointer, into: stream.pointer)
        for index in branches.indices { advance(index, active) }
        if precision.format != .float32 { roundStates(active) }
    }

    /// Rounds what a step wrote, each sequence once.
    private func roundStates(_ active: [Int]) {
        for (row, slot) in active.enumerated() where !active[..<row].contains(slot) {
            let written = Int(activePositions[row])..<Int(positions[slot])
            for states in slotStates { states.round(slot: slot, positions: written, precision) }
        }
    }

    private func advance(_ index: Int, _ active: [Int]) {
        let branch = branches[index]
        let (rows, count) = (active.count, active.count * model.architecture.width)
        for (i, slot) in active.enumerated() { activeStates[i] = branch.state(slot: slot) }
        let input = branch.inputNorm == nil ? stream.pointer : normed.pointer
        branch.inputNorm?.apply(rows: rows, stream.pointer, into: input)
        if let journal {
            journal.record(branch: index, inputs: input, state: activeStates[0]) { mix(branch, input, rows: $0) }
        } else {
            mix(branch, input, rows: 0..<rows)
        }
        branch.outputNorm?.apply(rows: rows, mixed.pointer, into: mixed.pointer)
        let (carried, factors) = (branch.carriesNormed ? input : stream.pointer, branch.factors)
        if factors == .plain {
            ck_add(count, carried, mixed.pointer, stream.pointer)
        } else {
            ck_scale(count, factors.stream, carried, stream.pointer)
            ck_axpy(count, factors.branch, mixed.pointer, stream.pointer)
        }
    }

    /// Runs a branch over rows of the step in progress, whose inputs, states and positions are there.
    private func mix(_ branch: BoundBranch, _ input: UnsafePointer<Float>, rows: Range<Int>) {
        let offset = rows.lowerBound * model.architecture.width
        branch.mixer.step(
            MixerStep(
                batch: rows.count, input: input + offset, output: mixed.pointer + offset,
                states: UnsafePointer(activeStates + rows.lowerBound),
                positions: UnsafePointer(activePositions + rows.lowerBound), capacity: capacity,
                scratch: scratch.pointer, shared: branch.shared.pointer + rows.lowerBound * branch.mixer.sharedCount,
                parameters: branch.parameters))
    }

    /// Runs one branch again over tokens of a slot from the inputs that it had, for what that does to its state.
    func replay(branch index: Int, slot: Int, position: Int, rows: Int, inputs: UnsafePointer<Float>) {
        for i in 0..<rows {
            activeStates[i] = branches[index].state(slot: slot)
            activePositions[i] = Int32(position + i)
        }
        mix(branches[index], inputs, rows: 0..<rows)
    }
}
