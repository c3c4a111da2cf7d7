import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// Proves that both sides compute the same: PyTorch gets our weights and one batch, and its loss and gradients, in each
/// way of computing that the benchmark may choose, must be ours.
enum SameMathsCheck {
    private static let lossTolerance = 1e-4
    private static let gradientTolerance = 1e-3

    /// - Returns: whether all agree.
    static func run(_ peer: PeerProcess) throws -> Bool {
        var agrees = true
        for mixer in ["full", "gated-delta-net"] {
            for width in [64, 256] {
                let shape = TrainingShape(mixer: mixer, width: width, length: 128, threads: 1, tokens: 256)
                agrees = try compare(shape, with: peer) && agrees
            }
        }
        return agrees
    }

    private static func compare(_ shape: TrainingShape, with peer: PeerProcess) throws -> Bool {
        let model = try LanguageModel(shape.architecture)
        let weights = perturbedWeights(of: model)
        let batch = TokenBatch(shape, seed: 1)
        let (loss, gradients) = lossAndGradients(model, shape, weights, batch)
        let answer = try export(model.layout, weights, batch) {
            try peer.ask(PeerRequest.Check(shape: shape, manifest: $0), for: PeerAnswer.Check.self)
        }
        var agrees = answer.parameters == model.layout.parameterCount
        let counts = "\(model.layout.parameterCount) and \(answer.parameters) parameters"
        print("\(shape.mixer), width \(shape.width): \(counts)")
        let norms = Dictionary(
            uniqueKeysWithValues: model.layout.specifications.map { ($0.name, norm(gradients, $0)) })
        let total = norms.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (settings, result) in answer.answers.sorted(by: { $0.key < $1.key }) {
            let worst = norms.max { difference($0, result, total) < difference($1, result, total) }
            let worstDifference = worst.map { difference($0, result, total) } ?? .infinity
            let same =
                abs(loss - result.loss) <= lossTolerance
                && abs(total - result.gradientNorm) <= gradientTolerance * total
                && worstDifference <= gradientTolerance && result.gradients.count == norms.count
            agrees = agrees && same
            print(
                String(
                    format: "  %@ %@: loss %.6f and %.6f, gradient norm %.6f and %.6f, farthest %@ by %.1e",
                    same ? "same " : "OTHER", settings, loss, result.loss, total, result.gradientNorm,
                    worst?.key ?? "-", worstDifference))
        }
        return agrees
    }

    /// How far the norm of a parameter's gradient is from the peer's, relative to it, or to a thousandth of the whole
    /// gradient if it is smaller than that.
    private static func difference(
        _ entry: (key: String, value: Double), _ result: PeerAnswer.Check.Result, _ total: Double
    ) -> Double {
        guard let other = result.gradients[entry.key] else { return .infinity }
        return abs(entry.value - other) / max(entry.value, 1e-3 * total)
    }

    private static func norm(_ block: FloatBlock, _ specification: ParameterSpecification) -> Double {
        (0..<specification.count).reduce(0) { sum, i in
            let value = Double(block.pointer[specification.offset + i])
            return sum + value * value
        }.squareRoot()
    }

    /// Initial weights with noise on all of them, so that none is at a value, such as 1, that hides a mistake.
    static func perturbedWeights(of model: LanguageModel) -> FloatBlock {
        let weights = model.initialWeights(seed: 1)
        var random = CounterRandom(domain: "benchmark perturbation", index: 1)
        for specification in model.layout.specifications {
            for i in 0..<specification.count {
                weights.pointer[specification.offset + i] += Float(0.2 * (random.unit() - 0.5))
            }
        }
        return weights
    }

    private static func lossAndGradients(
        _ model: LanguageModel, _ shape: TrainingShape, _ weights: FloatBlock, _ batch: TokenBatch
    ) -> (Double, FloatBlock) {
        let gradients = FloatBlock(count: model.layout.count)
        let run = SequenceRun(
            model: model, batch: shape.sequences, time: shape.length, targetCapacity: shape.tokens, training: true)
        run.bind(weights: weights, gradients: gradients)
        batch.load(sequences: 0..<shape.sequences, into: run)
        let loss = run.forward()
        run.backward()
        return (loss, gradients)
    }

    /// Writes weights and a batch for the peer, and removes them when it has read them.
    static func export<Answer>(
        _ layout: ParameterLayout, _ weights: FloatBlock, _ batch: TokenBatch,
        _ body: (_ manifest: String) throws -> Answer
    ) throws -> Answer {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-check-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let values = folder.appendingPathComponent("weights.f32")
        try Data(buffer: UnsafeBufferPointer(weights.buffer)).write(to: values)
        let manifest = Manifest(
            weights: values.path,
            parameters: layout.specifications.map { .init(name: $0.name, shape: $0.shape, offset: $0.offset) },
            tokens: batch.tokens, targets: batch.targets)
        let url = folder.appendingPathComponent("manifest.json")
        try JSONEncoder().encode(manifest).write(to: url)
        return try body(url.path)
    }

    private struct Manifest: Encodable {
        struct Parameter: Encodable {
            let name: String
            let shape: [Int]
            let offset: Int
        }
        let weights: String
        let parameters: [Parameter]
        let tokens: [Int32]
        let targets: [Int32]
    }
}
