import AssayCore
import AssayTensor
import CKernels
import Foundation

/// The learned indexer that chooses the tokens of sparse attention (DeepSeek-V3.2, "DeepSeek Sparse Attention"): a few
/// narrow heads with one key a token,
///
///     q = turned(source W_q);  k = turned(LayerNorm(x W_k));  w = x W_w
///     I(t, s) = (dimension heads)^-1/2 sum_h w_h(t) max(0, q_h(t) . k(s))
///
/// where the first elements turn as those of the attention do, and `source` is what the attention makes its queries
/// from. It reads the token as it is: no gradient passes from it to the rest of the model, and it learns by
/// ``Tape/lightningIndexer(query:key:weight:shape:attentionHeads:)`` alone. The published one is quantised, and its heads
/// are turned by a Hadamard matrix for that, which changes no score.
struct LightningIndexer: Sendable {
    static let optionNames = ["top-k", "block-size", "index-heads", "index-dimension"]
    /// Its parameters.
    static let parameterNames = [
        "index_q.weight", "index_k.weight", "index_k_norm.weight", "index_k_norm.bias", "index_weights.weight",
    ]
    private static let epsilon = 1e-6

    let width: Int
    let sourceWidth: Int
    let shape: IndexerShape
    let rotary: RotaryEmbedding
    private let deviation: Float

    init(_ request: MixerRequest, sourceWidth: Int, rotary: RotaryEmbedding) throws {
        let architecture = request.architecture
        width = architecture.width
        self.sourceWidth = sourceWidth
        self.rotary = rotary
        shape = IndexerShape(
            heads: try request.integer("index-heads", default: 4, in: 1...1_024),
            dimension: try request.integer("index-dimension", default: architecture.headDimension, in: 1...4_096),
            count: try request.integer("top-k", default: 64, in: 1...1_048_576),
            blockSize: try request.integer("block-size", default: 1, in: 1...65_536))
        guard shape.dimension >= rotary.dimension else {
            throw request.failure(
                "index-dimension", "is \(shape.dimension), less than the \(rotary.dimension) elements that turn",
                remedy: "Give at least \(rotary.dimension)")
        }
        deviation = Float(architecture.initialDeviation)
    }

