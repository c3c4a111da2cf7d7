import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// What every mixer must pass, as functions that a mixer's own tests call with small architectures of it.
enum ModelChecks {
    /// A tiny architecture with a mixer in both layers.
    static func tiny(
        _ mixer: String, options: [String: MixerOption] = [:], heads: Int = 2, keyValueHeads: Int? = nil,
        shortConvolution: Int = 0, tiedHead: Bool = true, layers: Int = 2
    ) -> Architecture {
        Architecture(
            name: "tiny", width: 12, heads: heads, keyValueHeads: keyValueHeads, headDimension: 6, hiddenWidth: 10,
            layers: Array(repeating: LayerConfiguration(mixer: mixer, options: options), count: layers),
            vocabularyCount: 11, tiedHead: tiedHead, shortConvolution: shortConvolution, initialDeviation: 0.3)
    }

    /// Weights that are nowhere special: initial ones with noise on all of them, gains included.
    static func weights(_ model: LanguageModel, seed: UInt64 = 7) -> FloatBlock {
        let block = model.initialWeights(seed: seed)
        var random = CounterRandom(key: 99, index: seed)
        for specification in model.layout.specifications {
            for i in 0..<specification.count {
                block.pointer[specification.offset + i] += Float(random.unit() - 0.5) * 0.4
            }
        }
        return block
    }

    static func tokens(_ model: LanguageModel, count: Int, seed: UInt64 = 1) -> [Int32] {
        var random = CounterRandom(key: 5, index: seed)
        return (0..<count).map { _ in Int32(random.below(model.architecture.vocabularyCount)) }
    }

