import AssayTensor
import CKernels
import Foundation

/// What mixers with a decay of each key channel have in common: the recurrence of every head over queries, keys and values, and
/// then
///
///     y = W_out(rms(o_h) * f(gate))
///
/// where decays, gates and the writing strength of the delta rule are the mixer's own. With the delta rule, queries and keys
/// of a head have unit length.
struct ChannelDecayLayer: Sendable {
    let projection: QueryKeyValueProjection
    let heads: Int
    let keyDimension: Int
    let valueDimension: Int
    /// Whether a token writes the error of what the state says, by the delta rule; else its value.
    let isDelta: Bool
    /// The function of the output's gate.
    let gate: GatedNormKind
    let epsilon: Double
    let outputDeviation: Float

    /// The model's width.
    var width: Int { projection.width }
    /// Key channels of all heads.
    var keysWidth: Int { heads * keyDimension }
    /// Value channels of all heads.
    var valuesWidth: Int { heads * valueDimension }
    private var queryScale: Float { 1 / Float(keyDimension).squareRoot() }

    /// Declares the norm of a head's output and the projection of the output.
    func declareOutput(prefix: String, in layout: inout ParameterLayout) {
        layout.declare(prefix + "norm.weight", [valueDimension], .constant(1), decays: false)
        layout.declare(prefix + "out_proj.weight", [width, valuesWidth], .normal(standardDeviation: outputDeviation))
    }

