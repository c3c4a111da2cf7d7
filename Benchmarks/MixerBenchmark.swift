import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// One layer of every mixer, forward and backward, and forward alone, ours and the best public PyTorch form in turns.
enum MixerBenchmark {
    static func run(_ session: Session) throws {
        let shapes =
            session.options.isQuick
            ? [(128, 64, 512)] : [(64, 32, 256), (128, 64, 256), (128, 64, 1024), (256, 128, 1024)]
        for mixer in PeerMixer.allCases where session.options.wants("mixer-\(mixer.rawValue)") {
            for (width, headDimension, length) in shapes {
                try measure(MixerShape(mixer, width: width, headDimension: headDimension, length: length), session)
            }
        }
    }

    private static func measure(_ shape: MixerShape, _ session: Session) throws {
        let layer = try MixerLayer(shape)
        var settings = ""
        if let peer = session.peer {
            let opened = try layer.export {
                try peer.ask(PeerRequest.OpenMixer(shape: shape, manifest: $0), for: PeerAnswer.OpenMixer.self)
            }
            try demandSameMaths(shape, layer, opened)
            settings = opened.settings
        }
        let tokens = Double(shape.sequences * shape.length)
        for (kind, useful) in [("train", 3.0), ("prefill", 1.0)] {
            let run = { kind == "train" ? layer.train() : layer.prefill() }
            let (ours, peers) = try inTurns(session, run) { count in
                PeerRequest.MixerSteps(kind: kind, count: count)
            }
            let rate = tokens / median(ours)
            session.add(
                BenchmarkRow(
                    case: kind == "train" ? "mixer-\(shape.mixer)" : "mixer-prefill-\(shape.mixer)", width: shape.width,
                    length: shape.length, threads: 1, ours: rate, peer: peers.isEmpty ? nil : tokens / median(peers),
                    shareOfPeak: useful * layer.usefulFLOPs * rate / session.peak, unit: "tokens/s",
                    note: "head \(shape.headDimension)" + (settings.isEmpty ? "" : "; peer: \(settings)")))
        }
    }

    /// Seconds of our passes and of the peer's, a fifth of a second each at a time.
    private static func inTurns(
        _ session: Session, _ ours: () -> Void, _ request: (Int) -> PeerRequest.MixerSteps
    ) throws -> (ours: [Double], peers: [Double]) {
        let (turn, rounds) = (session.options.isQuick ? 0.1 : 0.2, 4)
        var (own, peers): ([Double], [Double]) = ([], [])
        ours()
        for _ in 0..<rounds {
            own += repeated(budget: turn, repeats: 2...10_000, ours)
            guard let peer = session.peer else { continue }
            let count = max(2, Int(turn / (peers.isEmpty ? turn : median(peers))))
            peers += try peer.ask(request(count), for: PeerAnswer.Seconds.self).seconds
        }
        return (own, peers)
    }

    /// The peer's outputs and gradients for our weights and inputs must be ours.
    private static func demandSameMaths(_ shape: MixerShape, _ layer: MixerLayer, _ peer: PeerAnswer.OpenMixer) throws {
        let tolerance = 1e-3
        layer.train()
        let (output, input) = (layer.outputDifference(peer.output), layer.inputGradientDifference(peer.inputGradient))
        guard output < tolerance, input < tolerance else {
            throw AssayError(
                .defect,
                "\(shape.mixer): the layers differ: outputs by \(output), gradients of the inputs by \(input)")
        }
    }
}
