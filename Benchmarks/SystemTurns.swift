import AssayCore
import AssayModels
import AssayTensor

/// Prefill and greedy decoding of a whole model in turns with transformers, which has the same weights open. As many
/// sequences of the same tokens as threads: here each thread has one, there they are a batch.
struct SystemTurns {
    /// What the rows' names begin with.
    let name: String
    let width: Int
    let model: LanguageModel
    let weights: FloatBlock
    let tokens: [Int32]
    let threads: Int

    private static let tolerance = 2e-3
    private static let decodedTokens = 32

    /// Adds a row for prefill and one for decoding.
    func run(_ session: Session, _ peer: PeerProcess) throws {
        let pool = WorkerPool(workers: threads)
        let runs = (0..<threads).map { _ in SystemTurns.prefilling(model, weights, tokens) }
        try add("prefill", count: tokens.count, session, peer) {
            pool.run(threads) { index, _ in runs[index].forward() }
        }
        let decoders = (0..<threads).map { _ in
            RecurrentDecoder(
                model: model, weights: weights, slots: 1, capacity: tokens.count + SystemTurns.decodedTokens,
                rows: tokens.count)
        }
        try add("decode", count: SystemTurns.decodedTokens, session, peer) {
            // From the same context each time.
            pool.run(threads) { index, _ in
                decoders[index].reset(slot: 0)
                decoders[index].take(slots: tokens.map { _ in 0 }, tokens: tokens)
            }
        } _: {
            pool.run(threads) { index, _ in decode(decoders[index]) }
        }
    }

    private func decode(_ decoder: RecurrentDecoder) {
        var token = tokens[0]
        for _ in 0..<SystemTurns.decodedTokens {
            let row = decoder.step(slots: [0], tokens: [token])
            token = Int32(row.indices.max { row[$0] < row[$1] } ?? 0)
        }
    }

    /// Four turns of each side, of about a fifth of a second or one piece of work.
    private func add(
        _ kind: String, count: Int, _ session: Session, _ peer: PeerProcess, before: () -> Void = {}, _ ours: () -> Void
    ) throws {
        var (own, peers): ([Double], [Double]) = ([], [])
        before()
        ours()
        for _ in 0..<4 {
            var spent = 0.0
            while spent < 0.2 {
                before()
                let time = seconds(ours)
                own.append(time)
                spent += time
            }
            let times = max(1, Int(0.2 / (peers.isEmpty ? 0.2 : median(peers))))
            peers += try peer.ask(PeerRequest.SystemSteps(kind: kind, count: times), for: PeerAnswer.Seconds.self)
                .seconds
        }
        session.add(
            BenchmarkRow(
                case: "\(name)-\(kind)", width: width, length: tokens.count, threads: threads,
                ours: Double(threads * count) / median(own),
                peer: Double(threads * (kind == "decode" ? 1 : count)) / median(peers), shareOfPeak: nil,
                unit: "tokens/s", note: "peer: transformers"))
    }

    /// The logits after the last token.
    static func lastLogits(_ model: LanguageModel, _ weights: FloatBlock, _ tokens: [Int32]) -> [Float] {
        let run = prefilling(model, weights, tokens)
        run.forward()
        return Array(run.logits(0))
    }

    /// Nothing is timed that does not compute the same.
    static func demand(_ peer: [Float], like ours: [Float], _ name: String) throws {
        let scale = ours.map(abs).max() ?? 1
        let worst = zip(ours, peer).map { abs($0 - $1) }.max() ?? .infinity
        guard ours.count == peer.count, Double(worst / scale) < tolerance else {
            throw AssayError(.defect, "\(name): the logits of the two sides differ by \(worst) of \(scale)")
        }
    }

    /// A pass over the tokens, with the logits of the last.
    private static func prefilling(_ model: LanguageModel, _ weights: FloatBlock, _ tokens: [Int32]) -> SequenceRun {
        let run = SequenceRun(model: model, batch: 1, time: tokens.count, targetCapacity: 1, training: false)
        run.bind(weights: weights, gradients: nil)
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        [Target(row: Int32(tokens.count - 1), token: 0, weight: 1)].withUnsafeBufferPointer { run.load(targets: $0) }
        return run
    }
}
