import CKernels

/// The function of the gate of a gated MLP, which is `activation(gate) * up`.
public enum GatedActivation: Sendable, Hashable {
    /// SwiGLU.
    case silu
    /// GeGLU.
    case geluTanh
    /// That of gpt-oss: `g sigmoid(slope g) (u + 1)` with `g = min(gate, limit)` and u the up value between `-limit` and
    /// `limit`.
    case clampedSwish(limit: Float, slope: Float)

    /// `activation(gate) * up` for rows of `gate | up`.
    public func forward(
        rows: Int, hidden: Int, _ gateUp: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .silu: ck_swiglu_forward(rows, hidden, gateUp, output)
        case .geluTanh: ck_geglu_forward(rows, hidden, gateUp, output)
        case .clampedSwish(let limit, let slope):
            ClampedSwish(limit: limit, slope: slope).forward(rows: rows, hidden: hidden, gateUp, into: output)
        }
    }

    /// The gradient of rows of `gate | up` from that of the activations, and perhaps the activations once more. It may be
    /// done in place.
    func backward(
        rows: Int, hidden: Int, _ gateUp: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
        into output: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>?
    ) {
        switch self {
        case .silu: ck_swiglu_backward(rows, hidden, gateUp, gradient, output, activated)
        case .geluTanh: ck_geglu_backward(rows, hidden, gateUp, gradient, output, activated)
        case .clampedSwish(let limit, let slope):
            ClampedSwish(limit: limit, slope: slope).backward(
                rows: rows, hidden: hidden, gateUp, gradient: gradient, into: output, activated: activated)
        }
    }
}

/// ``GatedActivation/clampedSwish(limit:slope:)``.
private struct ClampedSwish {
    let limit: Float
    let slope: Float

    /// `sigmoid(slope min(gate, limit))` of a row.
    private func sigmoids(_ hidden: Int, _ gate: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>) {
        for i in 0..<hidden { output[i] = slope * min(gate[i], limit) }
        ck_sigmoid(hidden, output, output)
    }

    func forward(
        rows: Int, hidden: Int, _ gateUp: UnsafePointer<Float>, into output: UnsafeMutablePointer<Float>
    ) {
        for row in 0..<rows {
            let gate = gateUp + row * 2 * hidden
            let (up, result) = (gate + hidden, output + row * hidden)
            sigmoids(hidden, gate, into: result)
            for i in 0..<hidden {
                result[i] *= min(gate[i], limit) * (min(max(up[i], -limit), limit) + 1)
            }
        }
    }

    func backward(
        rows: Int, hidden: Int, _ gateUp: UnsafePointer<Float>, gradient: UnsafePointer<Float>,
        into output: UnsafeMutablePointer<Float>, activated: UnsafeMutablePointer<Float>?
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: hidden) { memory in
            guard let shares = memory.baseAddress else { return }
            for row in 0..<rows {
                let gate = gateUp + row * 2 * hidden
                let (up, target) = (gate + hidden, output + row * 2 * hidden)
                sigmoids(hidden, gate, into: shares)
                for i in 0..<hidden {
                    let (g, u, share) = (min(gate[i], limit), min(max(up[i], -limit), limit) + 1, shares[i])
                    let (outer, isOpen) = (gradient[row * hidden + i], abs(up[i]) <= limit)
                    let toGate = gate[i] <= limit ? share * (1 + slope * g * (1 - share)) : 0
                    // The gradient may lie where the activations go.
                    activated?[row * hidden + i] = g * share * u
                    target[i] = outer * u * toGate
                    target[hidden + i] = isOpen ? outer * g * share : 0
                }
            }
        }
    }
}
