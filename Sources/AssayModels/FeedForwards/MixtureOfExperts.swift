import AssayTensor
import CKernels

/// A mixture of experts: gated MLPs of which every token goes through a few, and perhaps one that all tokens share.
///
///     s = softmax(W x)  or  sigmoid(W x);  the chosen: the top-k of s + bias
///     w = s of the chosen / their sum (if `renormalise`) * scale
///     y = sum over the chosen of w_e expert_e(x)  (+ shared(x)  or  + sigmoid(g x) shared(x))
///
/// MiniMax-M2: sigmoid, renormalised. Qwen3-Next: softmax, renormalised, a gated shared expert. Kimi-Linear and
/// DeepSeek-V3: sigmoid, renormalised and scaled, a shared expert, perhaps groups of experts. MiniMax-Text-01: softmax,
/// renormalised. Granite: softmax over the chosen, which is the same, and a shared expert.
///
/// Training balances the load by the bias of the choice, for every kind of routing and without an auxiliary loss (Wang
/// et al. 2024, as DeepSeek-V3 does); see ``AssayTensor/Tape/expertMixture(_:logits:bias:experts:_:)``. The published
/// models with softmax routing use an auxiliary loss instead.
///
/// Options: `experts` (8), `top-k` (2), `hidden` (inner width of an expert; default: the architecture's over `top-k`,
/// so that as much is computed as in a dense layer), `routing` (`softmax` or `sigmoid`), `renormalise` (true), `scale`
/// (1), `groups` and `open-groups` (1: no groups), `shared-experts` (0: their number, as one MLP of that multiple of
/// `hidden`), `shared-hidden` (its width, where that is no such multiple), `shared-gate` (false), `balance` (true: whether
/// there is a bias of the choice), `router-bias` (false: one of the logits, gpt-oss), `expert-bias` (false: of the experts'
/// maps, gpt-oss), `activation` (`silu`, `gelu-tanh` or `clamped-swish`) and for the last `swish-limit` (7) and
/// `swish-slope` (1.702).
public struct MixtureOfExperts: Mixer {
    /// `mixture-of-experts`.
    public static let name = "mixture-of-experts"
    /// See the type.
    public static let optionNames = [
        "experts", "top-k", "hidden", "routing", "renormalise", "scale", "groups", "open-groups", "shared-experts",
        "shared-hidden", "shared-gate", "balance", "router-bias", "expert-bias", "activation", "swish-limit",
        "swish-slope",
    ]

    private let mixture: ExpertMixture
    /// Inner width of the shared expert; 0 for none.
    private let sharedHidden: Int
    private let sharedIsGated: Bool
    private let balances: Bool
    private let hasRouterBias: Bool
    private let deviation: Float
    private let outputDeviation: Float
    private let gateUpNames: [String]
    private let downNames: [String]
    /// Of their biases, for all experts or none.
    private let biasNames: [(gateUp: String, down: String)]

    private static let router = "router.weight"
    private static let bias = "router.bias"
    private static let routerBias = "router.logit_bias"
    private static let sharedGateUp = "shared_expert.gate_up_proj.weight"
    private static let sharedDown = "shared_expert.down_proj.weight"
    private static let sharedGate = "shared_expert_gate.weight"

    /// The feed-forward of a layer.
    public init(_ request: MixerRequest) throws {
        let architecture = request.architecture
        let experts = try request.integer("experts", default: 8, in: 1...1_024)
        let chosen = try request.integer("top-k", default: min(2, experts), in: 1...experts)
        let groups = try request.integer("groups", default: 1, in: 1...experts)
        guard experts % groups == 0 else {
            throw request.failure(
                "groups", "is \(groups), which does not divide the \(experts) experts",
                remedy: "Give a divisor of \(experts)")
        }
        let openGroups = try request.integer("open-groups", default: groups, in: 1...groups)
        guard openGroups * (experts / groups) >= chosen else {
            throw request.failure(
                "open-groups", "leaves \(openGroups * (experts / groups)) experts for a top-k of \(chosen)",
                remedy: "Open more groups")
        }
        let score = try request.word(
            "routing", default: ExpertRouting.Score.softmax.rawValue,
            among: ExpertRouting.Score.allCases.map(\.rawValue))
        let hidden = try request.integer(
            "hidden", default: max(1, architecture.hiddenWidth / chosen), in: 1...65_536)
        mixture = ExpertMixture(
            width: architecture.width, hidden: hidden, activation: try Self.activation(request),
            routing: ExpertRouting(
                experts: experts, chosen: chosen, score: ExpertRouting.Score(rawValue: score) ?? .softmax,
                renormalises: try request.boolean("renormalise", default: true),
                scale: Float(try request.number("scale", default: 1, in: 1e-3...1e3)), groups: groups,
                openGroups: openGroups))
        sharedHidden = try Self.sharedHidden(request, hidden: hidden)
        sharedIsGated = try request.boolean("shared-gate", default: false)
        guard sharedHidden > 0 || !sharedIsGated else {
            throw request.failure("shared-gate", "gates no expert", remedy: "Give shared-experts, or leave it out")
        }
        balances = try request.boolean("balance", default: true)
        hasRouterBias = try request.boolean("router-bias", default: false)
        deviation = Float(architecture.initialDeviation)
        outputDeviation = Float(architecture.outputDeviation)
        gateUpNames = (0..<experts).map { "experts.\($0).gate_up_proj.weight" }
        downNames = (0..<experts).map { "experts.\($0).down_proj.weight" }
        biasNames =
            try request.boolean("expert-bias", default: false)
            ? (0..<experts).map { ("experts.\($0).gate_up_proj.bias", "experts.\($0).down_proj.bias") } : []
    }

