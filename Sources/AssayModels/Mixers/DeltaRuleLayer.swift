import AssayTensor
import CKernels
import Foundation

/// What the mixers of the delta rule with one decay a head share: the projections, the heads and the norm after them,
/// in all forms. A ``DeltaRuleMixer`` is one of these.
///
/// For every value head h and its query and key head, with `steps` keys, values and betas a token,
///
///     q, k_1..n, v_1..n = silu(conv(x W_qkv));  z, b_1..n, a = x W_gates
///     g = -exp(A_log_h) softplus(a_h + dt_bias_h);  beta_j = sigmoid(b_jh), or twice it
///     q^ = q / |q| / sqrt(keyDimension);  k^_j = k_j / |k_j|
///     S <- e^g S;  for j = 1..n: u = beta_j (v_j - S' k^_j), S <- S + k^_j u';  o = S' q^
///     y = W_out(rms(o_h) * silu(z_h))
///
/// without `a` and g if nothing decays, and without z if there is no output gate.
public struct DeltaRuleLayer: Sendable {
    /// The dimensions of the heads.
    struct Shape: Sendable, Hashable {
        var keyHeads: Int
        var valueHeads: Int
        var keyDimension: Int
        var valueDimension: Int
        /// Steps of a token.
        var steps: Int
    }

    let shape: Shape
    let projection: QueryKeyValueProjection
    /// Whether the state decays.
    let decays: Bool
    /// Whether a gate is on the output.
    let isGated: Bool
    /// The upper end of beta: 1, or 2 for negative eigenvalues.
    let betaScale: Float
    let epsilon: Double
    private let outputDeviation: Float