    /// The logits of every position by the parallel form, `[batch][time * vocabulary]`.
    static func parallel(_ model: LanguageModel, _ weights: FloatBlock, _ sequences: [[Int32]]) -> [[Float]] {
        let time = sequences[0].count
        let run = SequenceRun(
            model: model, batch: sequences.count, time: time, targetCapacity: sequences.count * time, training: false)
        run.bind(weights: weights, gradients: nil)
        sequences.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        let targets = (0..<(sequences.count * time)).map { Target(row: Int32($0), token: 0, weight: 1) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        return sequences.indices.map { s in (0..<time).flatMap { Array(run.logits(s * time + $0)) } }
    }

    /// The same by the recurrent form. The sequences enter late, one after the other, and through copied states.
    static func recurrent(_ model: LanguageModel, _ weights: FloatBlock, _ sequences: [[Int32]]) -> [[Float]] {
        let time = sequences[0].count
        let vocabulary = model.architecture.vocabularyCount
        let decoder = RecurrentDecoder(model: model, weights: weights, slots: sequences.count + 1, capacity: time)
        // Something else was in the slots before.
        for token in sequences[0].prefix(3) {
            let all = Array(0...sequences.count)
            _ = decoder.step(slots: all, tokens: all.map { _ in token })
        }
        for slot in 0...sequences.count { decoder.reset(slot: slot) }
        var logits: [[Float]] = sequences.map { _ in [] }
        for round in 0..<(time + sequences.count) {
            let active = sequences.indices.filter { round >= $0 && round - $0 < time }
            guard !active.isEmpty else { continue }
            let result = decoder.step(
                slots: active.map { $0 + 1 }, tokens: active.map { sequences[$0][round - $0] })
            for (i, s) in active.enumerated() { logits[s] += result[(i * vocabulary)..<((i + 1) * vocabulary)] }
            if round == time / 2 {
                // Out and in again through the spare slot.
                decoder.copyState(from: 1, to: 0)
                decoder.reset(slot: 1)
                decoder.copyState(from: 0, to: 1)
            }
        }
        return logits
    }

    /// The largest difference over the largest magnitude.
    static func relativeError(_ a: [Float], _ b: [Double]) -> Double {
        guard a.count == b.count else { return .infinity }
        let scale = b.map { abs($0) }.max() ?? 1
        return zip(a, b).map { abs(Double($0) - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) } / scale
    }

    /// Holds the three forms against each other.
    static func formsAgree(
        _ architecture: Architecture, time: Int = 13, tolerance: Double = 1e-4,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let model = try LanguageModel(architecture)
        let weights = weights(model)
        let sequences = (0..<3).map { tokens(model, count: time, seed: UInt64($0)) }
        let parallel = parallel(model, weights, sequences)
        let recurrent = recurrent(model, weights, sequences)
        for (s, sequence) in sequences.enumerated() {
            let reference = model.reference(tokens: sequence, weights: weights)
            let first = relativeError(parallel[s], reference)
            let second = relativeError(recurrent[s], reference)
            #expect(first < tolerance, "parallel form, sequence \(s)", sourceLocation: sourceLocation)
            #expect(second < tolerance, "recurrent form, sequence \(s)", sourceLocation: sourceLocation)
        }
    }

    /// A change of a token leaves the logits before it as they are, bit for bit, and moves those after it.
    static func isCausal(
        _ architecture: Architecture, time: Int = 37, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let model = try LanguageModel(architecture)
        let weights = weights(model)
        let vocabulary = architecture.vocabularyCount
        let sequence = tokens(model, count: time)
        let before = parallel(model, weights, [sequence])[0]
        for place in [1, time / 2, time - 1] {
            var changed = sequence
            changed[place] = (changed[place] + 1) % Int32(vocabulary)
            let after = parallel(model, weights, [changed])[0]
            let same = before[..<(place * vocabulary)].elementsEqual(after[..<(place * vocabulary)])
            let moved = !before[(place * vocabulary)...].elementsEqual(after[(place * vocabulary)...])
            #expect(same, "a change at \(place) reached back", sourceLocation: sourceLocation)
            #expect(moved, "a change at \(place) had no effect", sourceLocation: sourceLocation)
        }
    }

    /// Holds the gradient of every parameter against central differences of the reference in double precision.
    static func gradientsAgree(
        _ architecture: Architecture, time: Int = 9, tolerance: Double = 2e-3,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let model = try LanguageModel(architecture)
        let weights = weights(model)
        let sequences = (0..<2).map { tokens(model, count: time, seed: UInt64(20 + $0)) }
        let targets = targets(model, batch: 2, time: time)
        let gradients = FloatBlock(count: model.layout.count)
        let run = SequenceRun(
            model: model, batch: 2, time: time, targetCapacity: targets.count + 3, training: true)
        run.bind(weights: weights, gradients: gradients)
        sequences.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        // Twice, so that what a pass leaves behind would show; the second adds to the first.
        var loss = 0.0
        for _ in 0..<2 {
            loss = run.forward()
            run.backward()
        }
        var point = (0..<model.layout.count).map { Double(weights.pointer[$0]) }
        func referenceLoss() -> Double { Self.referenceLoss(model, point, sequences, targets) }
        #expect(abs(loss - referenceLoss()) < 1e-4 * abs(loss), sourceLocation: sourceLocation)
        for specification in model.layout.specifications {
            var numeric: [Double] = []
            for i in specification.offset..<(specification.offset + specification.count) {
                let (middle, step) = (point[i], 1e-5)
                point[i] = middle + step
                let high = referenceLoss()
                point[i] = middle - step
                let low = referenceLoss()
                point[i] = middle
                numeric.append((high - low) / (2 * step))
            }
            let analytic = (0..<specification.count).map { gradients.pointer[specification.offset + $0] / 2 }
            let error = relativeError(analytic, numeric)
            #expect(error < tolerance, "gradient of \(specification.name)", sourceLocation: sourceLocation)
        }
    }

    /// Some rows, one of them twice, with weights of their own.
    static func targets(_ model: LanguageModel, batch: Int, time: Int) -> [Target] {
        var random = CounterRandom(key: 17, index: 0)
        var rows = random.distinct(batch * time / 2, below: batch * time)
        rows.append(rows[0])
        return rows.map {
            Target(
                row: Int32($0), token: Int32(random.below(model.architecture.vocabularyCount)),
                weight: Float(0.25 + random.unit()))
        }
    }

    private static func referenceLoss(
        _ model: LanguageModel, _ weights: [Double], _ sequences: [[Int32]], _ targets: [Target]
    ) -> Double {
        let vocabulary = model.architecture.vocabularyCount
        let logits = sequences.map { model.reference(tokens: $0, weights: weights) }
        return targets.reduce(0.0) { sum, target in
            let (sequence, t) = Int(target.row).quotientAndRemainder(dividingBy: sequences[0].count)
            let row = logits[sequence][(t * vocabulary)..<((t + 1) * vocabulary)]
            let greatest = row.max() ?? 0
            let normaliser = greatest + log(row.reduce(0.0) { $0 + exp($1 - greatest) })
            return sum + Double(target.weight) * (normaliser - row[row.startIndex + Int(target.token)])
        }
    }
}
