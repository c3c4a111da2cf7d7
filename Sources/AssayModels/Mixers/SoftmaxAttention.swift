import AssayTensor
import CKernels
import Foundation

/// Causal softmax attention with grouped queries: what full and sliding-window attention share.
struct SoftmaxAttention: Sendable {
    /// How queries and keys are normalised before the rotary turn.
    enum QueryKeyNorm: String, CaseIterable {
        case none
        /// Each head for itself, as in Qwen3.
        case head
        /// All heads together, as in MiniMax-M2.
        case all
    }

    static let optionNames = ["rotary-fraction", "rotary-base", "query-key-norm"]

    let projection: QueryKeyValueProjection
    let shape: AttentionShape
    let rotaryDimension: Int
    let rotaryBase: Double
    let queryKeyNorm: QueryKeyNorm
    let epsilon: Double
    let outputDeviation: Float

    init(_ request: MixerRequest, window: Int = 0, sinks: Int = 0) throws {
        let architecture = request.architecture
        let keyValueWidth = architecture.keyValueHeads * architecture.headDimension
        // No SiLU: softmax attention needs queries and keys of both signs (as in Primer, So et al. 2021).
        projection = QueryKeyValueProjection(
            architecture, queryWidth: architecture.heads * architecture.headDimension, keyWidth: keyValueWidth,
            valueWidth: keyValueWidth, activates: false)
        shape = AttentionShape(
            heads: architecture.heads, keyValueHeads: architecture.keyValueHeads,
            headDimension: architecture.headDimension, window: window, sinks: sinks)
        let fraction = try request.number("rotary-fraction", default: 1, in: 0...1)
        rotaryDimension = Int((Double(architecture.headDimension) * fraction / 2).rounded()) * 2
        guard rotaryDimension <= architecture.headDimension else {
            throw request.failure(
                "rotary-fraction", "turns pairs, but headDimension \(architecture.headDimension) is odd",
                remedy: "Give an even headDimension or a smaller fraction")
        }
        rotaryBase = try request.number(
            "rotary-base", default: architecture.rotaryBase, in: 1.0.nextUp...1e12)
        let norm = try request.word(
            "query-key-norm", default: "none", among: QueryKeyNorm.allCases.map(\.rawValue))
        queryKeyNorm = QueryKeyNorm(rawValue: norm) ?? .none
        epsilon = architecture.normEpsilon
        outputDeviation = Float(architecture.outputDeviation)
    }

    var width: Int { projection.width }
    var headsWidth: Int { projection.queryWidth }
    /// Tokens that the state holds at most.
    func entryCount(capacity: Int) -> Int {
        shape.window == 0 ? capacity : min(capacity, shape.sinks + shape.window)
    }

    /// Where a token goes in the state: sinks stay, the others go round.
    func entryIndex(position: Int) -> Int {
        if shape.window == 0 || position < shape.sinks { return position }
        return shape.sinks + (position - shape.sinks) % shape.window
    }