    init(
        _ architecture: Architecture, shape: Shape, decays: Bool, isGated: Bool, negativeEigenvalues: Bool,
        epsilon: Double? = nil
    ) {
        self.shape = shape
        self.decays = decays
        self.isGated = isGated
        betaScale = negativeEigenvalues ? 2 : 1
        let queryWidth = shape.keyHeads * shape.keyDimension
        projection = QueryKeyValueProjection(
            architecture, queryWidth: queryWidth, keyWidth: shape.steps * queryWidth,
            valueWidth: shape.steps * shape.valueHeads * shape.valueDimension, activates: true)
        self.epsilon = epsilon ?? architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    private var width: Int { projection.width }
    /// Columns of all value heads.
    var headsWidth: Int { shape.valueHeads * shape.valueDimension }
    /// Columns of z.
    private var gateWidth: Int { isGated ? headsWidth : 0 }
    /// Where the inputs of the decays are in a row `z | b | a`.
    var decayOffset: Int { gateWidth + shape.steps * shape.valueHeads }
    /// Where the inputs of beta are.
    var betaOffset: Int { gateWidth }
    /// Columns of a row `z | b | a`.
    var gatesWidth: Int { decayOffset + (decays ? shape.valueHeads : 0) }
    private var headStateCount: Int { shape.keyDimension * shape.valueDimension }
    /// Named after what its rows give: `zba_proj.weight`, or without z or a.
    var gatesName: String { (isGated ? "z" : "") + "b" + (decays ? "a" : "") + "_proj.weight" }

    // MARK: Parallel

    /// Declares the projections, the decay of each head, and the norm of a head's output.
    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + gatesName, [gatesWidth, width], .normal(standardDeviation: projection.deviation))
        if decays {
            let heads = shape.valueHeads
            layout.declare(prefix + "A_log", [heads], .logarithmOfUniform(0.01, 16), decays: false)
            layout.declare(prefix + "dt_bias", [heads], .inverseSoftplusOfLogUniform(0.001, 0.1), decays: false)
        }
        layout.declare(prefix + "norm.weight", [shape.valueDimension], .constant(1), decays: false)
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        let gates = tape.linear(x, tape.parameter(prefix + gatesName))
        let output = DeltaRuleOperation.record(
            rows: rows, gates: gates,
            decay: decays ? (tape.parameter(prefix + "A_log"), tape.parameter(prefix + "dt_bias")) : nil,
            weight: tape.parameter(prefix + "norm.weight"), layer: self, on: tape)
        return tape.linear(output, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [shape.valueHeads, shape.keyDimension, shape.valueDimension])
        return layout
    }

    func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + gatesWidth + headsWidth) + shape.valueHeads + 2 * shape.keyDimension
    }

    func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let gates = rows + call.batch * channels
        let outputs = gates + call.batch * gatesWidth
        let inverse = outputs + call.batch * headsWidth
        let scratch = inverse + shape.valueHeads
        projection.step(call, into: rows)
        call.multiply(gatesName, call.input, stride: width, into: gates, stride: gatesWidth)
        let decay = decays ? (UnsafePointer(call.parameter("A_log")), UnsafePointer(call.parameter("dt_bias"))) : nil
        let weight = call.parameter("norm.weight")
        for i in 0..<call.batch {
            let output = outputs + i * headsWidth
            let gate = gates + i * gatesWidth
            for head in 0..<shape.valueHeads {
                var arguments = argument(
                    head: head, time: 1, chunk: nil, rows: rows + i * channels, gates: gate, decay: decay)
                let state = call.states[i] + projection.stateCount + head * headStateCount
                ck_delta_step(&arguments, state, output + head * shape.valueDimension, scratch)
            }
            normalise(
                rows: shape.valueHeads, output, stride: shape.valueDimension, weight: weight, gate: gate,
                gateStride: shape.valueDimension, into: output, stride: shape.valueDimension, inverse: inverse)
        }
        call.multiply("out_proj.weight", outputs, stride: headsWidth, into: call.output, stride: width)
    }

    /// The norm of rows of a head's outputs, gated or not. The results may overwrite the outputs.
    func normalise(
        rows: Int, _ x: UnsafePointer<Float>, stride: Int, weight: UnsafePointer<Float>, gate: UnsafePointer<Float>,
        gateStride: Int, into y: UnsafeMutablePointer<Float>, stride outputStride: Int,
        inverse: UnsafeMutablePointer<Float>
    ) {
        if isGated {
            ck_gated_norm_forward(
                rows, shape.valueDimension, x, stride, weight, gate, gateStride, 0, Float(epsilon), y, outputStride,
                inverse)
        } else {
            ck_rms_norm_forward(
                rows, shape.valueDimension, x, stride, weight, Float(epsilon), y, outputStride, inverse)
        }
    }

    /// The shape of a head for the kernels.
    func kernelShape(time: Int, chunk: Int?) -> ck_delta_shape {
        ck_delta_shape(
            time: time, steps: shape.steps, chunk: chunk ?? 0, key_dimension: shape.keyDimension,
            value_dimension: shape.valueDimension)
    }

    /// One value head of the rows `q | k | v` and `z | b | a` of a sequence, for the kernels.
    /// - Parameter decay: `A_log` and `dt_bias` of all heads.
    func argument(
        head: Int, time: Int, chunk: Int?, rows: UnsafePointer<Float>, gates: UnsafePointer<Float>,
        decay: (rate: UnsafePointer<Float>, bias: UnsafePointer<Float>)?
    ) -> ck_delta_head {
        let query = rows + queryColumn(head: head)
        return ck_delta_head(
            shape: kernelShape(time: time, chunk: chunk), q: query, k: query + projection.keyOffset,
            ldq: projection.channels, ldk: projection.channels, k_step: projection.queryWidth,
            v: rows + valueColumn(head: head), ldv: projection.channels, v_step: headsWidth,
            a: decay.map { _ in gates + decayOffset + head }, lda: gatesWidth, b: gates + betaOffset + head,
            ldb: gatesWidth, b_step: shape.valueHeads, a_log: decay?.rate[head] ?? 0, dt_bias: decay?.bias[head] ?? 0,
            beta_scale: betaScale)
    }

    /// Where the queries of a value head are in a row `q | k | v`; its keys follow ``QueryKeyValueProjection/keyOffset``
    /// later.
    func queryColumn(head: Int) -> Int { head / (shape.valueHeads / shape.keyHeads) * shape.keyDimension }

    /// Where its values are.
    func valueColumn(head: Int) -> Int { projection.valueOffset + head * shape.valueDimension }

    // MARK: Cost

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(2 * width * (gatesWidth + headsWidth))
        let chunk = min(ck_delta_chunk(kernelShape(time: context, chunk: nil)), max(context, 1))
        let (steps, both) = (shape.steps, shape.keyDimension + shape.valueDimension)
        // For every step its product of keys and its part of the solve, and once the scores and their product with
        // the updates, over half of the chunk's rows each; the state is read at every step and by the query, and
        // updated at every step.
        let within = (steps + 1) * chunk * steps * both
        let prefill = Double(shape.valueHeads * (within + 2 * (2 * steps + 1) * headStateCount))
        // A step reads the state for its key and rewrites it; the query reads it once.
        return MixerCost(
            prefillFLOPs: projections + prefill,
            decodeFLOPs: projections + Double(shape.valueHeads * (5 * steps + 2) * headStateCount),
            stateBytes: Double(4 * stateLayout(capacity: context).count))
    }
}

extension DeltaRuleLayer.Shape {
    /// The shape by the options `key-heads`, `value-heads`, `key-dimension` and `value-dimension` of a layer.
    init(_ request: MixerRequest, steps: Int = 1) throws {
        let architecture = request.architecture
        let keyHeads = try request.integer("key-heads", default: architecture.heads, in: 1...1_024)
        let valueHeads = try request.integer("value-heads", default: keyHeads, in: 1...1_024)
        guard valueHeads % keyHeads == 0 else {
            throw request.failure(
                "value-heads", "is \(valueHeads), no multiple of the \(keyHeads) key heads",
                remedy: "Give a multiple of key-heads")
        }
        self.init(
            keyHeads: keyHeads, valueHeads: valueHeads,
            keyDimension: try request.integer("key-dimension", default: architecture.headDimension, in: 1...1_024),
            valueDimension: try request.integer("value-dimension", default: architecture.headDimension, in: 1...1_024),
            steps: steps)
    }
}
