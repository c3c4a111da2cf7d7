import AssayTensor
import CKernels
import Foundation

/// Native sparse attention (NSA, Yuan et al. 2025, arXiv 2502.11089) as in flash-linear-attention (its plain reference
/// `fla.ops.nsa.naive`): three views of the past with the same queries, keys and values, and a gate for each,
///
///     compressed  the mean keys and values of whole blocks, once they are complete
///     selected    the tokens of the blocks to which a group of heads pays most attention in the compressed view; always
///                 the first block, the query's own and the one before it
///     window      the last tokens
///     y = W_out(sum over views of sigmoid(x W_gates)_view,h * view_h)
///
/// The compression of the paper is a learned MLP over each block; the reference's, and this one's, is the mean. The choice
/// itself has no gradient; the scores learn through the compressed view.
///
/// Options: `block-size` (default 16), `selected-blocks` (blocks that a query sees closely, default 4, at least 3),
/// `window` (default 64), and of ``SoftmaxAttention`` `rotary-fraction`, `rotary-base`, `query-key-norm`, `scale`,
/// `short-convolution`.
public struct CompressedSparseAttention: Mixer {
    /// `compressed-sparse`.
    public static let name = "compressed-sparse"
    /// See the type.
    public static let optionNames =
        ["block-size", "selected-blocks", "window", "query-key-norm", "scale", "short-convolution"]
        + RotaryEmbedding.optionNames

