import CKernels

/// Which experts of a mixture a token goes to, and what each counts.
///
/// The scores are `softmax(logits)` or `sigmoid(logits)`. The experts with the highest `score + bias` are chosen, the
/// bias for balance only: their weights are the scores, divided by their sum if `renormalises`, times `scale`. Softmax
/// with renormalisation is the same function as softmax over the logits of the chosen alone (Granite, gpt-oss).
public struct ExpertRouting: Sendable, Hashable {
    /// How logits become scores.
    public enum Score: String, Sendable, CaseIterable {
        /// Of all experts together: Qwen3-Next, MiniMax-Text-01, Granite.
        case softmax
        /// Of each by itself: DeepSeek-V3, Kimi-Linear, MiniMax-M2.
        case sigmoid
    }

    /// Experts.
    public var experts: Int
    /// Experts that a token goes to.
    public var chosen: Int
    /// How logits become scores.
    public var score: Score
    /// Whether the weights of a token sum to ``scale``.
    public var renormalises: Bool
    /// What multiplies the weights.
    public var scale: Float
    /// Groups of neighbouring experts of which only some are open to a token (DeepSeek-V3); 1 for no such limit.
    public var groups: Int
    /// Groups that are open to a token: those with the greatest sum of their two best.
    public var openGroups: Int

    /// A routing.
    public init(
        experts: Int, chosen: Int, score: Score, renormalises: Bool = true, scale: Float = 1, groups: Int = 1,
        openGroups: Int = 1
    ) {
        precondition(chosen > 0 && chosen <= experts && groups > 0 && experts % groups == 0, "no such routing")
        precondition(openGroups > 0 && openGroups * (experts / groups) >= chosen, "too few experts are open")
        self.experts = experts
        self.chosen = chosen
        self.score = score
        self.renormalises = renormalises
        self.scale = scale
        self.groups = groups
        self.openGroups = openGroups
    }

    /// Routes rows of logits `[rows, experts]`.
    /// - Parameters:
    ///   - bias: `[experts]`, added for the choice; nil for none.
    ///   - scores: `[rows, experts]`, written.
    func route(
        rows: Int, logits: UnsafePointer<Float>, bias: UnsafePointer<Float>?, scores: UnsafeMutablePointer<Float>,
        into dispatch: ExpertDispatch
    ) {
        switch score {
        case .softmax: ck_softmax_rows(rows, experts, logits, experts, scores, experts)
        case .sigmoid: ck_sigmoid(rows * experts, logits, scores)
        }
        withUnsafeTemporaryAllocation(of: Float.self, capacity: experts + groups) { memory in
            guard let choice = memory.baseAddress else { return }
            for row in 0..<rows {
                let own = scores + row * experts
                for expert in 0..<experts { choice[expert] = own[expert] + (bias?[expert] ?? 0) }
                if openGroups < groups { closeGroups(choice, sums: choice + experts) }
                choose(choice, own, dispatch.experts + row * chosen, dispatch.weights + row * chosen)
            }
        }
        dispatch.sort(rows: rows, self)
    }

    /// Makes the experts of all but the best groups impossible.
    private func closeGroups(_ choice: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>) {
        let size = experts / groups
        for group in 0..<groups {
            var (first, second) = (-Float.infinity, -Float.infinity)
            for expert in (group * size)..<((group + 1) * size) {
                if choice[expert] > first {
                    (first, second) = (choice[expert], first)
                } else if choice[expert] > second {
                    second = choice[expert]
                }
            }
            sums[group] = size > 1 ? first + second : first
        }
        for group in 0..<groups {
            // Better groups, and equal ones that come before.
            var before = 0
            for other in 0..<groups where sums[other] > sums[group] || (sums[other] == sums[group] && other < group) {
                before += 1
            }
            guard before >= openGroups else { continue }
            for expert in (group * size)..<((group + 1) * size) { choice[expert] = -.infinity }
        }
    }

