import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// Released models, read from the same GGUF file by both sides and widened to float32: loading, prefill and greedy decoding.
/// `make models` brings the files; without them there are no rows.
enum ReleasedBenchmark {
    private static let files = [
        ("smollm2-135m", "models/smollm2-135m-instruct-q4_1.gguf"), ("gemma-3-270m", "models/gemma-3-270m-q4_k_m.gguf"),
    ]
    private static let length = 512

    static func run(_ session: Session) throws {
        guard let peer = session.peer, !session.options.isQuick else { return }
        for (name, file) in files where session.options.wants("released-\(name)") {
            guard FileManager.default.fileExists(atPath: file) else {
                print("released-\(name): no \(file); 'make models' brings it")
                continue
            }
            try measure("released-\(name)", file, session, peer)
        }
    }

    private static func measure(_ name: String, _ file: String, _ session: Session, _ peer: PeerProcess) throws {
        let url = URL(fileURLWithPath: file)
        let own = try repeated(budget: 1, repeats: 3...10) { _ = try CheckpointReader.read(url) }
        let loaded = try CheckpointReader.read(url)
        let vocabulary = loaded.model.architecture.vocabularyCount
        var random = CounterRandom(domain: "released-benchmark", index: 0)
        let tokens = (0..<length).map { _ in Int32(random.below(vocabulary)) }
        for threads in [1, 2] {
            let request = PeerRequest.OpenReleased(file: url.path, tokens: tokens, threads: threads)
            let answer = try peer.ask(request, for: PeerAnswer.OpenReleased.self)
            if threads == 1 {
                try SystemTurns.demand(
                    answer.logits, like: SystemTurns.lastLogits(loaded.model, loaded.weights, tokens), name)
                session.add(
                    BenchmarkRow(
                        case: "\(name)-load", width: loaded.model.architecture.width, ours: 1 / median(own),
                        peer: 1 / answer.loadSeconds, shareOfPeak: nil, unit: "loads/s", note: "peer: transformers"))
            }
            try SystemTurns(
                name: name, width: loaded.model.architecture.width, model: loaded.model, weights: loaded.weights,
                tokens: tokens, threads: threads
            ).run(session, peer)
        }
    }
}