    private let attention: SoftmaxAttention
    private let blockSize: Int
    private let selectedBlocks: Int
    private let window: Int
    private static let branches = 3

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try SoftmaxAttention(request)
        blockSize = try request.integer("block-size", default: 16, in: 2...65_536)
        selectedBlocks = try request.integer("selected-blocks", default: 4, in: 3...65_536)
        window = try request.integer("window", default: 64, in: 1...1_048_576)
    }

    private var shape: AttentionShape { attention.shape }
    private var width: Int { attention.width }
    private var gateCount: Int { Self.branches * shape.heads }

    /// The shape of the compressed view.
    private var compressedShape: AttentionShape {
        var compressed = shape
        compressed.stride = blockSize
        return compressed
    }

    /// Declares the projections, the norms of queries and keys if there are any, and the gates of the views.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
        layout.declare(
            prefix + "branch_gates.weight", [gateCount, width],
            .normal(standardDeviation: attention.projection.deviation))
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let heads = attention.record(x, prefix: prefix, on: tape)
        let keys = tape.blockMeans(heads.key, blockSize: blockSize)
        let values = tape.blockMeans(heads.value, blockSize: blockSize)
        let compressed = tape.causalAttention(
            query: heads.query, key: keys.allColumns, value: values.allColumns, shape: compressedShape)
        let selection = tape.blockChoice(
            query: heads.query, key: keys.allColumns, shape: compressedShape, count: selectedBlocks)
        let selected = tape.selectedAttention(
            query: heads.query, key: heads.key, value: heads.value, shape: shape, selection: selection)
        var near = shape
        near.window = window
        let last = tape.causalAttention(query: heads.query, key: heads.key, value: heads.value, shape: near)
        let gates = tape.linear(x, tape.parameter(prefix + "branch_gates.weight"))
        let mixed = tape.gatedBranches([compressed, selected, last], gates: gates, heads: shape.heads)
        return attention.recordOutput(mixed, of: x, prefix: prefix, on: tape)
    }

    // MARK: Recurrent

    /// Keys and values of every token, and mean keys and values of every block.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = attention.stateLayout(capacity: capacity)
        let blocks = (capacity + blockSize - 1) / blockSize
        layout.append(
            "mean-keys", .cache, [shape.keyValueHeads, blocks, shape.headDimension], stride: blockSize)
        layout.append(
            "mean-values", .cache, [shape.keyValueHeads, blocks, shape.valueDimension], stride: blockSize)
        return layout
    }

    /// Tokens that a query sees closely at most.
    private func seenCount(capacity: Int) -> Int { min(capacity, selectedBlocks * blockSize) }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let blocks = capacity / blockSize + 1
        let rows = batch * (attention.projection.channels + gateCount + shape.outputWidth)
        let views = Self.branches * shape.outputWidth
        let choice = (shape.group + 2) * blocks + selectedBlocks
        let gathered = seenCount(capacity: capacity) * (shape.headDimension + shape.valueDimension)
        return rows + views + choice + gathered + shape.group * (capacity + 1)
    }

    /// The recurrent form.
    public func step(_ call: MixerStep) {
        let channels = attention.projection.channels
        let rows = call.scratch
        let gates = rows + call.batch * channels
        let outputs = gates + call.batch * gateCount
        let views = outputs + call.batch * shape.outputWidth
        attention.projection.step(call, into: rows)
        call.multiply("branch_gates.weight", call.input, stride: width, into: gates, stride: gateCount)
        ck_sigmoid(call.batch * gateCount, gates, gates)
        guard let cache = Cache(stateLayout(capacity: call.capacity)) else { return }
        for i in 0..<call.batch {
            let (row, position) = (rows + i * channels, Int(call.positions[i]))
            attention.prepare(row, position: position, call)
            write(row, position: position, to: call.states[i], cache)
            for head in 0..<shape.keyValueHeads {
                look(
                    row, head: head, position: position, state: call.states[i], cache, views: views,
                    scratch: views + Self.branches * shape.outputWidth)
            }
            let output = outputs + i * shape.outputWidth
            output.update(repeating: 0, count: shape.outputWidth)
            for place in 0..<gateCount {
                let (head, branch) = place.quotientAndRemainder(dividingBy: Self.branches)
                let columns = head * shape.valueDimension
                ck_axpy(
                    shape.valueDimension, gates[i * gateCount + place], views + branch * shape.outputWidth + columns,
                    output + columns)
            }
        }
        call.multiply("out_proj.weight", outputs, stride: shape.outputWidth, into: call.output, stride: width)
    }

    /// The parts of the state.
    private struct Cache {
        let keys, values, meanKeys, meanValues: StateLayout.Part

        init?(_ layout: StateLayout) {
            guard let keys = layout["keys"], let values = layout["values"], let meanKeys = layout["mean-keys"],
                let meanValues = layout["mean-values"]
            else { return nil }
            (self.keys, self.values, self.meanKeys, self.meanValues) = (keys, values, meanKeys, meanValues)
        }
    }

    /// Keeps a token's keys and values, and with the last token of a block its means.
    private func write(
        _ row: UnsafeMutablePointer<Float>, position: Int, to state: UnsafeMutablePointer<Float>, _ cache: Cache
    ) {
        cache.keys.write(row + attention.projection.keyOffset, position: position, to: state)
        cache.values.write(row + attention.projection.valueOffset, position: position, to: state)
        guard (position + 1) % blockSize == 0 else { return }
        for (tokens, means) in [(cache.keys, cache.meanKeys), (cache.values, cache.meanValues)] {
            let width = tokens.rowCount
            for head in 0..<shape.keyValueHeads {
                let mean = state + means.block(head) + means.entryIndex(position: position) * width
                mean.update(repeating: 0, count: width)
                for token in (position + 1 - blockSize)...position {
                    ck_axpy(width, 1 / Float(blockSize), state + tokens.block(head) + token * width, mean)
                }
            }
        }
    }

    /// The three views of a group of query heads, each `[heads, valueDimension]`.
    private func look(
        _ row: UnsafeMutablePointer<Float>, head: Int, position: Int, state: UnsafeMutablePointer<Float>,
        _ cache: Cache, views: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        let (group, keyWidth, valueWidth) = (shape.group, shape.headDimension, shape.valueDimension)
        let query = row + head * group * keyWidth
        let (keys, values) = (state + cache.keys.block(head), state + cache.values.block(head))
        let compressed = views + head * group * valueWidth
        let selected = compressed + shape.outputWidth
        let last = selected + shape.outputWidth
        let blocks = (position + 1) / blockSize
        let probabilities = scratch
        compressed.update(repeating: 0, count: group * valueWidth)
        if blocks > 0 {
            ck_gemm(
                0, 1, group, blocks, keyWidth, shape.scale, query, keyWidth, state + cache.meanKeys.block(head),
                keyWidth, 0, probabilities, blocks)
            ck_softmax_rows(group, blocks, probabilities, blocks, probabilities, blocks)
            ck_gemm(
                0, 0, group, valueWidth, blocks, 1, probabilities, blocks, state + cache.meanValues.block(head),
                valueWidth, 0, compressed, valueWidth)
        }
        let rest = probabilities + group * blocks
        let tokens = choose(probabilities, blocks: blocks, position: position, scratch: rest)
        let gatheredValues = rest + tokens.count * keyWidth
        for (place, token) in tokens.enumerated() {
            (rest + place * keyWidth).update(from: keys + token * keyWidth, count: keyWidth)
            (gatheredValues + place * valueWidth).update(from: values + token * valueWidth, count: valueWidth)
        }
        ck_attention_decode(
            group, tokens.count, keyWidth, valueWidth, shape.scale, nil, query, keyWidth, rest, keyWidth,
            gatheredValues, valueWidth, selected, valueWidth, gatheredValues + tokens.count * valueWidth)
        let first = max(0, position + 1 - window)
        ck_attention_decode(
            group, position + 1 - first, keyWidth, valueWidth, shape.scale, nil, query, keyWidth,
            keys + first * keyWidth, keyWidth, values + first * valueWidth, valueWidth, last, valueWidth, rest)
    }

    /// The tokens of the blocks that a group sees closely, from the attention of its heads to whole blocks.
    private func choose(
        _ probabilities: UnsafeMutablePointer<Float>, blocks: Int, position: Int, scratch: UnsafeMutablePointer<Float>
    ) -> [Int] {
        let own = position / blockSize
        let (values, spare) = (scratch, scratch + own + 1)
        values.update(repeating: 0, count: own + 1)
        for member in 0..<shape.group { ck_add(blocks, values, probabilities + member * blocks, values) }
        for block in [0, own - 1, own] where block >= 0 { values[block] = .infinity }
        let places = UnsafeMutableRawPointer(spare + own + 1).bindMemory(to: Int32.self, capacity: selectedBlocks)
        ck_select_top(own + 1, values, selectedBlocks, places, spare)
        return (0..<selectedBlocks).filter { places[$0] >= 0 }.flatMap { tokens(of: Int(places[$0]), to: position) }
    }

    private func tokens(of block: Int, to position: Int) -> Range<Int> {
        (block * blockSize)..<min((block + 1) * blockSize, position + 1)
    }

    // MARK: Reference

    /// The reference form: the three views as they are written above.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let heads = attention.referenceHeads(x, time: time, weights: weights)
        let keys = means(heads.keys, width: shape.keyWidth, time: time)
        let values = means(heads.values, width: shape.valueWidth, time: time)
        let gates = Reference.linear(x, weights["branch_gates.weight"] ?? [], inputs: width).map(Reference.sigmoid)
        var output = [Double](repeating: 0, count: time * shape.outputWidth)
        for t in 0..<time {
            let whole = Array(0..<((t + 1) / blockSize))
            for head in 0..<shape.keyValueHeads {
                let members = (head * shape.group)..<((head + 1) * shape.group)
                let compressed = members.map {
                    Reference.probabilities(heads.queries, keys, shape: shape, head: $0, t: t, whole, nil)
                }
                let close = chosen(compressed, t: t)
                let near = Array(max(0, t + 1 - window)...t)
                for (member, own) in zip(members, compressed) {
                    let views = [close, near].map {
                        Reference.probabilities(heads.queries, heads.keys, shape: shape, head: member, t: t, $0, nil)
                    }
                    let place = t * shape.outputWidth + member * shape.valueDimension
                    let parts = [(whole, own, values), (close, views[0], heads.values), (near, views[1], heads.values)]
                    for (branch, (rows, probabilities, table)) in parts.enumerated() {
                        let gate = gates[t * gateCount + member * Self.branches + branch]
                        for (row, p) in zip(rows, probabilities) {
                            for c in 0..<shape.valueDimension {
                                let column = row * shape.valueWidth + head * shape.valueDimension + c
                                output[place + c] += gate * p * table[column]
                            }
                        }
                    }
                }
            }
        }
        return attention.referenceOutput(output, of: x, weights: weights)
    }

    private func means(_ rows: [Double], width: Int, time: Int) -> [Double] {
        (0..<(time / blockSize)).flatMap { block in
            (0..<width).map { c in
                (0..<blockSize).reduce(0.0) { $0 + rows[(block * blockSize + $1) * width + c] } / Double(blockSize)
            }
        }
    }

    private func chosen(_ compressed: [[Double]], t: Int) -> [Int] {
        let own = t / blockSize
        var scores = [Double](repeating: 0, count: own + 1)
        for probabilities in compressed {
            for (block, p) in probabilities.enumerated() { scores[block] += p }
        }
        for block in [0, own - 1, own] where block >= 0 { scores[block] = .infinity }
        let order = scores.indices.sorted { (scores[$0], $0) > (scores[$1], $1) }
        return order.prefix(selectedBlocks).sorted().flatMap { Array(tokens(of: $0, to: t)) }
    }

    // MARK: Cost

    /// Query heads.
    public var headCount: Int { shape.heads }

    /// What a token costs. The compressed view grows with the length, by a token for every block; prefill scores it once
    /// more to choose.
    public func cost(context: Int) -> MixerCost {
        let projections = attention.projection.operations + Double(2 * width * (shape.outputWidth + gateCount))
        let perKey = Double(2 * shape.heads * (shape.headDimension + shape.valueDimension))
        func close(_ position: Int) -> Double {
            perKey * Double(min(position + 1, selectedBlocks * blockSize) + min(position + 1, window))
        }
        func blocks(_ position: Int) -> Double { Double((position + 1) / blockSize) }
        let rescored = perKey + Double(2 * shape.heads * shape.headDimension)
        let seen =
            PositionSum.capped(context, at: selectedBlocks * blockSize) + PositionSum.capped(context, at: window)
        let prefill = perKey * seen + rescored * PositionSum.blocks(context, of: blockSize)
        return MixerCost(
            prefillFLOPs: projections + prefill / Double(max(context, 1)),
            decodeFLOPs: projections + close(context) + perKey * blocks(context),
            stateBytes: Double(4 * stateLayout(capacity: context).usedCount(position: context)))
    }
}

extension CompressedSparseAttention: RotaryMixer {
    var rotary: RotaryEmbedding { attention.rotary }
}