    func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        projection.appendState(to: &layout)
        let block = [shape.keyValueHeads, entryCount(capacity: capacity), shape.headDimension]
        layout.append("keys", .cache, block, window: shape.window, sinks: shape.sinks)
        layout.append("values", .cache, block, window: shape.window, sinks: shape.sinks)
        return layout
    }

    /// The width of a norm's weight, and how many parts it normalises.
    private typealias Parts = (width: Int, count: Int)

    private var queryParts: Parts {
        queryKeyNorm == .all ? (projection.queryWidth, 1) : (shape.headDimension, shape.heads)
    }

    private var keyParts: Parts {
        queryKeyNorm == .all ? (projection.keyWidth, 1) : (shape.headDimension, shape.keyValueHeads)
    }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        projection.declareParameters(prefix: prefix, in: &layout)
        if queryKeyNorm != .none {
            layout.declare(prefix + "q_norm.weight", [queryParts.width], .constant(1), decays: false)
            layout.declare(prefix + "k_norm.weight", [keyParts.width], .constant(1), decays: false)
        }
        layout.declare(
            prefix + "out_proj.weight", [width, headsWidth], .normal(standardDeviation: outputDeviation))
    }

    // MARK: Parallel

    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let rows = projection.parallel(x, prefix: prefix, on: tape)
        var turned = rows
        if queryKeyNorm != .none {
            turned = tape.rmsNormParts(
                rows, weights: [tape.parameter(prefix + "q_norm.weight"), tape.parameter(prefix + "k_norm.weight")],
                counts: [queryParts.count, keyParts.count], epsilon: Float(epsilon))
        }
        if rotaryDimension > 0 {
            let table = RotaryTable.shared(time: x.shape[1], dimension: rotaryDimension, base: rotaryBase)
            tape.rotary(
                turned, heads: shape.heads + shape.keyValueHeads, headDimension: shape.headDimension, table: table)
        }
        let heads = tape.causalAttention(
            query: turned.columns(0, projection.queryWidth),
            key: turned.columns(projection.keyOffset, projection.keyWidth),
            value: rows.columns(projection.valueOffset, projection.valueWidth), shape: shape)
        return tape.linear(heads, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    func stepScratchCount(batch: Int, capacity: Int) -> Int {
        batch * (projection.channels + headsWidth) + entryCount(capacity: capacity)
    }

    func step(_ call: MixerStep) {
        let channels = projection.channels
        let rows = call.scratch
        let heads = rows + call.batch * channels
        let scores = heads + call.batch * headsWidth
        projection.step(call, into: rows)
        for i in 0..<call.batch {
            let row = rows + i * channels
            let position = Int(call.positions[i])
            prepare(row, position: position, call)
            // The state: the convolution's history, then a block of keys for each head, then one of values for each.
            let dimension = shape.headDimension
            let cache = call.states[i] + projection.stateCount
            let columns = entryCount(capacity: call.capacity) * dimension
            let place = entryIndex(position: position) * dimension
            for part in 0..<(2 * shape.keyValueHeads) {
                (cache + part * columns + place)
                    .update(from: row + projection.keyOffset + part * dimension, count: dimension)
            }
            let count = min(position + 1, entryCount(capacity: call.capacity))
            for head in 0..<shape.heads {
                let keys = cache + head / (shape.heads / shape.keyValueHeads) * columns
                ck_attention_decode(
                    count, dimension, shape.scale, row + head * dimension, keys, dimension,
                    keys + shape.keyValueHeads * columns, dimension, heads + i * headsWidth + head * dimension, scores)
            }
        }
        call.multiply("out_proj.weight", heads, stride: headsWidth, into: call.output, stride: width)
    }

    /// Normalises and turns the queries and keys of one token in place.
    private func prepare(_ row: UnsafeMutablePointer<Float>, position: Int, _ call: MixerStep) {
        if queryKeyNorm != .none {
            let (query, key) = (queryParts, keyParts)
            let keys = row + projection.keyOffset
            ck_rms_norm_forward(
                query.count, query.width, row, query.width, call.parameter("q_norm.weight"), Float(epsilon), row,
                query.width, nil)
            ck_rms_norm_forward(
                key.count, key.width, keys, key.width, call.parameter("k_norm.weight"), Float(epsilon), keys,
                key.width, nil)
        }
        guard rotaryDimension > 0 else { return }
        let table = RotaryTable.shared(time: call.capacity, dimension: rotaryDimension, base: rotaryBase)
        let start = position * rotaryDimension / 2
        table.cosines.withUnsafeBufferPointer { cosines in
            table.sines.withUnsafeBufferPointer { sines in
                guard let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                ck_rotary(
                    1, shape.heads + shape.keyValueHeads, shape.headDimension, rotaryDimension, cosines + start,
                    sines + start, row, projection.channels, 0)
            }
        }
    }

    // MARK: Reference

    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let rows = projection.reference(x, weights: weights)
        let channels = projection.channels
        var queries = Reference.columns(rows, width: channels, offset: 0, count: projection.queryWidth)
        var keys = Reference.columns(
            rows, width: channels, offset: projection.keyOffset, count: projection.keyWidth)
        let values = Reference.columns(
            rows, width: channels, offset: projection.valueOffset, count: projection.valueWidth)
        if let queryNorm = weights["q_norm.weight"], let keyNorm = weights["k_norm.weight"] {
            queries = Reference.rmsNorm(queries, queryNorm, epsilon: epsilon)
            keys = Reference.rmsNorm(keys, keyNorm, epsilon: epsilon)
        }
        if rotaryDimension > 0 {
            queries = Reference.rotary(
                queries, heads: shape.heads, headDimension: shape.headDimension, dimension: rotaryDimension,
                base: rotaryBase)
            keys = Reference.rotary(
                keys, heads: shape.keyValueHeads, headDimension: shape.headDimension, dimension: rotaryDimension,
                base: rotaryBase)
        }
        let heads = attend(queries, keys, values, time: time)
        return Reference.linear(heads, weights["out_proj.weight"] ?? [], inputs: headsWidth)
    }

    private func attend(_ queries: [Double], _ keys: [Double], _ values: [Double], time: Int) -> [Double] {
        let (dimension, group) = (shape.headDimension, shape.heads / shape.keyValueHeads)
        var output = [Double](repeating: 0, count: queries.count)
        for t in 0..<time {
            let visible = (0...t).filter { shape.window == 0 || t - $0 < shape.window || $0 < shape.sinks }
            for head in 0..<shape.heads {
                let query = t * headsWidth + head * dimension
                let column = head / group * dimension
                let scores = visible.map { s in
                    (0..<dimension).reduce(0.0) {
                        $0 + queries[query + $1] * keys[s * projection.keyWidth + column + $1]
                    } / Double(dimension).squareRoot()
                }
                let greatest = scores.max() ?? 0
                let exponentials = scores.map { exp($0 - greatest) }
                let sum = exponentials.reduce(0, +)
                for (s, weight) in zip(visible, exponentials) {
                    for i in 0..<dimension {
                        output[query + i] += weight / sum * values[s * projection.valueWidth + column + i]
                    }
                }
            }
        }
        return output
    }

    // MARK: Cost

    func cost(context: Int) -> MixerCost {
        let projections = projection.operations + Double(2 * width * headsWidth)
        // A product with a key and one with a value for each visible token.
        let perKey = Double(4 * headsWidth)
        let visible = (0..<context).reduce(0.0) { $0 + Double(visibleCount(position: $1)) }
        return MixerCost(
            prefillFLOPs: projections + perKey * visible / Double(max(context, 1)),
            decodeFLOPs: projections + perKey * Double(visibleCount(position: context)),
            stateBytes: Double(4 * stateLayout(capacity: context).usedCount(position: context)))
    }

    /// Tokens that the token at a position sees, itself included.
    private func visibleCount(position: Int) -> Int {
        if shape.window == 0 { return position + 1 }
        return min(position + 1, shape.window + min(shape.sinks, max(0, position + 1 - shape.window)))
    }
}