    /// The parallel form, in chunks.
    /// - Parameters:
    ///   - rows: queries, keys and values.
    ///   - decay: logarithms of the decays, `[batch, time, keysWidth]`.
    ///   - beta: how much of the error a token writes, `[batch, time, heads]`, with the delta rule.
    ///   - gate: the output's gate before its function, `[batch, time, valuesWidth]`.
    func parallel(
        _ rows: Tensor, decay: Tensor, beta: Tensor? = nil, gate: Tensor, prefix: String, on tape: Tape
    ) -> Tensor {
        let outputs = ChannelDecayOperation.record(
            ChannelDecayOperation.Inputs(
                query: rows.columns(0, keysWidth), key: rows.columns(projection.keyOffset, keysWidth),
                value: rows.columns(projection.valueOffset, valuesWidth), decay: decay.allColumns,
                beta: beta?.allColumns),
            heads: heads, scale: queryScale, normalises: isDelta, on: tape)
        let normed = tape.gatedNorm(
            outputs, tape.parameter(prefix + "norm.weight"), gate: gate.allColumns, kind: self.gate, parts: heads,
            epsilon: Float(epsilon), order: .byRow)
        return tape.linear(normed, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    /// The history of the convolution, and `[keyDimension, valueDimension]` for every head.
    func stateLayout() -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        layout.append("state", .recurrence, [heads, keyDimension, valueDimension])
        return layout
    }

    /// Scratch of a step besides rows, decays, gates and outputs.
    var scratchCount: Int { heads + 3 * keyDimension }

    /// What a step works with, a row for every sequence.
    struct StepRows {
        /// Queries, keys and values.
        let rows: UnsafeMutablePointer<Float>
        /// Logarithms of the decays.
        let decays: UnsafeMutablePointer<Float>
        /// How much of the error a token writes, with the delta rule.
        var betas: UnsafeMutablePointer<Float>?
        /// The output's gates before their function.
        let gates: UnsafeMutablePointer<Float>
        /// Room for the outputs of all heads.
        let outputs: UnsafeMutablePointer<Float>
        /// ``ChannelDecayLayer/scratchCount`` floats.
        let scratch: UnsafeMutablePointer<Float>
    }

    /// The recurrent form.
    func step(_ call: MixerStep, _ step: StepRows) {
        let (inverse, scratch) = (step.scratch, step.scratch + heads)
        let weight = call.parameter("norm.weight")
        for i in 0..<call.batch {
            let (row, output) = (step.rows + i * projection.channels, step.outputs + i * valuesWidth)
            if isDelta {
                // Queries and keys of all heads lie next to each other.
                ck_l2_norm_forward(
                    2 * heads, keyDimension, row, keyDimension, HeadNorm.epsilon, row, keyDimension, nil)
            }
            for head in 0..<heads {
                var arguments = argument(
                    head: head, row: row, decay: step.decays + i * keysWidth, beta: step.betas.map { $0 + i * heads })
                let state = call.states[i] + projection.stateCount + head * keyDimension * valueDimension
                ck_channel_step(&arguments, state, output + head * valueDimension, scratch)
            }
            ck_gated_norm_forward(
                heads, valueDimension, output, valueDimension, weight, step.gates + i * valuesWidth, valueDimension,
                gate == .sigmoidAfterNorm ? 1 : 0, Float(epsilon), output, valueDimension, inverse)
        }
        call.multiply("out_proj.weight", step.outputs, stride: valuesWidth, into: call.output, stride: width)
    }

    private func shape(time: Int) -> ck_channel_shape {
        ck_channel_shape(
            rule: Int32(isDelta ? CK_CHANNEL_DELTA : CK_CHANNEL_ADDITIVE), time: time, chunk: 0,
            key_dimension: keyDimension, value_dimension: valueDimension)
    }

    /// One head of one token.
    private func argument(
        head: Int, row: UnsafePointer<Float>, decay: UnsafePointer<Float>, beta: UnsafeMutablePointer<Float>?
    ) -> ck_channel_head {
        let column = head * keyDimension
        return ck_channel_head(
            shape: shape(time: 1), scale: queryScale, q: row + column, k: row + projection.keyOffset + column,
            v: row + projection.valueOffset + head * valueDimension, ldq: 0, ldk: 0, ldv: 0, g: decay + column,
            ldg: 0, beta: beta.map { UnsafePointer($0 + head) }, ldb: 0, r: nil, w: nil, ldr: 0, ldw: 0)
    }

    // MARK: Reference

    /// The reference form: the recurrence as the mixers write it.
    /// - Parameters:
    ///   - rows: queries, keys and values of all tokens.
    ///   - decay: the logarithm of the decay of a key channel, of all heads, at a token.
    ///   - beta: how much of the error a head writes at a token, with the delta rule.
    ///   - gates: the output's gates, after their function.
    func reference(
        _ rows: [Double], time: Int, decay: (_ time: Int, _ channel: Int) -> Double,
        beta: (_ time: Int, _ head: Int) -> Double = { _, _ in 1 }, gates: [Double], norm: [Double], output: [Double]
    ) -> [Double] {
        var outputs = [Double](repeating: 0, count: time * valuesWidth)
        for head in 0..<heads {
            var recurrence = ChannelDecayReference(keys: keyDimension, values: valueDimension)
            let column = head * keyDimension
            for t in 0..<time {
                func part(_ start: Int, _ count: Int) -> [Double] {
                    Array(rows[(t * projection.channels + start)...].prefix(count))
                }
                var query = part(column, keyDimension)
                var key = part(projection.keyOffset + column, keyDimension)
                if isDelta {
                    (query, key) = (ChannelDecayReference.normalised(query), ChannelDecayReference.normalised(key))
                }
                let said = recurrence.step(
                    query: query.map { $0 / Double(keyDimension).squareRoot() }, key: key,
                    value: part(projection.valueOffset + head * valueDimension, valueDimension),
                    decay: (column..<column + keyDimension).map { exp(decay(t, $0)) },
                    isDelta ? .delta(beta: beta(t, head)) : .additive)
                let start = t * valuesWidth + head * valueDimension
                outputs.replaceSubrange(start..<start + valueDimension, with: said)
            }
        }
        let normed = Reference.rmsNorm(outputs, norm, epsilon: epsilon)
        return Reference.linear(zip(normed, gates).map { $0 * $1 }, output, inputs: valuesWidth)
    }

    // MARK: Cost

    /// What a token costs: in prefill the products of the chunked form, their masked halves not counted.
    /// - Parameters:
    ///   - gates: weights of the mixer's own projections.
    ///   - stateCount: floats of the state.
    func cost(context: Int, gates: Int, stateCount: Int) -> MixerCost {
        let projections = projection.operations + Double(2 * (gates + width * valuesWidth))
        let chunk = min(ck_channel_chunk(shape(time: context)), max(context, 1))
        let state = keyDimension * valueDimension
        // The scores and their product with values, and two products with states; with the delta rule the solve besides, and
        // a third product with states.
        let channels = keyDimension + valueDimension
        let prefill = isDelta ? 2 * chunk * channels + 6 * state : chunk * channels + 4 * state
        return MixerCost(
            prefillFLOPs: projections + Double(heads * prefill),
            decodeFLOPs: projections + Double(heads * (isDelta ? 7 : 5) * state),
            stateBytes: Double(4 * stateCount))
    }
}
