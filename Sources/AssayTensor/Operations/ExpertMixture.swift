import CKernels

/// The experts of a mixture, gated MLPs of one shape, and how tokens are routed to them. Only the chosen experts of a
/// token are computed.
public struct ExpertMixture: Sendable, Hashable {
    /// Width of a token.
    public let width: Int
    /// Inner width of an expert.
    public let hidden: Int
    /// The function of the gate.
    public let activation: GatedActivation
    /// Which experts a token goes to.
    public let routing: ExpertRouting

    /// A mixture.
    public init(width: Int, hidden: Int, activation: GatedActivation = .silu, routing: ExpertRouting) {
        self.width = width
        self.hidden = hidden
        self.activation = activation
        self.routing = routing
    }

    /// Rows of an expert that are computed together, as in a gated MLP.
    static let blockRows = 72

    /// Floats of scratch of ``forward(rows:input:logits:bias:matrices:scratch:into:)``.
    public func scratchCount(rows: Int) -> Int {
        let block = min(rows, Self.blockRows)
        return rows * (routing.experts + routing.chosen) + block * (2 * width + 3 * hidden)
    }

    /// The mixture of rows, without what a backward pass needs.
    /// - Parameters:
    ///   - logits: `[rows, experts]`.
    ///   - bias: `[experts]`, for the choice.
    ///   - matrices: gate and up, and down, of an expert.
    ///   - biases: of both, if there are any.
    public func forward(
        rows: Int, input: UnsafePointer<Float>, logits: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
        matrices: (Int) -> (gateUp: PackedMatrix, down: PackedMatrix),
        biases: ((Int) -> ExpertBiases)? = nil, scratch: UnsafeMutablePointer<Float>,
        into output: UnsafeMutablePointer<Float>
    ) {
        let count = ExpertDispatch.count(rows: rows, routing)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: count) { numbers in
            guard let numbers = numbers.baseAddress else { return }
            let weights = scratch + rows * routing.experts
            let products = weights + rows * routing.chosen
            let dispatch = ExpertDispatch(rows: rows, routing, numbers: numbers, weights: weights)
            routing.route(rows: rows, logits: logits, bias: bias, scores: scratch, into: dispatch)
            let block = min(rows, Self.blockRows)
            compute(
                rows: rows, input: input, dispatch: dispatch, matrices: matrices, biases: biases, products: products,
                keeps: false, workspace: products + block * 2 * hidden, into: output)
        }
    }

    /// Floats of the workspace of ``compute``.
    func workspaceCount(rows: Int) -> Int { min(rows, Self.blockRows) * (2 * width + hidden) }

    /// Sums, in the order of the experts, what they make of the rows that go to them.
    /// - Parameters:
    ///   - products: of gate and up: `[rows * chosen, 2 * hidden]` in the order of the dispatch if `keeps`, else a block.
    func compute(
        rows: Int, input: UnsafePointer<Float>, dispatch: ExpertDispatch,
        matrices: (Int) -> (gateUp: PackedMatrix, down: PackedMatrix), biases: ((Int) -> ExpertBiases)?,
        products: UnsafeMutablePointer<Float>, keeps: Bool, workspace: UnsafeMutablePointer<Float>,
        into output: UnsafeMutablePointer<Float>
    ) {
        let block = min(rows, Self.blockRows)
        let gathered = workspace
        let result = gathered + block * width
        let activated = result + block * width
        output.update(repeating: 0, count: rows * width)
        for expert in 0..<routing.experts {
            let range = dispatch.range(expert)
            guard !range.isEmpty else { continue }
            let (gateUp, down) = matrices(expert)
            let bias = biases?(expert)
            for start in stride(from: range.lowerBound, to: range.upperBound, by: block) {
                let count = min(block, range.upperBound - start)
                let product = keeps ? products + start * 2 * hidden : products
                gather(input, dispatch, start: start, count: count, into: gathered)
                gateUp.multiply(rows: count, gathered, stride: width, into: product, stride: 2 * hidden)
                if let bias { RowBias.add(bias.gateUp, to: product, count: count, width: 2 * hidden) }
                activation.forward(rows: count, hidden: hidden, product, into: activated)
                down.multiply(rows: count, activated, stride: hidden, into: result, stride: width)
                if let bias { RowBias.add(bias.down, to: result, count: count, width: width) }
                for i in 0..<count {
                    let place = Int(dispatch.order[start + i])
                    ck_axpy(
                        width, dispatch.weights[place], result + i * width, output + place / routing.chosen * width)
                }
            }
        }
    }

    /// The rows of some places of a dispatch, next to each other.
    func gather(
        _ source: UnsafePointer<Float>, _ dispatch: ExpertDispatch, start: Int, count: Int,
        into target: UnsafeMutablePointer<Float>
    ) {
        for i in 0..<count {
            let row = Int(dispatch.order[start + i]) / routing.chosen
            (target + i * width).update(from: source + row * width, count: width)
        }
    }
}

