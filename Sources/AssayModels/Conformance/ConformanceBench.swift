import AssayCore
import AssayTensor

/// A model with weights that are nowhere special, and its forms run on random tokens.
struct ConformanceBench {
    let model: LanguageModel
    let weights: FloatBlock

    /// Initial weights with noise on all of them, gains included, so that no parameter is without effect.
    init(_ model: LanguageModel) {
        self.model = model
        weights = model.initialWeights(seed: 7)
        var random = CounterRandom(domain: "conformance weights", index: 0)
        for specification in model.layout.specifications {
            for i in 0..<specification.count {
                weights.pointer[specification.offset + i] += Float(random.unit() - 0.5) * 0.4
            }
        }
    }

    var vocabulary: Int { model.architecture.vocabularyCount }

    func tokens(_ count: Int, seed: UInt64) -> [Int32] {
        var random = CounterRandom(domain: "conformance tokens", index: seed)
        return (0..<count).map { _ in Int32(random.below(vocabulary)) }
    }

    /// The logits of every position by the parallel form, `[batch][time * vocabulary]`.
    func parallel(_ sequences: [[Int32]], chunk: Int? = nil) -> [[Float]] {
        let time = sequences[0].count
        let run = SequenceRun(
            model: model, batch: sequences.count, time: time, targetCapacity: sequences.count * time, training: false,
            chunk: chunk)
        run.bind(weights: weights, gradients: nil)
        sequences.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        let targets = (0..<(sequences.count * time)).map { Target(row: Int32($0), token: 0, weight: 1) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        return sequences.indices.map { s in (0..<time).flatMap { Array(run.logits(s * time + $0)) } }
    }

    /// The logits of one sequence in a slot of a decoder, `rows` tokens at a time, while other slots take tokens too.
    func recurrent(
        _ sequence: [Int32], in decoder: RecurrentDecoder, slot: Int, rows: Int = 1, beside others: [Int] = []
    ) -> [Float] {
        var logits: [Float] = []
        for start in stride(from: 0, to: sequence.count, by: rows) {
            let part = Array(sequence[start..<min(start + rows, sequence.count)])
            let result = decoder.step(
                slots: others + part.map { _ in slot }, tokens: others.map { _ in part[0] } + part)
            logits += result[(others.count * vocabulary)...]
        }
        return logits
    }

    func decoder(slots: Int, capacity: Int, rows: Int? = nil) -> RecurrentDecoder {
        RecurrentDecoder(model: model, weights: weights, slots: slots, capacity: capacity, rows: rows)
    }

    /// The largest difference over the largest expected magnitude; infinite if a value is none.
    static func relativeError(_ values: [Float], _ expected: [Double]) -> Double {
        guard values.count == expected.count else { return .infinity }
        let scale = max(expected.map(abs).max() ?? 0, 1e-12)
        let worst = zip(values, expected).map { abs(Double($0) - $1) }
            .reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
        return worst / scale
    }
}