    private var queryWidth: Int { shape.heads * shape.dimension }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        func matrix(_ name: String, _ shape: [Int]) {
            layout.declare(prefix + name, shape, .normal(standardDeviation: deviation))
        }
        matrix("index_q.weight", [queryWidth, sourceWidth])
        matrix("index_k.weight", [shape.dimension, width])
        layout.declare(prefix + "index_k_norm.weight", [shape.dimension], .constant(1), decays: false)
        layout.declare(prefix + "index_k_norm.bias", [shape.dimension], .constant(0), decays: false)
        matrix("index_weights.weight", [shape.heads, width])
    }

    // MARK: Parallel

    /// - Parameters:
    ///   - x: the token's input, `source` what queries are made from.
    ///   - heads: query heads of the attention.
    func select(_ x: Tensor, source: Tensor, heads: Int, prefix: String, on tape: Tape) -> TokenSelection {
        let token = tape.detached(x)
        let origin = x === source ? token : tape.detached(source)
        let query = tape.linear(origin, tape.parameter(prefix + "index_q.weight"))
        rotary.turn(query, queries: shape.heads, headDimension: shape.dimension, on: tape)
        let key = tape.layerNorm(
            tape.linear(token, tape.parameter(prefix + "index_k.weight")),
            tape.parameter(prefix + "index_k_norm.weight"), tape.parameter(prefix + "index_k_norm.bias"),
            epsilon: Float(Self.epsilon))
        rotary.turn(key, keys: 1, headDimension: shape.dimension, on: tape)
        let weight = tape.linear(token, tape.parameter(prefix + "index_weights.weight"))
        return tape.lightningIndexer(query: query, key: key, weight: weight, shape: shape, attentionHeads: heads)
    }

    // MARK: Recurrent

    func appendState(to layout: inout StateLayout, capacity: Int) {
        layout.append("index-keys", .cache, [1, capacity, shape.dimension])
    }

    /// Rows of a step: queries, keys and weights of its tokens.
    struct Rows {
        let queries: UnsafeMutablePointer<Float>
        let keys: UnsafeMutablePointer<Float>
        let weights: UnsafeMutablePointer<Float>
        let rest: UnsafeMutablePointer<Float>
    }

    func rowCount(batch: Int) -> Int { batch * (queryWidth + shape.dimension + shape.heads) }

    func project(_ call: MixerStep, source: UnsafePointer<Float>, scratch: UnsafeMutablePointer<Float>) -> Rows {
        let (dimension, batch) = (shape.dimension, call.batch)
        let keys = scratch + batch * queryWidth
        let weights = keys + batch * dimension
        call.multiply("index_q.weight", source, stride: sourceWidth, into: scratch, stride: queryWidth)
        call.multiply("index_k.weight", call.input, stride: width, into: keys, stride: dimension)
        call.multiply("index_weights.weight", call.input, stride: width, into: weights, stride: shape.heads)
        ck_layer_norm_forward(
            batch, dimension, keys, dimension, call.parameter("index_k_norm.weight"),
            call.parameter("index_k_norm.bias"), Float(Self.epsilon), keys, dimension, nil, nil)
        for i in 0..<batch {
            let position = Int(call.positions[i])
            rotary.turn(
                scratch + i * queryWidth, queries: shape.heads, headDimension: dimension, position: position,
                capacity: call.capacity)
            rotary.turn(
                keys + i * dimension, keys: 1, headDimension: dimension, position: position,
                capacity: call.capacity)
        }
        return Rows(queries: scratch, keys: keys, weights: weights, rest: weights + batch * shape.heads)
    }

    /// Floats of scratch to choose among the tokens of a state.
    func choiceCount(capacity: Int) -> Int { (shape.heads + 2) * capacity + shape.count }

    /// Keeps the key of token i of a step and chooses tokens for it.
    /// - Returns: the chosen tokens in their order, or nil for all.
    func choose(
        _ i: Int, _ rows: Rows, position: Int, state: UnsafeMutablePointer<Float>, layout: StateLayout,
        scratch: UnsafeMutablePointer<Float>
    ) -> [Int]? {
        guard let keys = layout["index-keys"] else { return nil }
        keys.write(rows.keys + i * shape.dimension, position: position, to: state)
        let count = position + 1
        guard position / shape.blockSize + 1 > shape.count else { return nil }
        let (scores, spare) = (scratch, scratch + count)
        var argument = ck_indexer(
            time: 1, heads: shape.heads, dimension: shape.dimension, scale: shape.scale,
            q: rows.queries + i * queryWidth, k: state + keys.offset, w: rows.weights + i * shape.heads,
            ldq: queryWidth, ldk: shape.dimension, ldw: shape.heads)
        ck_indexer_scores(&argument, count, scores, spare)
        let blocks = pool(scores, count)
        let places = UnsafeMutableRawPointer(spare + blocks).bindMemory(to: Int32.self, capacity: shape.count)
        ck_select_top(blocks, scores, shape.count, places, spare)
        return (0..<shape.count).flatMap { tokens(of: Int(places[$0]), before: count) }
    }

    /// The scores of blocks, in place of those of their tokens. Returns how many blocks there are.
    private func pool(_ scores: UnsafeMutablePointer<Float>, _ count: Int) -> Int {
        guard shape.blockSize > 1 else { return count }
        let blocks = (count + shape.blockSize - 1) / shape.blockSize
        for block in 0..<blocks {
            scores[block] = tokens(of: block, before: count).map { scores[$0] }.max() ?? 0
        }
        return blocks
    }

    private func tokens(of block: Int, before count: Int) -> Range<Int> {
        (block * shape.blockSize)..<min((block + 1) * shape.blockSize, count)
    }

    // MARK: Reference

    /// The scores of all pairs of tokens, `[time, time]`; those of later tokens mean nothing.
    func referenceScores(_ x: [Double], source: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let parameters = Self.parameterNames.map { weights[$0] ?? [] }
        let (heads, dimension) = (shape.heads, shape.dimension)
        let queries = rotary.referenceQueries(
            Reference.linear(source, parameters[0], inputs: sourceWidth), heads: heads, headDimension: dimension)
        let keys = rotary.referenceKeys(
            Reference.layerNorm(
                Reference.linear(x, parameters[1], inputs: width), parameters[2], parameters[3],
                epsilon: Self.epsilon), heads: 1, headDimension: dimension)
        let shares = Reference.linear(x, parameters[4], inputs: width)
        var scores = [Double](repeating: 0, count: time * time)
        for t in 0..<time {
            for s in 0...t {
                for head in 0..<heads {
                    let query = t * queryWidth + head * dimension
                    let product = (0..<dimension).reduce(0.0) {
                        $0 + queries[query + $1] * keys[s * dimension + $1]
                    }
                    scores[t * time + s] += shares[t * heads + head] * max(0, product) * Double(shape.scale)
                }
            }
        }
        return scores
    }

    /// The tokens that each query sees, in their order.
    func referenceChoice(_ scores: [Double], time: Int) -> [[Int]] {
        (0..<time).map { t in
            let blocks = (0...(t / shape.blockSize)).map { tokens(of: $0, before: t + 1) }
            let best = blocks.map { block in block.map { scores[t * time + $0] }.max() ?? 0 }
            let order = blocks.indices.sorted { (best[$0], $0) > (best[$1], $1) }
            return order.prefix(shape.count).sorted().flatMap { Array(blocks[$0]) }
        }
    }

    // MARK: Cost

    /// Operations of its projections for a token.
    var projectionFLOPs: Double {
        Double(2 * (queryWidth * sourceWidth + (shape.dimension + shape.heads) * width))
    }

    /// Operations to score a token for a query: the product, then ReLU, weight and sum of each head.
    var scoreFLOPs: Double { Double(shape.heads * (2 * shape.dimension + 3)) }

    /// Whether the query at a position scores anything: not while it may see all.
    func chooses(position: Int) -> Bool { position / shape.blockSize + 1 > shape.count }

    /// Tokens that the query at a position sees at most: its own block, if chosen, is cut off after it.
    func seenCount(position: Int) -> Int { min(position + 1, shape.count * shape.blockSize) }
}
