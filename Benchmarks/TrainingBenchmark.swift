import AssayCore
import AssayModels
import AssayTraining
import Foundation

/// Whole training steps, ours and PyTorch's in turns.
enum TrainingBenchmark {
    static let mixers = ["full", "gated-delta-net"]

    static func run(_ session: Session) throws {
        let widths = session.options.isQuick ? [128] : [64, 128, 256]
        let lengths = session.options.isQuick ? [128] : [128, 512]
        for mixer in mixers where session.options.wants("train-\(mixer)") {
            for width in widths {
                for length in lengths {
                    for threads in [1, 2] {
                        try measure(
                            TrainingShape(mixer: mixer, width: width, length: length, threads: threads), session)
                    }
                    scaling(mixer, width, length, session)
                }
            }
        }
    }

    private static func measure(_ shape: TrainingShape, _ session: Session) throws {
        let (microBatch, _) = try fastestMicroBatch(shape)
        var settings = ""
        if let peer = session.peer {
            let opened = try peer.ask(PeerRequest.Open(shape: shape), for: PeerAnswer.Open.self)
            try demandSameModel(shape, opened)
            settings = opened.settings
        }
        let turns = Turns(budget: session.options.isQuick ? 3 : 6, peer: session.peer)
        try train(shape, microBatch: microBatch, turns)
        let tokens = Double(shape.tokens)
        let rate = tokens / median(turns.ours)
        session.add(
            BenchmarkRow(
                case: "train-\(shape.mixer)", width: shape.width, length: shape.length, threads: shape.threads,
                ours: rate, peer: turns.peers.isEmpty ? nil : tokens / median(turns.peers),
                shareOfPeak: shape.usefulFLOPs / tokens * rate / (session.peak * Double(shape.threads)),
                unit: "tokens/s",
                note: "rows \(microBatch)" + (settings.isEmpty ? "" : "; peer: \(settings)")))
    }

    /// Two workers against one.
    private static func scaling(_ mixer: String, _ width: Int, _ length: Int, _ session: Session) {
        let name = "train-\(mixer)"
        guard let one = session.rate(of: name, width: width, length: length, threads: 1),
            let two = session.rate(of: name, width: width, length: length, threads: 2)
        else { return }
        session.add(
            BenchmarkRow(
                case: "two-workers-\(mixer)", width: width, length: length, threads: 2, ours: two / one, peer: nil,
                shareOfPeak: nil, unit: "x one"))
    }

    /// Both sides must train the same number of parameters with the same linear maps.
    private static func demandSameModel(_ shape: TrainingShape, _ peer: PeerAnswer.Open) throws {
        let ours = try LanguageModel(shape.architecture).layout.parameterCount
        guard ours == peer.parameters, shape.linearFLOPs == peer.linearFLOPs else {
            throw AssayError(
                .defect,
                "the models differ: \(ours) parameters and \(shape.linearFLOPs) operations a token here, "
                    + "\(peer.parameters) and \(peer.linearFLOPs) in PyTorch")
        }
    }

    /// Sequences of a micro-batch: our only setting.
    private static func fastestMicroBatch(_ shape: TrainingShape) throws -> (sequences: Int, seconds: Double) {
        let candidates = Set([512, 1024].map { max(1, $0 / shape.length) })
        let measured = try candidates.sorted().map { sequences in
            let turns = Turns(budget: 0.4, peer: nil)
            try train(shape, microBatch: sequences, turns)
            return (sequences: sequences, seconds: turns.ours.min() ?? .infinity)
        }
        return measured.min { $0.seconds < $1.seconds } ?? (1, .infinity)
    }

    /// Runs the trainer until the turns are over.
    private static func train(_ shape: TrainingShape, microBatch: Int, _ turns: Turns) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let recipe = Recipe(
            steps: 1_000_000, sequencesPerStep: shape.sequences, sequencesPerMicroBatch: microBatch,
            learningRate: 1e-3, mixture: [MixtureEntry(task: "random", weight: 1)])
        let plan = try TrainingPlan(
            arm: "bench", architecture: shape.architecture, recipe: recipe, seed: 1,
            tasks: ["random": RandomTokens(length: shape.length, vocabulary: shape.vocabulary)])
        let trainer = try Trainer(plan: plan, folder: folder, workers: shape.threads)
        _ = try trainer.run(progress: { _ in turns.stepEnded() }, shouldStop: { turns.isOver })
        if let failure = turns.failure { throw failure }
    }
}

/// Lets the two sides take turns: the trainer tells after each of its steps, and when its turn is over, the peer makes its
/// steps before the trainer goes on.
final class Turns {
    /// Seconds of each of our steps.
    private(set) var ours: [Double] = []
    /// Seconds of each of the peer's.
    private(set) var peers: [Double] = []
    /// All is measured.
    private(set) var isOver = false
    /// Why the peer could not go on.
    private(set) var failure: (any Error)?

    private static let turnSeconds = 0.3
    private static let warmUpSteps = 2
    private static let rounds = 3

    private let peer: PeerProcess?
    private let budget: Double
    private let clock = ContinuousClock()
    private var last: ContinuousClock.Instant
    private var seen = 0
    private var inTurn = 0.0
    private var spent = 0.0
    private var round = 0

    /// - Parameter budget: seconds of both sides together.
    init(budget: Double, peer: PeerProcess?) {
        self.budget = budget
        self.peer = peer
        last = clock.now
    }

    /// A step of ours has ended.
    func stepEnded() {
        let elapsed = (clock.now - last) / .seconds(1)
        seen += 1
        if seen > Turns.warmUpSteps {
            ours.append(elapsed)
            inTurn += elapsed
        }
        if inTurn >= Turns.turnSeconds { turnEnded() }
        last = clock.now
    }

    private func turnEnded() {
        spent += inTurn
        inTurn = 0
        round += 1
        if let peer {
            do {
                let count = max(1, Int(Turns.turnSeconds / (peers.isEmpty ? .infinity : median(peers))))
                let steps = try peer.ask(PeerRequest.Steps(count: count), for: PeerAnswer.Seconds.self).seconds
                peers += steps
                spent += steps.reduce(0, +)
            } catch {
                failure = error
                isOver = true
            }
        }
        if spent >= budget, round >= Turns.rounds || peer == nil { isOver = true }
    }
}