/// The biases of an expert: `[2 * hidden]` and `[width]`.
public struct ExpertBiases {
    let gateUp: UnsafePointer<Float>
    let down: UnsafePointer<Float>

    /// Biases.
    public init(gateUp: UnsafePointer<Float>, down: UnsafePointer<Float>) {
        (self.gateUp, self.down) = (gateUp, down)
    }
}

extension Tape {
    /// What the chosen experts make of each row, in the sum of their weights.
    ///
    /// - Parameters:
    ///   - x: `[..., width]`; its last rows may be idle.
    ///   - logits: `[..., experts]`.
    ///   - bias: the bias of the choice, `[experts]`, if there is one. What it gets as a gradient is no gradient of the
    ///     loss, which does not depend on it where it depends on it smoothly: it is a small multiple of the share of the
    ///     tokens that an expert got too many. An optimiser that divides a gradient by its size, such as Adam, then
    ///     lowers the bias of busy experts by about the learning rate in a step: load balancing without an auxiliary
    ///     loss (Wang et al., "Auxiliary-Loss-Free Load Balancing Strategy for Mixture-of-Experts", 2024), in which the
    ///     step has a fixed size.
    ///   - experts: gate and up `[2 * hidden, width]`, and down `[width, hidden]`, of each expert.
    ///   - biases: `[2 * hidden]` and `[width]` of each expert, or none.
    public func expertMixture(
        _ x: Tensor, logits: Tensor, bias: Tensor?, experts: [(gateUp: Tensor, down: Tensor)],
        biases: [(gateUp: Tensor, down: Tensor)] = [], _ mixture: ExpertMixture
    ) -> Tensor {
        precondition(
            x.width == mixture.width && logits.rows == x.rows && logits.width == experts.count
                && experts.count == mixture.routing.experts && [0, experts.count].contains(biases.count),
            "the parts of a mixture of experts do not fit")
        let output = tensor(x.shape)
        record(
            ExpertMixtureOperation(
                input: x, logits: logits, bias: bias, experts: experts, biases: biases, mixture: mixture,
                output: output, tape: self))
        return output
    }

    /// `x + sigmoid(gate) * y`, where `gate` has one number for each row: an expert that all tokens share, as in
    /// Qwen3-Next. The last rows may be idle.
    public func gatedSum(_ x: Tensor, _ y: Tensor, gate: Tensor) -> Tensor {
        precondition(x.shape == y.shape && gate.count == x.rows, "the parts of a gated sum do not fit")
        let output = tensor(x.shape)
        record(GatedSumOperation(x: x, y: y, gate: gate, output: output))
        return output
    }
}

private final class ExpertMixtureOperation: TapeOperation {
    /// What the share of tokens that an expert got too many is multiplied with: so small that it does not count in the
    /// norm of all gradients, and large beside the epsilon of Adam.
    static let balanceScale: Float = 1e-4

    private struct Expert {
        let gateUp: Tensor
        let down: Tensor
        let bias: (gateUp: Tensor, down: Tensor)?
        let forward: (gateUp: PackedMatrix, down: PackedMatrix)
        let backward: (gateUp: PackedMatrix, down: PackedMatrix)?
    }

