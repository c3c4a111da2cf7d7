import AssayModels
import AssayTensor

/// Greedy decoding through the recurrent form.
enum DecodingBenchmark {
    private static let context = 128

    static func run(_ session: Session) throws {
        for mixer in TrainingBenchmark.mixers {
            for width in session.options.isQuick ? [128] : [64, 128, 256] {
                for batch in [1, 64] {
                    try measure(mixer, width: width, batch: batch, session)
                }
            }
        }
    }

    private static func measure(_ mixer: String, width: Int, batch: Int, _ session: Session) throws {
        let name = "decode-\(mixer)-batch-\(batch)"
        guard session.options.wants(name) else { return }
        let shape = TrainingShape(mixer: mixer, width: width, length: context, threads: 1)
        let model = try LanguageModel(shape.architecture)
        let decoder = RecurrentDecoder(
            model: model, weights: model.initialWeights(seed: 1), slots: batch, capacity: context)
        decode(decoder, shape)
        let times = repeated(budget: session.options.isQuick ? 0.3 : 0.8, repeats: 3...100) { decode(decoder, shape) }
        session.add(
            BenchmarkRow(
                case: name, width: width, length: context, threads: 1, ours: Double(batch * context) / median(times),
                peer: nil, shareOfPeak: nil, unit: "tokens/s"))
    }

    /// Every slot from an empty history to the full context.
    private static func decode(_ decoder: RecurrentDecoder, _ shape: TrainingShape) {
        let slots = Array(0..<decoder.slots)
        for slot in slots { decoder.reset(slot: slot) }
        var tokens = slots.map { Int32($0 % shape.vocabulary) }
        for _ in 0..<context {
            let logits = decoder.step(slots: slots, tokens: tokens)
            for slot in slots { tokens[slot] = mostLikely(logits, slot * shape.vocabulary, shape.vocabulary) }
        }
    }

    private static func mostLikely(_ logits: UnsafeBufferPointer<Float>, _ start: Int, _ count: Int) -> Int32 {
        var best = 0
        for token in 1..<count where logits[start + token] > logits[start + best] { best = token }
        return Int32(best)
    }
}