    private static func activation(_ request: MixerRequest) throws -> GatedActivation {
        let name = try request.word("activation", default: "silu", among: ["silu", "gelu-tanh", "clamped-swish"])
        guard name == "clamped-swish" else {
            for option in ["swish-limit", "swish-slope"] where request.options[option] != nil {
                throw request.failure(
                    option, "does nothing where 'activation' is \(name)", remedy: "Leave it out")
            }
            return name == "silu" ? .silu : .geluTanh
        }
        return .clampedSwish(
            limit: Float(try request.number("swish-limit", default: 7, in: 1e-3...1e6)),
            slope: Float(try request.number("swish-slope", default: 1.702, in: 1e-3...1e3)))
    }

    private static func sharedHidden(_ request: MixerRequest, hidden: Int) throws -> Int {
        guard request.options["shared-hidden"] != nil else {
            return try request.integer("shared-experts", default: 0, in: 0...64) * hidden
        }
        guard request.options["shared-experts"] == nil else {
            throw request.failure(
                "shared-experts", "is given beside 'shared-hidden'", remedy: "Give one of them")
        }
        return try request.integer("shared-hidden", default: 0, in: 0...65_536)
    }

    private var width: Int { mixture.width }
    private var routing: ExpertRouting { mixture.routing }

    /// It looks at no other token.
    public var isRowwise: Bool { true }

    /// The bias of the choice, which learns the load.
    public var selfTaughtParameters: [String] { balances ? [Self.bias] : [] }

