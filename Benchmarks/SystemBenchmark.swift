import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// Prefill and greedy decoding of whole models, ours and transformers' on the same weights, one sequence, one thread, in
/// turns. Both must give the same logits first.
enum SystemBenchmark {
    /// Systems of transformers that our blocks make up, with dense MLPs.
    enum System: String, CaseIterable {
        case llama
        case qwen3Next = "qwen3-next"
        case kimiLinear = "kimi-linear"

        /// The four layers.
        func layers(_ shape: TrainingShape) -> [LayerConfiguration] {
            let dimension = Double(shape.headDimension)
            switch self {
            case .llama: return Array(repeating: LayerConfiguration(mixer: "full"), count: 4)
            case .qwen3Next:
                let attention = LayerConfiguration(
                    mixer: "full",
                    options: [
                        "output-gate": true, "rotary-fraction": 0.25, "query-key-norm": "head", "short-convolution": 0,
                    ])
                return Array(repeating: LayerConfiguration(mixer: "gated-delta-net"), count: 3) + [attention]
            case .kimiLinear:
                let attention = LayerConfiguration(
                    mixer: "mla",
                    options: [
                        "latent-dimension": .number(2 * dimension), "nope-dimension": .number(dimension),
                        "rotary-dimension": .number(dimension / 2), "rotary-fraction": 0,
                        "value-dimension": .number(dimension),
                    ])
                return Array(repeating: LayerConfiguration(mixer: "kda"), count: 3) + [attention]
            }
        }
    }
    private static let tolerance = 2e-3

    static func run(_ session: Session) throws {
        guard let peer = session.peer else { return }
        for system in System.allCases where session.options.wants("system-\(system.rawValue)") {
            for width in session.options.isQuick ? [128] : [64, 128, 256] {
                let shape = TrainingShape(
                    mixer: system.rawValue, width: width, length: 512, threads: 1, tokens: 512)
                try measure(system, shape, session, peer)
            }
        }
    }

    private static func measure(
        _ system: System, _ shape: TrainingShape, _ session: Session, _ peer: PeerProcess
    ) throws {
        var architecture = shape.architecture
        architecture.layers = system.layers(shape)
        if system == .llama { architecture.shortConvolution = 0 }
        let model = try LanguageModel(architecture)
        let weights = SameMathsCheck.perturbedWeights(of: model)
        let batch = TokenBatch(shape, seed: 2)
        let logits = lastLogits(model, weights, batch.tokens)
        let answer = try SameMathsCheck.export(model.layout, weights, batch) {
            try peer.ask(PeerRequest.OpenSystem(shape: shape, manifest: $0), for: PeerAnswer.OpenSystem.self)
        }
        try demandSameLogits(shape, logits, answer.logits)

        let run = SequenceRun(model: model, batch: 1, time: shape.length, targetCapacity: 1, training: false)
        run.bind(weights: weights, gradients: nil)
        batch.tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        [Target(row: Int32(shape.length - 1), token: 0, weight: 1)].withUnsafeBufferPointer { run.load(targets: $0) }
        try add("prefill", shape, tokens: shape.length, session, peer) { run.forward() }

        let decoder = RecurrentDecoder(
            model: model, weights: weights, slots: 1, capacity: shape.length + decodedTokens, rows: shape.length)
        _ = decoder.step(slots: batch.tokens.map { _ in 0 }, tokens: batch.tokens)
        try add("decode", shape, tokens: decodedTokens, session, peer) {
            // From the same context each time.
            decoder.reset(slot: 0)
            _ = decoder.step(slots: batch.tokens.map { _ in 0 }, tokens: batch.tokens)
        } _: {
            var token = batch.tokens[0]
            for _ in 0..<decodedTokens {
                let row = decoder.step(slots: [0], tokens: [token])
                token = Int32(row.indices.max { row[$0] < row[$1] } ?? 0)
            }
        }
    }

    private static let decodedTokens = 32

    /// Four turns of each side, of about a fifth of a second.
    private static func add(
        _ kind: String, _ shape: TrainingShape, tokens: Int, _ session: Session, _ peer: PeerProcess,
        before: () -> Void = {}, _ ours: () -> Void
    ) throws {
        var (own, peers): ([Double], [Double]) = ([], [])
        for _ in 0..<4 {
            var spent = 0.0
            while spent < 0.2 {
                before()
                let time = seconds(ours)
                own.append(time)
                spent += time
            }
            let count = max(1, Int(0.2 / (peers.isEmpty ? 0.2 : median(peers))))
            peers += try peer.ask(PeerRequest.SystemSteps(kind: kind, count: count), for: PeerAnswer.Seconds.self)
                .seconds
        }
        session.add(
            BenchmarkRow(
                case: "system-\(shape.mixer)-\(kind)", width: shape.width, length: shape.length, threads: 1,
                ours: Double(tokens) / median(own),
                peer: (kind == "decode" ? 1 : Double(tokens)) / median(peers), shareOfPeak: nil, unit: "tokens/s",
                note: "peer: transformers"))
    }

    private static func lastLogits(_ model: LanguageModel, _ weights: FloatBlock, _ tokens: [Int32]) -> [Float] {
        let run = SequenceRun(model: model, batch: 1, time: tokens.count, targetCapacity: 1, training: false)
        run.bind(weights: weights, gradients: nil)
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        [Target(row: Int32(tokens.count - 1), token: 0, weight: 1)].withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        return Array(run.logits(0))
    }

    private static func demandSameLogits(_ shape: TrainingShape, _ ours: [Float], _ peer: [Float]) throws {
        let scale = ours.map(abs).max() ?? 1
        let worst = zip(ours, peer).map { abs($0 - $1) }.max() ?? .infinity
        guard ours.count == peer.count, Double(worst / scale) < tolerance else {
            throw AssayError(.defect, "\(shape.mixer): the logits of the two sides differ by \(worst) of \(scale)")
        }
    }
}