    private let input: Tensor
    private let logits: Tensor
    private let bias: Tensor?
    private let experts: [Expert]
    private let mixture: ExpertMixture
    private let output: Tensor
    private let dispatch: ExpertDispatch
    private let numbers: UnsafeMutablePointer<Int32>
    private let keeps: Bool
    private let scores: UnsafeMutablePointer<Float>
    private let products: UnsafeMutablePointer<Float>
    /// The gradients of the weights, `[rows, chosen]`.
    private let weightGradients: UnsafeMutablePointer<Float>
    private let workspace: Workspace

    init(
        input: Tensor, logits: Tensor, bias: Tensor?, experts: [(gateUp: Tensor, down: Tensor)],
        biases: [(gateUp: Tensor, down: Tensor)], mixture: ExpertMixture, output: Tensor, tape: Tape
    ) {
        (self.input, self.logits, self.bias, self.mixture, self.output) = (input, logits, bias, mixture, output)
        keeps = tape.recordsGradients
        self.experts = experts.enumerated().map { index, expert in
            Expert(
                gateUp: expert.gateUp, down: expert.down, bias: biases.isEmpty ? nil : biases[index],
                forward: (tape.packed(expert.gateUp, isTransposed: true), tape.packed(expert.down, isTransposed: true)),
                backward: tape.recordsGradients
                    ? (tape.packed(expert.gateUp, isTransposed: false), tape.packed(expert.down, isTransposed: false))
                    : nil)
        }
        let (rows, routing) = (input.rows, mixture.routing)
        let block = min(rows, ExpertMixture.blockRows)
        numbers = .allocate(capacity: ExpertDispatch.count(rows: rows, routing))
        numbers.initialize(repeating: 0, count: ExpertDispatch.count(rows: rows, routing))
        dispatch = ExpertDispatch(
            rows: rows, routing, numbers: numbers, weights: tape.scratch(rows * routing.chosen))
        scores = tape.scratch(rows * routing.experts)
        products = tape.scratch((keeps ? rows * routing.chosen : block) * 2 * mixture.hidden)
        weightGradients = tape.scratch(keeps ? rows * routing.chosen : 0)
        workspace = tape.workspace(block * 2 * (mixture.width + mixture.hidden))
    }

    deinit { numbers.deallocate() }

    func forward() {
        let active = input.activeRows
        output.activeRows = active
        mixture.routing.route(
            rows: active, logits: logits.value, bias: bias?.value, scores: scores, into: dispatch)
        mixture.compute(
            rows: active, input: input.value, dispatch: dispatch, matrices: { experts[$0].forward },
            biases: experts.first?.bias == nil ? nil : { self.biases($0) }, products: products, keeps: keeps,
            workspace: workspace.pointer, into: output.value)
    }

    private func biases(_ expert: Int) -> ExpertBiases {
        guard let bias = experts[expert].bias else { preconditionFailure("an expert without biases among others") }
        return ExpertBiases(gateUp: bias.gateUp.value, down: bias.down.value)
    }

    func backward() {
        let (active, routing) = (input.activeRows, mixture.routing)
        guard active > 0 else {
            clear(input)
            clear(logits)
            return
        }
        let gradient = output.gradient
        if !input.claimGradient() { input.gradient.update(repeating: 0, count: active * mixture.width) }
        for expert in experts.indices {
            let range = dispatch.range(expert)
            for start in stride(from: range.lowerBound, to: range.upperBound, by: ExpertMixture.blockRows) {
                backward(experts[expert], gradient, start..<min(start + ExpertMixture.blockRows, range.upperBound))
            }
            if let bias {
                let share = Float(range.count * routing.experts) / Float(active * routing.chosen)
                bias.gradient[expert] += Self.balanceScale * (share - 1)
            }
        }
        let adds = logits.claimGradient()
        for row in 0..<active {
            routing.backward(
                scores: scores + row * routing.experts, experts: dispatch.experts + row * routing.chosen,
                weights: dispatch.weights + row * routing.chosen, gradient: weightGradients + row * routing.chosen,
                adds: adds, into: logits.gradient + row * routing.experts)
        }
    }

