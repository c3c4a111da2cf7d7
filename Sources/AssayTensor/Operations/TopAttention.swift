import CKernels

/// The choice of the highest scores of a query.
public enum TopScores {
    /// Floats of scratch to choose among so many keys.
    public static func scratchCount(keys: Int, count: Int) -> Int { keys + min(count, keys) }

    /// Sets all but the `count` highest of some scores to minus infinity; of equals the last stay. Scores among which one
    /// is not a number stay as they are, so that what is broken does not look sound.
    public static func keep(
        _ count: Int, of keys: Int, _ scores: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>
    ) {
        guard count < keys, !(0..<keys).contains(where: { scores[$0].isNaN }) else { return }
        let places = UnsafeMutableRawPointer(scratch + keys).bindMemory(to: Int32.self, capacity: count)
        ck_select_top(keys, scores, count, places, scratch)
        var next = 0
        for i in 0..<keys {
            if next < count, Int(places[next]) == i { next += 1 } else { scores[i] = -.infinity }
        }
    }
}

extension Tape {
    /// The form of ``causalAttention(query:key:value:shape:sinkLogits:)`` in which every query attends to the `shape.top`
    /// keys with the highest scores. A choice has no gradient.
    func topAttention(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, sinkLogits: Tensor?
    ) -> Tensor {
        precondition(shape.stride == 1, "keys of blocks have no choice")
        let (batch, time) = (query.tensor.shape[0], query.tensor.shape[1])
        let output = tensor([batch, time, shape.outputWidth])
        record(
            TopAttentionOperation(
                query: query, key: key, value: value, shape: shape, sinkLogits: sinkLogits, output: output,
                workspace: workspace(TopAttentionOperation.scratchCount(time: time, shape))))
        return output
    }
}

/// It works on some queries at a time, whose scores it has whole; the backward pass makes them again.
private final class TopAttentionOperation: TapeOperation {
    /// Queries at a time.
    private static let rows = 32

    private let query: TensorSlice
    private let key: TensorSlice
    private let value: TensorSlice
    private let shape: AttentionShape
    private let sinkLogits: Tensor?
    private let output: Tensor
    private let workspace: Workspace
    private let claim: SliceClaim

    /// Probabilities and their slopes, and what the choice needs.
    static func scratchCount(time: Int, _ shape: AttentionShape) -> Int {
        2 * rows * (time + 1) + TopScores.scratchCount(keys: time, count: shape.top)
    }

    init(
        query: TensorSlice, key: TensorSlice, value: TensorSlice, shape: AttentionShape, sinkLogits: Tensor?,
        output: Tensor, workspace: Workspace
    ) {
        self.query = query
        self.key = key
        self.value = value
        self.shape = shape
        self.sinkLogits = sinkLogits
        self.output = output
        self.workspace = workspace
        claim = SliceClaim([query, key, value])
    }

    /// Some neighbouring queries of a head of a sequence.
    private struct Tile {
        let head: Int
        /// The first row of the sequence.
        let start: Int
        /// The first query, counted from there.
        let first: Int
        let rows: Int
        /// Keys up to the last query.
        var keys: Int { first + rows }
    }

    private var time: Int { output.shape[1] }
    /// The distance of two rows of probabilities.
    private var stride: Int { time + 1 }

    private func forEachTile(_ body: (Tile) -> Void) {
        for sequence in 0..<output.shape[0] {
            for head in 0..<shape.heads {
                for first in Swift.stride(from: 0, to: time, by: Self.rows) {
                    body(Tile(head: head, start: sequence * time, first: first, rows: min(Self.rows, time - first)))
                }
            }
        }
    }

    private func queries(_ tile: Tile) -> Int {
        (tile.start + tile.first) * query.stride + tile.head * shape.headDimension
    }
    private func keys(_ tile: Tile) -> Int {
        tile.start * key.stride + tile.head / shape.group * shape.headDimension
    }
    private func values(_ tile: Tile) -> Int {
        tile.start * value.stride + tile.head / shape.group * shape.valueDimension
    }
    private func outputs(_ tile: Tile) -> Int {
        (tile.start + tile.first) * output.width + tile.head * shape.valueDimension
    }

    /// Columns of a softmax: the keys and perhaps a sink.
    private func columns(_ tile: Tile) -> Int { tile.keys + (sinkLogits == nil ? 0 : 1) }

    /// Writes the probabilities of a tile at the beginning of the workspace; those of a sink after its keys.
    private func attend(_ tile: Tile) -> UnsafeMutablePointer<Float> {
        let scores = workspace.pointer
        ck_gemm(
            0, 1, tile.rows, tile.keys, shape.headDimension, shape.scale, query.value + queries(tile), query.stride,
            key.value + keys(tile), key.stride, 0, scores, stride)
        let scratch = scores + 2 * Self.rows * stride
        for row in 0..<tile.rows {
            let (own, t) = (scores + row * stride, tile.first + row)
            if shape.window > 0 {
                for s in Swift.stride(from: shape.sinks, through: t - shape.window, by: 1) { own[s] = -.infinity }
            }
            TopScores.keep(shape.top, of: t + 1, own, scratch: scratch)
            for s in (t + 1)..<tile.keys { own[s] = -.infinity }
            if let sinkLogits { own[tile.keys] = sinkLogits.value[tile.head] }
        }
        ck_softmax_rows(tile.rows, columns(tile), scores, stride, scores, stride)
        return scores
    }

    func forward() {
        forEachTile { tile in
            let probabilities = attend(tile)
            ck_gemm(
                0, 0, tile.rows, shape.valueDimension, tile.keys, 1, probabilities, stride, value.value + values(tile),
                value.stride, 0, output.value + outputs(tile), output.width)
        }
    }

    func backward() {
        let gradient = output.gradient
        claim.claim()
        for (index, slice) in [query, key, value].enumerated() where !claim.adds(index) { slice.clearGradient() }
        let (dq, dk, dv) = (query.gradient, key.gradient, value.gradient)
        forEachTile { tile in
            let probabilities = attend(tile)
            let (slopes, incoming) = (probabilities + Self.rows * stride, gradient + outputs(tile))
            ck_gemm(
                0, 1, tile.rows, tile.keys, shape.valueDimension, 1, incoming, output.width, value.value + values(tile),
                value.stride, 0, slopes, stride)
            if sinkLogits != nil {
                for row in 0..<tile.rows { slopes[row * stride + tile.keys] = 0 }
            }
            ck_gemm(
                1, 0, tile.keys, shape.valueDimension, tile.rows, 1, probabilities, stride, incoming, output.width, 1,
                dv + values(tile), value.stride)
            ck_softmax_rows_backward(
                tile.rows, columns(tile), probabilities, stride, slopes, stride, slopes, stride, 0)
            ck_gemm(
                0, 0, tile.rows, shape.headDimension, tile.keys, shape.scale, slopes, stride, key.value + keys(tile),
                key.stride, 1, dq + queries(tile), query.stride)
            ck_gemm(
                1, 0, tile.keys, shape.headDimension, tile.rows, shape.scale, slopes, stride,
                query.value + queries(tile), query.stride, 1, dk + keys(tile), key.stride)
            if let sinkLogits {
                for row in 0..<tile.rows { sinkLogits.gradient[tile.head] += slopes[row * stride + tile.keys] }
            }
        }
    }
}
