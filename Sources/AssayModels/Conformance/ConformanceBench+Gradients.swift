import AssayCore
import AssayTensor
import Foundation

extension ConformanceBench {
    /// Most elements of a parameter whose gradient is checked.
    private static let samples = 16

    /// Holds gradients to central differences of the reference: all of small parameters, samples of large ones.
    func gradients() -> MixerConformance.Finding {
        let time = 11
        let sequences = [tokens(time, seed: 6), tokens(time, seed: 7)]
        let targets = targets(time: time, batch: sequences.count)
        let gradients = analyticGradients(sequences, targets)
        var point = (0..<model.layout.count).map { Double(weights.pointer[$0]) }
        var worst = (error: 0.0, name: "")
        let selfTaught = Set(
            model.branches.flatMap { branch in
                branch.mixer.selfTaughtParameters.map { branch.prefix + $0 }
            })
        for specification in model.layout.specifications where !selfTaught.contains(specification.name) {
            let elements = sampledElements(specification)
            let numeric = elements.map { element in
                let (middle, step) = (point[element], 1e-5)
                point[element] = middle + step
                let high = referenceLoss(point, sequences, targets)
                point[element] = middle - step
                let low = referenceLoss(point, sequences, targets)
                point[element] = middle
                return (high - low) / (2 * step)
            }
            // Against the largest of the whole parameter, so that a sample of small ones is not held to its own size.
            let whole = specification.offset..<(specification.offset + specification.count)
            let scale = max(whole.map { abs(Double(gradients.pointer[$0])) }.max() ?? 0, 1e-6)
            let error = zip(elements, numeric).map { abs(Double(gradients.pointer[$0]) - $1) / scale }
                .reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
            if error > worst.error { worst = (error, specification.name) }
        }
        let tolerance = MixerConformance.gradientTolerance
        return MixerConformance.Finding(
            check: .gradients, isSound: worst.error < tolerance,
            detail: "within \(Self.text(worst.error)) of central differences (tolerance \(Self.text(tolerance))), "
                + "worst in \(worst.name)")
    }

    private func analyticGradients(_ sequences: [[Int32]], _ targets: [Target]) -> FloatBlock {
        let gradients = FloatBlock(count: model.layout.count)
        let run = SequenceRun(
            model: model, batch: sequences.count, time: sequences[0].count, targetCapacity: targets.count,
            training: true)
        run.bind(weights: weights, gradients: gradients)
        sequences.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        // Twice, so that what a pass leaves behind would show; only the second counts.
        for _ in 0..<2 {
            gradients.pointer.update(repeating: 0, count: gradients.count)
            run.forward()
            run.backward()
        }
        return gradients
    }

    private func sampledElements(_ specification: ParameterSpecification) -> [Int] {
        guard specification.count > Self.samples else {
            return Array(specification.offset..<(specification.offset + specification.count))
        }
        var random = CounterRandom(domain: "conformance \(specification.name)", index: 0)
        return random.distinct(Self.samples, below: specification.count).map { specification.offset + $0 }
    }

    /// Half of the rows with weights of their own, one of them twice.
    private func targets(time: Int, batch: Int) -> [Target] {
        var random = CounterRandom(domain: "conformance targets", index: 0)
        let rows = random.distinct(batch * time / 2, below: batch * time)
        return (rows + rows.prefix(1)).map {
            Target(row: Int32($0), token: Int32(random.below(vocabulary)), weight: Float(0.25 + random.unit()))
        }
    }

    private func referenceLoss(_ point: [Double], _ sequences: [[Int32]], _ targets: [Target]) -> Double {
        let logits = sequences.map { model.reference(tokens: $0, weights: point) }
        return targets.reduce(0.0) { sum, target in
            let (sequence, position) = Int(target.row).quotientAndRemainder(dividingBy: sequences[0].count)
            let row = logits[sequence][(position * vocabulary)..<((position + 1) * vocabulary)]
            let greatest = row.max() ?? 0
            let normaliser = greatest + log(row.reduce(0.0) { $0 + exp($1 - greatest) })
            return sum + Double(target.weight) * (normaliser - row[row.startIndex + Int(target.token)])
        }
    }
}
