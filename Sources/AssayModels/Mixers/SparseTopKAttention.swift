import AssayTensor
import Foundation

/// Attention to the few tokens that a learned indexer chooses, as in DeepSeek-V3.2 (transformers:
/// `DeepseekV32Attention`): multi-head latent attention over the `top-k` tokens that its lightning indexer scores highest,
/// or with `block-size` over whole blocks of tokens, each as good as its best token (as in MiniMax-M3). Queries with no
/// more tokens before them than that see all.
///
/// The indexer learns beside the model: see ``Tape/lightningIndexer(query:key:weight:shape:attentionHeads:)``.
///
/// Options: `top-k` (blocks that a query sees, default 64), `block-size` (tokens of a block, default 1 as published),
/// `index-heads` (default 4), `index-dimension` (default the architecture's head dimension), and those of
/// ``MultiHeadLatentAttention``.
public struct SparseTopKAttention: Mixer {
    /// `sparse-top-k`.
    public static let name = "sparse-top-k"
    /// See the type.
    public static let optionNames = LightningIndexer.optionNames + LatentAttention.optionNames

    private let attention: LatentAttention
    private let indexer: LightningIndexer

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try LatentAttention(request)
        indexer = try LightningIndexer(
            request, sourceWidth: attention.querySourceWidth, rotary: attention.rotary)
    }

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
            x, source: heads.querySource, heads: attention.heads, prefix: prefix, on: tape)
        let output = tape.selectedAttention(
            query: heads.query.allColumns, key: heads.key, value: heads.value, shape: attention.shape,
            selection: selection)
        return tape.linear(output, tape.parameter(prefix + "out_proj.weight"))
    }

    // MARK: Recurrent

    /// A latent, a shared key and an index key of every token.
    public func stateLayout(capacity: Int) -> StateLayout {
        var layout = StateLayout()
        attention.appendState(to: &layout, capacity: capacity)
        indexer.appendState(to: &layout, capacity: capacity)
        return layout
    }

    private func seenCount(capacity: Int) -> Int { min(capacity, indexer.shape.count * indexer.shape.blockSize) }

    /// Scratch of a step.
    public func stepScratchCount(batch: Int, capacity: Int) -> Int {
        let gathered = seenCount(capacity: capacity) * (attention.heads + attention.latent + attention.shared)
        return attention.rowCount(batch: batch) + indexer.rowCount(batch: batch)
            + max(gathered, indexer.choiceCount(capacity: capacity))
    }

    /// The recurrent form: scores all tokens, and attends to the chosen ones by absorption.
    public func step(_ call: MixerStep) {
        let layout = stateLayout(capacity: call.capacity)
        let rows = attention.project(call)
        let index = indexer.project(call, source: rows.source, scratch: rows.rest)
        guard let latents = layout["latents"] else { return }
        for i in 0..<call.batch {
            let (state, position) = (call.states[i], Int(call.positions[i]))
            attention.write(i, rows, position: position, to: state, layout: layout)
            let sharedKeys = layout["rotary-keys"].map { state + $0.offset }
            let chosen = indexer.choose(
                i, index, position: position, state: state, layout: layout, scratch: index.rest)
            guard let chosen else {
                attention.attend(
                    i, rows, count: position + 1, latents: state + latents.offset, sharedKeys: sharedKeys,
                    scores: index.rest)
                continue
            }
            let gathered = index.rest
            let gatheredKeys = gathered + chosen.count * attention.latent
            for (place, token) in chosen.enumerated() {
                (gathered + place * attention.latent)
                    .update(from: state + latents.offset + token * attention.latent, count: attention.latent)
                guard let sharedKeys else { continue }
                (gatheredKeys + place * attention.shared)
                    .update(from: sharedKeys + token * attention.shared, count: attention.shared)
            }
            attention.attend(
                i, rows, count: chosen.count, latents: gathered,
                sharedKeys: sharedKeys == nil ? nil : UnsafePointer(gatheredKeys),
                scores: gatheredKeys + chosen.count * attention.shared)
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
        return Reference.linear(output, weights["out_proj.weight"] ?? [], inputs: attention.shape.outputWidth)
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
            for head in 0..<attention.heads {
                let own = Reference.probabilities(
                    heads.queries, heads.keys, shape: attention.shape, head: head, t: t, chosen, nil)
                for i in chosen.indices { target[i] += own[i] / Double(attention.heads) }
            }
            let own = chosen.map { scores[t * time + $0] }
            let greatest = own.max() ?? 0
            let normaliser = greatest + log(own.reduce(0) { $0 + exp($1 - greatest) })
            for (p, score) in zip(target, own) where p > 0 { sum += p * (log(p) - score + normaliser) }
        }
        return sum / Double(time)
    }

    // MARK: Cost

    /// What a token costs. Queries that may see all score nothing; the others score every token up to them, so a share of
    /// the cost still grows with the length.
    public func cost(context: Int) -> MixerCost {
        let projections = attention.projectionFLOPs + indexer.projectionFLOPs
        func scored(_ position: Int) -> Double {
            indexer.chooses(position: position) ? indexer.scoreFLOPs * Double(position + 1) : 0
        }
        let prefill = (0..<context).reduce(0.0) {
            $0 + scored($1) + attention.expandedFLOPs * Double(indexer.seenCount(position: $1))
        }
        return MixerCost(
            prefillFLOPs: projections + prefill / Double(max(context, 1)),
            decodeFLOPs: projections + scored(context)
                + attention.absorbedFLOPs * Double(indexer.seenCount(position: context)),
            stateBytes: Double(4 * stateCount(capacity: context)))
    }
}
