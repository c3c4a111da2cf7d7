import AssayModels
import AssayTensor
import Foundation
import Testing

@Suite struct PolicyObjectiveTests {
    private let objectives = [
        PolicyObjective(surrogate: .clippedRatio(low: 0.2, high: 0.3)),
        PolicyObjective(surrogate: .clippedRatio(low: 0.2, high: 0.2), divergenceWeight: 0.1, importanceCap: 2),
        PolicyObjective(surrogate: .logProbability, importanceCap: 1.5, temperature: 0.7),
        PolicyObjective(surrogate: .logProbability, divergenceWeight: 0.5),
    ]

    @Test func `clipped ratios are those of the definition`() {
        let objective = PolicyObjective(surrogate: .clippedRatio(low: 0.2, high: 0.3))
        func loss(ratio: Double, advantage: Double) -> PolicyLoss {
            objective.loss(
                PolicyAction(advantage: advantage, weight: 0.5, rollout: -3, old: -1), logProbability: -1 + log(ratio))
        }
        // Ratio, advantage, loss = -0.5 min(ratio A, clip(ratio) A), whether the gradient is cut off.
        let cases: [(Double, Double, Double, Bool)] = [
            (1, 2, -1, false), (1.5, 2, -1.3, true), (0.5, 2, -0.5, false), (1.5, -2, 1.5, false),
            (0.5, -2, 0.8, true), (1.2, -1, 0.6, false), (0.9, 0, 0, false),
        ]
        for (ratio, advantage, expected, isClipped) in cases {
            let result = loss(ratio: ratio, advantage: advantage)
            #expect(abs(result.value - expected) < 1e-12, "ratio \(ratio), advantage \(advantage)")
            #expect(result.isClipped == isClipped, "ratio \(ratio), advantage \(advantage)")
            let derivative = isClipped ? 0 : 0.5 * ratio * advantage
            #expect(abs(result.derivative - derivative) < 1e-12, "ratio \(ratio), advantage \(advantage)")
        }
    }

    @Test func `truncated importance weights are capped from above only, and multiply the loss`() {
        let plain = PolicyObjective(surrogate: .logProbability)
        let capped = PolicyObjective(surrogate: .logProbability, importanceCap: 2)
        for (old, rollout, weight) in [(-1.0, -3.0, 2.0), (-1, -1.5, exp(0.5)), (-3, -1, exp(-2))] {
            let action = PolicyAction(advantage: 0.7, weight: 1, rollout: rollout, old: old)
            let (a, b) = (plain.loss(action, logProbability: -1.2), capped.loss(action, logProbability: -1.2))
            #expect(abs(b.value - weight * a.value) < 1e-12)
            #expect(abs(b.derivative - weight * a.derivative) < 1e-12)
        }
    }

    @Test func `derivatives are those of the loss`() {
        for objective in objectives {
            for advantage in [-1.3, 0.4] {
                for l in [-0.2, -0.9, -1.05, -2.5] {
                    let action = PolicyAction(
                        advantage: advantage, weight: 0.3, rollout: -1.1, old: -1, reference: -0.6)
                    let step = 1e-6
                    let numeric =
                        (objective.loss(action, logProbability: l - step).value
                            - objective.loss(action, logProbability: l + step).value) / (2 * step)
                    let derivative = objective.loss(action, logProbability: l).derivative
                    #expect(abs(derivative - numeric) < 1e-8, "\(objective) at \(l)")
                }
            }
        }
    }

    /// Backward through a whole model, against central differences of the definition in double precision. The ratios lie
    /// on both sides of the bounds, and no weight crosses one within the step.
    @Test(arguments: 0..<4)
    func `gradients of a model are those of the definition`(number: Int) throws {
        let objective = objectives[number]
        let model = try tinyModel(width: 16)
        let weights = noisyWeights(model)
        let tokens: [[Int32]] = [[1, 70, 64, 2, 66], [1, 65, 65, 3, 80]]
        let rows: [(Int, Int32)] = [(1, 64), (2, 2), (3, 66), (6, 65), (8, 80)]
        func logProbabilities(_ point: [Double]) -> [Double] {
            let logits = tokens.flatMap { model.reference(tokens: $0, weights: point) }
            let width = model.architecture.vocabularyCount
            return rows.map { row, token in
                let row = logits[row * width..<(row + 1) * width].map { $0 / objective.temperature }
                let top = row.max() ?? 0
                return row[Int(token)] - top - log(row.reduce(0.0) { $0 + exp($1 - top) })
            }
        }
        var point = (0..<model.layout.count).map { Double(weights.pointer[$0]) }
        let start = logProbabilities(point)
        let offsets = [0.05, -0.5, 0.4, 0.1, -0.1]
        let actions = start.enumerated().map { i, l in
            PolicyAction(
                advantage: i % 2 == 0 ? 0.8 : -1.1, weight: 0.2 + 0.1 * Double(i), rollout: l + 0.3 - 0.2 * Double(i),
                old: l + offsets[i], reference: l - 0.2)
        }
        func loss(_ point: [Double]) -> Double {
            zip(actions, logProbabilities(point)).reduce(0) {
                $0 + objective.loss($1.0, logProbability: $1.1).value
            }
        }
        let gradients = FloatBlock(count: model.layout.count)
        let run = SequenceRun(
            model: model, batch: 2, time: 5, targetCapacity: 10, training: true, objective: objective)
        run.bind(weights: weights, gradients: gradients)
        tokens.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        rows.map { Target(row: Int32($0), token: $1, weight: 9) }.withUnsafeBufferPointer { run.load(targets: $0) }
        run.load(actions: actions)
        #expect(abs(run.forward() - loss(point)) < 1e-4)
        run.backward()
        for specification in model.layout.specifications {
            let elements = stride(from: 0, to: specification.count, by: max(1, specification.count / 5)).map {
                specification.offset + $0
            }
            let scale = (0..<specification.count).map { abs(gradients.pointer[specification.offset + $0]) }.max() ?? 0
            for element in elements {
                let middle = point[element]
                point[element] = middle + 1e-5
                let high = loss(point)
                point[element] = middle - 1e-5
                let low = loss(point)
                point[element] = middle
                let error = abs((high - low) / 2e-5 - Double(gradients.pointer[element]))
                #expect(error < 1e-3 * Double(max(scale, 1e-3)), "\(specification.name)")
            }
        }
    }
}