    private func clear(_ tensor: Tensor) {
        if !tensor.claimGradient() { tensor.gradient.update(repeating: 0, count: tensor.count) }
    }

    /// The gradients through one expert of the rows at some places of the dispatch.
    private func backward(_ expert: Expert, _ gradient: UnsafePointer<Float>, _ places: Range<Int>) {
        guard let matrices = expert.backward else { return }
        let (width, hidden, count) = (mixture.width, mixture.hidden, places.count)
        let outer = workspace.pointer
        let inner = outer + count * width
        let slopes = inner + count * width
        let activated = slopes + count * hidden
        let product = products + places.lowerBound * 2 * hidden
        mixture.gather(gradient, dispatch, start: places.lowerBound, count: count, into: outer)
        matrices.down.multiply(rows: count, outer, stride: width, into: slopes, stride: hidden)
        mixture.activation.backward(
            rows: count, hidden: hidden, product, gradient: slopes, into: product, activated: activated)
        for i in 0..<count {
            let place = Int(dispatch.order[places.lowerBound + i])
            let weight = dispatch.weights[place]
            weightGradients[place] = Float(ck_dot(hidden, activated + i * hidden, slopes + i * hidden))
            if let bias = expert.bias {
                let above = outer + i * width
                weightGradients[place] += Float(ck_dot(width, bias.down.value, above))
                ck_axpy(width, weight, above, bias.down.gradient)
            }
            ck_scale(hidden, weight, activated + i * hidden, activated + i * hidden)
            ck_scale(2 * hidden, weight, product + i * 2 * hidden, product + i * 2 * hidden)
        }
        if let bias = expert.bias {
            RowBias.backward(product, count: count, width: 2 * hidden, into: bias.gateUp.gradient)
        }
        ck_gemm(1, 0, width, hidden, count, 1, outer, width, activated, hidden, 1, expert.down.gradient, hidden)
        mixture.gather(input.value, dispatch, start: places.lowerBound, count: count, into: inner)
        ck_gemm(
            1, 0, 2 * hidden, width, count, 1, product, 2 * hidden, inner, width, 1, expert.gateUp.gradient, width)
        matrices.gateUp.multiply(rows: count, product, stride: 2 * hidden, into: outer, stride: width)
        for i in 0..<count {
            let row = Int(dispatch.order[places.lowerBound + i]) / mixture.routing.chosen
            ck_axpy(width, 1, outer + i * width, input.gradient + row * width)
        }
    }
}

private final class GatedSumOperation: TapeOperation {
    let x: Tensor
    let y: Tensor
    let gate: Tensor
    let output: Tensor

    init(x: Tensor, y: Tensor, gate: Tensor, output: Tensor) {
        (self.x, self.y, self.gate, self.output) = (x, y, gate, output)
    }

    private func sigmoid(_ row: Int) -> Float {
        var value: Float = 0
        ck_sigmoid(1, gate.value + row, &value)
        return value
    }

    func forward() {
        output.activeRows = x.activeRows
        let width = x.width
        output.value.update(from: x.value, count: x.activeRows * width)
        for row in 0..<x.activeRows { ck_axpy(width, sigmoid(row), y.value + row * width, output.value + row * width) }
    }

    func backward() {
        let width = x.width
        x.passGradient(of: output)
        let gradient = output.gradient
        let (addsY, addsGate) = (y.claimGradient(), gate.claimGradient())
        for row in 0..<x.activeRows {
            let (share, outer) = (sigmoid(row), gradient + row * width)
            let own = y.gradient + row * width
            let slope = Float(ck_dot(width, outer, y.value + row * width)) * share * (1 - share)
            gate.gradient[row] = (addsGate ? gate.gradient[row] : 0) + slope
            if addsY { ck_axpy(width, share, outer, own) } else { ck_scale(width, share, outer, own) }
        }
    }
}
