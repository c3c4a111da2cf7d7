import AssayCore
import AssayTensor
import Foundation

/// Attention to the few tokens that a learned indexer chooses, as in DeepSeek-V3.2 (transformers:
/// `DeepseekV32Attention`): latent or grouped attention over the `top-k` tokens that its lightning indexer scores highest,
/// or with `block-size` over whole blocks of tokens, each as good as its best token (as in MiniMax-M3). Queries with no
/// more tokens before them than that see all.
///
/// The indexer learns beside the model: see ``Tape/lightningIndexer(query:key:weight:shape:attentionHeads:)``.
///
/// Options: `top-k` (blocks that a query sees, default 64), `block-size` (tokens of a block, default 1 as published),
/// `index-heads` (default 4), `index-dimension` (default the architecture's head dimension), `attention`: `latent` (the
/// default, with the options of ``MultiHeadLatentAttention``) or `grouped` (over the architecture's key-value heads, with
/// those of ``SoftmaxAttention`` but `sink-logits`).
public struct SparseTopKAttention: Mixer {
    /// `sparse-top-k`.
    public static let name = "sparse-top-k"
    /// See the type.
    public static let optionNames =
        ["attention"] + LightningIndexer.optionNames + LatentAttention.optionNames
        + groupedNames.filter { !LatentAttention.optionNames.contains($0) }

    private let attention: any SelectableAttention
    private let indexer: LightningIndexer

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try Self.attention(request)
        indexer = try LightningIndexer(
            request, sourceWidth: attention.querySourceWidth, rotary: attention.rotary)
    }

    /// The attention that the options name, which must be all its own.
    private static func attention(_ request: MixerRequest) throws -> any SelectableAttention {
        let kind = try request.word("attention", default: "latent", among: ["latent", "grouped"])
        let known = kind == "latent" ? LatentAttention.optionNames : groupedNames
        for option in request.options.keys.sorted()
        where !known.contains(option) && !LightningIndexer.optionNames.contains(option) && option != "attention" {
            throw request.failure(
                option, "is not an option of \(kind) attention", remedy: Suggestion.remedy(for: option, among: known))
        }
        return kind == "latent" ? try LatentAttention(request) : try SoftmaxAttention(request)
    }

    /// Options of grouped attention; a sink would take part in no choice.
    private static let groupedNames = SoftmaxAttention.optionNames.filter { $0 != "sink-logits" }

    /// Those of the indexer.
    public var selfTaughtParameters: [String] { LightningIndexer.parameterNames }

    /// Declares the weights of the attention and of the indexer.
    public func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        attention.declareParameters(prefix: prefix, in: &layout)
        indexer.declareParameters(prefix: prefix, in: &layout)
    }

    /// The parallel form.
    public func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let heads = attention.record(x, prefix: prefix, on: tape)
        let selection = indexer.select(
            x, source: heads.querySource, heads: attention.shape.heads, prefix: prefix, on: tape)
        let output = tape.selectedAttention(
            query: heads.query, key: heads.key, value: heads.value, shape: attention.shape,
            selection: selection)
        return attention.recordOutput(output, of: x, prefix: prefix, on: tape)
    }

    // MARK: Recurrent

    /// What the attention keeps of every token, and an index key.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        attention.appendState(to: &layout, capacity: capacity)
        indexer.appendState(to: &layout, capacity: capacity)
        return layout
    }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let seen = min(capacity, indexer.shape.count * indexer.shape.blockSize)
        let work = max(attention.attendCount(tokens: seen), indexer.choiceCount(capacity: capacity))
        // What ends a step may take as much as its outputs.
        return attention.rowCount(batch: batch)
            + max(indexer.rowCount(batch: batch) + work, batch * attention.shape.outputWidth)
    }

    /// The recurrent form: scores all tokens, and attends to the chosen ones.
    public func step(_ call: MixerStep) {
        let layout = stateLayout(capacity: call.capacity)
        let rows = attention.project(call)
        let index = indexer.project(call, source: rows.source, scratch: rows.rest)
        for i in 0..<call.batch {
            let (state, position) = (call.states[i], Int(call.positions[i]))
            attention.write(i, rows, position: position, to: state, layout: layout)
            let chosen = indexer.choose(
                i, index, position: position, state: state, layout: layout, scratch: index.rest)
            attention.attend(i, rows, call, layout: layout, tokens: chosen, scratch: index.rest)
        }
        attention.finish(rows, call)
    }

    // MARK: Reference

    /// The reference form.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let heads = attention.referenceHeads(x, time: time, weights: weights)
        let scores = indexer.referenceScores(x, source: heads.querySource, time: time, weights: weights)
        let chosen = indexer.referenceChoice(scores, time: time).map(Set.init)
        let output = Reference.attention(heads.queries, heads.keys, heads.values, shape: attention.shape) {
            chosen[$1].contains($2)
        }
        return attention.referenceOutput(output, of: x, weights: weights)
    }

    /// What the indexer learns from: the mean over tokens of KL(attention || softmax of the scores) over what it chose,
    /// where the attention is the mean over heads. `attended` are the weights that make the attention, taken as given.
    func referenceDivergence(
        _ x: [Double], time: Int, weights: [String: [Double]], attended: [String: [Double]]
    ) -> Double {
        let heads = attention.referenceHeads(x, time: time, weights: attended)
        let scores = indexer.referenceScores(x, source: heads.querySource, time: time, weights: weights)
        var sum = 0.0
        for (t, chosen) in indexer.referenceChoice(scores, time: time).enumerated() {
            var target = [Double](repeating: 0, count: chosen.count)
            for head in 0..<attention.shape.heads {
                let own = Reference.probabilities(
                    heads.queries, heads.keys, shape: attention.shape, head: head, t: t, chosen, nil)
                for i in chosen.indices { target[i] += own[i] / Double(attention.shape.heads) }
            }
            let own = chosen.map { scores[t * time + $0] }
            let greatest = own.max() ?? 0
            let normaliser = greatest + log(own.reduce(0) { $0 + exp($1 - greatest) })
            for (p, score) in zip(target, own) where p > 0 { sum += p * (log(p) - score + normaliser) }
        }
        return sum / Double(time)
    }

    // MARK: Cost

    /// Query heads.
    public var headCount: Int { attention.shape.heads }

    /// What a token costs. Queries that may see all score nothing; the others score every token up to them, so a share of
    /// the cost still grows with the length.
    public func cost(context: Int) -> MixerCost {
        let projections = attention.projectionFLOPs + indexer.projectionFLOPs
        func scored(_ position: Int) -> Double {
            indexer.chooses(position: position) ? indexer.scoreFLOPs * Double(position + 1) : 0
        }
        // Queries see all up to a limit, and score all from there on.
        let limit = min(context, indexer.seenCount(position: context))
        let seen = PositionSum.capped(context, at: limit)
        let scoredInAll = PositionSum.capped(context, at: context) - PositionSum.capped(limit, at: limit)
        let prefill = indexer.scoreFLOPs * scoredInAll + attention.prefillFLOPs * seen
        return MixerCost(
            prefillFLOPs: projections + prefill / Double(max(context, 1)),
            decodeFLOPs: projections + scored(context)
                + attention.decodeFLOPs * Double(indexer.seenCount(position: context)),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}

extension SparseTopKAttention: RotaryMixer {
    var rotary: RotaryEmbedding { attention.rotary }
}
