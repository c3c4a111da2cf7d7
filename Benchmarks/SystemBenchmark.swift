import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// Prefill and greedy decoding of small models, ours and transformers' on the same weights, one sequence, one thread.
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
        let logits = SystemTurns.lastLogits(model, weights, batch.tokens)
        let answer = try SameMathsCheck.export(model.layout, weights, batch) {
            try peer.ask(PeerRequest.OpenSystem(shape: shape, manifest: $0), for: PeerAnswer.OpenSystem.self)
        }
        try SystemTurns.demand(answer.logits, like: logits, system.rawValue)
        try SystemTurns(
            name: "system-\(system.rawValue)", width: shape.width, model: model, weights: weights, tokens: batch.tokens,
            threads: 1
        ).run(session, peer)
    }
}
