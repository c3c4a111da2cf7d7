import AssayTensor

@testable import AssayModels

/// A sound mixer with one planted fault.
struct FaultyMixer: Mixer {
    enum Fault: CaseIterable {
        /// The reference form computes something else.
        case otherReference
        /// Small chunks change the result.
        case chunkMatters
        /// The backward pass loses a tenth of the gradient.
        case wrongGradient
        /// The parallel form lets each token see the next.
        case looksAhead
        /// The layout forgets the last number of the state.
        case hiddenState
        /// The costs state other bytes than the layout.
        case wrongBytes
        /// Rows of a step take effect in the wrong order.
        case rowsReversed
        /// The first row of a step leaks into the others.
        case leaksBetweenRows
        /// The layout calls a state that every token rewrites a cache, which only appends.
        case calledACache
    }

    static let name = "faulty"
    static let optionNames: [String] = []

    let base: any Mixer
    let fault: Fault

    init(_ base: any Mixer, _ fault: Fault) { (self.base, self.fault) = (base, fault) }
    init(_ request: MixerRequest) throws { fatalError("made from another mixer only") }

    func declareParameters(prefix: String, in layout: inout ParameterLayout) {
        base.declareParameters(prefix: prefix, in: &layout)
    }

    func parallel(_ x: Tensor, prefix: String, on tape: Tape) -> Tensor {
        let output = base.parallel(x, prefix: prefix, on: tape)
        switch fault {
        case .chunkMatters where tape.chunk == 16: return tape.scale(output, by: 1.01)
        case .wrongGradient: return Blend(output, on: tape, ahead: 0, gradientFactor: 0.9).output
        case .looksAhead: return Blend(output, on: tape, ahead: 1, gradientFactor: 1).output
        default: return output
        }
    }

    func stateLayout(capacity: Int) -> StateLayout {
        if fault == .calledACache {
            var layout = StateLayout()
            layout.append("state", .cache, [1, 1, base.stateLayout(capacity: capacity).count])
            return layout
        }
        guard fault == .hiddenState else { return base.stateLayout(capacity: capacity) }
        // Still as large, but the last part says that it is in use from the second entry on only.
        var layout = StateLayout()
        let count = base.stateLayout(capacity: capacity).count
        layout.append("visible", .recurrence, [1, 1, count - 1])
        layout.append("hidden", .cache, [1, 1, 1], window: 1)
        return layout
    }

    func step(_ call: MixerStep) {
        switch fault {
        case .rowsReversed where call.batch > 1:
            for row in (0..<call.batch).reversed() { base.step(call.row(row)) }
        case .leaksBetweenRows:
            base.step(call)
            for i in 0..<call.batch { call.output[i] += call.batch > 1 ? 0.01 : 0 }
        default: base.step(call)
        }
    }

    func stepScratchCount(batch: Int, capacity: Int) -> Int { base.stepScratchCount(batch: batch, capacity: capacity) }

    func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        let output = base.reference(x, time: time, weights: weights)
        return fault == .otherReference ? output.map { 1.001 * $0 } : output
    }

    func cost(context: Int) -> MixerCost {
        var cost = base.cost(context: context)
        if fault == .wrongBytes { cost.stateBytes -= 4 }
        return cost
    }
}

extension MixerStep {
    /// One row of the step.
    fileprivate func row(_ index: Int) -> MixerStep {
        MixerStep(
            batch: 1, input: input + index * rowWidth, output: output + index * rowWidth, states: states + index,
            positions: positions + index, capacity: capacity, scratch: scratch, shared: shared, parameters: parameters)
    }

    private var rowWidth: Int { 12 }
}

/// Each row plus a thousandth of a later one, and a backward pass that loses a part of the gradient.
private final class Blend: TapeOperation {
    let input: Tensor
    let output: Tensor
    let ahead: Int
    let factor: Float

    init(_ input: Tensor, on tape: Tape, ahead: Int, gradientFactor: Float) {
        (self.input, self.ahead, factor) = (input, ahead, gradientFactor)
        output = tape.tensor(input.shape)
        tape.record(self)
    }

    func forward() {
        let later = ahead * input.width
        for i in 0..<input.count {
            output.value[i] =
                input.value[i] + (later > 0 && i + later < input.count ? 1e-3 * input.value[i + later] : 0)
        }
    }

    func backward() {
        let adds = input.claimGradient()
        for i in 0..<input.count { input.gradient[i] = (adds ? input.gradient[i] : 0) + factor * output.gradient[i] }
    }
}