    /// Declares the router, its bias, the experts and the shared one.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        func declare(_ name: String, _ shape: [Int], _ deviation: Float) {
            layout.declare(prefix + name, shape, .normal(standardDeviation: deviation))
        }
        declare(Self.router, [routing.experts, width], deviation)
        if balances {
            layout.declare(prefix + Self.bias, [routing.experts], .constant(0), decays: false)
        }
        func declareBias(_ name: String, _ width: Int) {
            layout.declare(prefix + name, [width], .constant(0), decays: false)
        }
        if hasRouterBias { declareBias(Self.routerBias, routing.experts) }
        for expert in 0..<routing.experts {
            declare(gateUpNames[expert], [2 * mixture.hidden, width], deviation)
            declare(downNames[expert], [width, mixture.hidden], outputDeviation)
            if !biasNames.isEmpty {
                declareBias(biasNames[expert].gateUp, 2 * mixture.hidden)
                declareBias(biasNames[expert].down, width)
            }
        }
        if sharedHidden > 0 {
            declare(Self.sharedGateUp, [2 * sharedHidden, width], deviation)
            declare(Self.sharedDown, [width, sharedHidden], outputDeviation)
        }
        if sharedIsGated { declare(Self.sharedGate, [1, width], deviation) }
    }

    /// The parallel form: the tokens of each expert together.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        func parameter(_ name: String) -> Tensor { tape.parameter(prefix + name) }
        var logits = tape.linear(x, parameter(Self.router))
        if hasRouterBias { logits = tape.addBias(logits, parameter(Self.routerBias)) }
        let routed = tape.expertMixture(
            x, logits: logits, bias: balances ? parameter(Self.bias) : nil,
            experts: zip(gateUpNames, downNames).map { (parameter($0), parameter($1)) },
            biases: biasNames.map { (parameter($0.gateUp), parameter($0.down)) }, mixture)
        guard sharedHidden > 0 else { return routed }
        let shared = tape.gatedMLP(
            x, gateUp: parameter(Self.sharedGateUp), down: parameter(Self.sharedDown), activation: mixture.activation)
        guard sharedIsGated else { return tape.residual(routed, shared) }
        return tape.gatedSum(routed, shared, gate: tape.linear(x, parameter(Self.sharedGate)))
    }

    // MARK: Recurrent

    /// Nothing.
    public func stateLayout(capacity: Int) -> StateLayout { StateLayout() }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (routing.experts + 3 * sharedHidden + width + 1) + mixture.scratchCount(rows: batch)
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let logits = call.scratch
        let rest = logits + call.batch * routing.experts
        call.multiply(Self.router, call.input, stride: width, into: logits, stride: routing.experts)
        if hasRouterBias { call.addBias(Self.routerBias, to: logits, width: routing.experts) }
        mixture.forward(
            rows: call.batch, input: call.input, logits: logits,
            bias: balances ? UnsafePointer(call.parameter(Self.bias)) : nil,
            matrices: { (call.parameters.matrix(gateUpNames[$0]), call.parameters.matrix(downNames[$0])) },
            biases: biasNames.isEmpty
                ? nil
                : {
                    ExpertBiases(
                        gateUp: call.parameter(biasNames[$0].gateUp), down: call.parameter(biasNames[$0].down))
                },
            scratch: rest, into: call.output)
        if sharedHidden > 0 { addShared(call, rest) }
    }

    private func addShared(_ call: MixerStep, _ scratch: UnsafeMutablePointer<Float>) {
        let activated = scratch + call.batch * 2 * sharedHidden
        let result = activated + call.batch * sharedHidden
        let gates = result + call.batch * width
        call.multiply(Self.sharedGateUp, call.input, stride: width, into: scratch, stride: 2 * sharedHidden)
        mixture.activation.forward(rows: call.batch, hidden: sharedHidden, scratch, into: activated)
        call.multiply(Self.sharedDown, activated, stride: sharedHidden, into: result, stride: width)
        if sharedIsGated {
            call.multiply(Self.sharedGate, call.input, stride: width, into: gates, stride: 1)
            ck_sigmoid(call.batch, gates, gates)
        }
        for row in 0..<call.batch {
            ck_axpy(width, sharedIsGated ? gates[row] : 1, result + row * width, call.output + row * width)
        }
    }

    // MARK: Reference

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no parameter \(name)") }
            return values
        }
        var logits = Reference.linear(x, weight(Self.router), inputs: width)
        if hasRouterBias { logits = Reference.addBias(logits, weight(Self.routerBias)) }
        let bias = balances ? weight(Self.bias) : [Double](repeating: 0, count: routing.experts)
        var output = [Double](repeating: 0, count: x.count)
        for t in 0..<time {
            let token = Array(x[(t * width)..<((t + 1) * width)])
            let row = Array(logits[(t * routing.experts)..<((t + 1) * routing.experts)])
            for (expert, share) in choice(row, bias: bias) {
                let result = Reference.gatedMLP(
                    token, gateUp: weight(gateUpNames[expert]), down: weight(downNames[expert]), width: width,
                    activation: mixture.activation,
                    biases: biasNames.isEmpty
                        ? nil : (weight(biasNames[expert].gateUp), weight(biasNames[expert].down)))
                for i in 0..<width { output[t * width + i] += share * result[i] }
            }
        }
        guard sharedHidden > 0 else { return output }
        let shared = Reference.gatedMLP(
            x, gateUp: weight(Self.sharedGateUp), down: weight(Self.sharedDown), width: width,
            activation: mixture.activation)
        let gates = sharedIsGated ? Reference.linear(x, weight(Self.sharedGate), inputs: width) : []
        return output.indices.map {
            output[$0] + (sharedIsGated ? Reference.sigmoid(gates[$0 / width]) : 1) * shared[$0]
        }
    }

    /// The experts of a token and their weights, as in the formulas above.
    private func choice(_ logits: [Double], bias: [Double]) -> [(expert: Int, weight: Double)] {
        let scores = routing.score == .softmax ? Reference.softmax(logits) : logits.map(Reference.sigmoid)
        let chance = zip(scores, bias).map { $0 + $1 }
        let size = routing.experts / routing.groups
        let sums = (0..<routing.groups).map { group in
            chance[(group * size)..<((group + 1) * size)].sorted(by: >).prefix(2).reduce(0, +)
        }
        let open = Set(sums.indices.sorted { sums[$0] > sums[$1] }.prefix(routing.openGroups))
        let chosen = chance.indices.filter { open.contains($0 / size) }.sorted { chance[$0] > chance[$1] }
            .prefix(routing.chosen)
        let sum = chosen.reduce(0) { $0 + scores[$1] }
        return chosen.map { ($0, scores[$0] / (routing.renormalises ? sum : 1) * Double(routing.scale)) }
    }

    // MARK: Cost

    /// What a token costs: the router, the chosen experts and the shared one.
    public func cost(context: Int) -> MixerCost {
        let router = 2 * width * (routing.experts + (sharedIsGated ? 1 : 0))
        let operations =
            Double(router + routing.chosen * (6 * width * mixture.hidden + 2 * width))
            + Double(6 * width * sharedHidden)
        return MixerCost(prefillFLOPs: operations, decodeFLOPs: operations, stateBytes: 0)
    }
}