    /// The best experts of a token, best first, and their weights.
    private func choose(
        _ choice: UnsafeMutablePointer<Float>, _ scores: UnsafePointer<Float>, _ places: UnsafeMutablePointer<Int32>,
        _ weights: UnsafeMutablePointer<Float>
    ) {
        var sum: Float = 0
        for place in 0..<chosen {
            // Always one that was not taken, even among numbers that are none.
            var best = 0
            while isTaken(best, places, place) { best += 1 }
            for expert in (best + 1)..<max(experts, best + 1)
            where choice[expert] > choice[best] && !isTaken(expert, places, place) {
                best = expert
            }
            places[place] = Int32(best)
            weights[place] = scores[best]
            sum += scores[best]
        }
        let factor = renormalises ? scale / (sum + 1e-20) : scale
        for place in 0..<chosen { weights[place] *= factor }
    }

    private func isTaken(_ expert: Int, _ places: UnsafePointer<Int32>, _ count: Int) -> Bool {
        for place in 0..<count where places[place] == Int32(expert) { return true }
        return false
    }

    /// The gradient of a row's logits, written or added, from that of its weights.
    func backward(
        scores: UnsafePointer<Float>, experts places: UnsafePointer<Int32>, weights: UnsafePointer<Float>,
        gradient: UnsafePointer<Float>, adds: Bool, into logits: UnsafeMutablePointer<Float>
    ) {
        var (sum, along) = (Float(0), Float(0))
        for place in 0..<chosen {
            sum += scores[Int(places[place])]
            along += gradient[place] * weights[place]
        }
        if !adds { logits.update(repeating: 0, count: experts) }
        // The gradient of the score of a chosen expert; the others have none.
        func slope(_ place: Int) -> Float {
            renormalises ? (scale * gradient[place] - along) / (sum + 1e-20) : scale * gradient[place]
        }
        var pull: Float = 0
        for place in 0..<chosen {
            let (expert, own) = (Int(places[place]), slope(place))
            switch score {
            case .softmax:
                logits[expert] += scores[expert] * own
                pull += scores[expert] * own
            case .sigmoid: logits[expert] += scores[expert] * (1 - scores[expert]) * own
            }
        }
        if pull != 0 { ck_axpy(experts, -pull, scores, logits) }
    }
}

/// Which rows go to which expert: what a routing writes. It points to memory of its owner.
struct ExpertDispatch {
    /// `[rows, chosen]`: the experts of a row, best first.
    let experts: UnsafeMutablePointer<Int32>
    /// `[rows, chosen]`: what each counts.
    let weights: UnsafeMutablePointer<Float>
    /// `[rows * chosen]`: places in ``experts``, those of the first expert first, each expert's in the order of rows.
    let order: UnsafeMutablePointer<Int32>
    /// `[experts + 1]`: where each expert begins in ``order``.
    let starts: UnsafeMutablePointer<Int32>

    /// Whole numbers of memory that it needs.
    static func count(rows: Int, _ routing: ExpertRouting) -> Int { 2 * rows * routing.chosen + routing.experts + 1 }

    init(
        rows: Int, _ routing: ExpertRouting, numbers: UnsafeMutablePointer<Int32>, weights: UnsafeMutablePointer<Float>
    ) {
        experts = numbers
        order = numbers + rows * routing.chosen
        starts = numbers + 2 * rows * routing.chosen
        self.weights = weights
    }

    /// The places of an expert in ``order``.
    func range(_ expert: Int) -> Range<Int> { Int(starts[expert])..<Int(starts[expert + 1]) }

    /// Sorts the places by expert.
    fileprivate func sort(rows: Int, _ routing: ExpertRouting) {
        let count = rows * routing.chosen
        starts.update(repeating: 0, count: routing.experts + 1)
        for place in 0..<count { starts[Int(experts[place]) + 1] += 1 }
        for expert in 0..<routing.experts { starts[expert + 1] += starts[expert] }
        // Each start moves on to the next one's while its expert's places are laid down, and is moved back after.
        for place in 0..<count {
            let expert = Int(experts[place])
            order[Int(starts[expert])] = Int32(place)
            starts[expert] += 1
        }
        for expert in stride(from: routing.experts, to: 0, by: -1) { starts[expert] = starts[expert - 1] }
        starts[0] = 0
    }
}
