import AssayTensor

/// Softmax attention that can look at some of the tokens: what attention to chosen tokens is built on.
///
/// Its parts are called in the order in which they are listed, in each form.
protocol SelectableAttention: Sendable {
    /// The heads, as the parallel and the reference form have them.
    var shape: AttentionShape { get }
    /// How they turn.
    var rotary: RotaryEmbedding { get }
    /// Width of what queries are made from.
    var querySourceWidth: Int { get }

    func declareParameters(prefix: String, in layout: inout ParameterLayout)

    /// The parallel form: the heads of a sequence, and what leaves the mixer from their outputs.
    func record(_ x: Tensor, prefix: String, on tape: Tape) -> RecordedHeads
    func recordOutput(_ heads: Tensor, of x: Tensor, prefix: String, on tape: Tape) -> Tensor

    /// The recurrent form: its state, the rows of its scratch, and beside them scratch to attend to some tokens.
    func appendState(to layout: inout StateLayout, capacity: Int)
    func rowCount(batch: Int) -> Int
    func attendCount(tokens: Int) -> Int
    /// Projects the tokens of a step.
    func project(_ call: MixerStep) -> StepRows
    /// Keeps token i of a step.
    func write(_ i: Int, _ rows: StepRows, position: Int, to state: UnsafeMutablePointer<Float>, layout: StateLayout)
    /// Attends with token i of a step, to some tokens or, if nil, to all that the state holds.
    func attend(
        _ i: Int, _ rows: StepRows, _ call: MixerStep, layout: StateLayout, tokens: [Int]?,
        scratch: UnsafeMutablePointer<Float>)
    /// What leaves the mixer.
    func finish(_ rows: StepRows, _ call: MixerStep)

    /// The reference form.
    func referenceHeads(_ x: [Double], time: Int, weights: [String: [Double]]) -> ReferenceHeads
    func referenceOutput(_ heads: [Double], of x: [Double], weights: [String: [Double]]) -> [Double]

    /// Operations of the projections of a token, and of a query and a token that it sees in prefill and in decoding.
    var projectionFLOPs: Double { get }
    var prefillFLOPs: Double { get }
    var decodeFLOPs: Double { get }
}

extension SelectableAttention {
    /// Copies the entries of some tokens of a cache.
    func gather(
        _ tokens: [Int], _ cache: UnsafePointer<Float>, width: Int, into rows: UnsafeMutablePointer<Float>
    ) {
        for (place, token) in tokens.enumerated() {
            (rows + place * width).update(from: cache + token * width, count: width)
        }
    }
}

/// The heads of softmax attention over a sequence, as a tape records them.
struct RecordedHeads {
    /// `[batch, time, heads * headDimension]`.
    let query: TensorSlice
    /// `[batch, time, keyValueHeads * headDimension]`.
    let key: TensorSlice
    /// `[batch, time, keyValueHeads * valueDimension]`.
    let value: TensorSlice
    /// What the queries were made from: the token, or their latent.
    let querySource: Tensor
}

/// The same in double precision, for one sequence.
struct ReferenceHeads {
    let queries: [Double]
    let keys: [Double]
    let values: [Double]
    let querySource: [Double]
}

/// The rows of a step in its scratch.
struct StepRows {
    /// What queries are made from, `[batch, querySourceWidth]`.
    let source: UnsafePointer<Float>
    /// Queries, one row a token.
    let queries: UnsafeMutablePointer<Float>
    /// What the cache keeps of a token, one row each.
    let entries: UnsafeMutablePointer<Float>
    /// For latent attention: queries as latents, and after attention their mean latents, `[batch, heads, latent]`.
    let absorbed: UnsafeMutablePointer<Float>
    /// `[batch, heads * valueDimension]`.
    let outputs: UnsafeMutablePointer<Float>
    /// What is left of the scratch.
    let rest: UnsafeMutablePointer<Float>
}
