import CKernels

extension Tape {
    /// `limit tanh(x / limit)` of each element: values that never leave `-limit ... limit` (Gemma). The last rows may be
    /// idle.
    public func softCap(_ x: Tensor, limit: Float) -> Tensor {
        precondition(limit > 0, "a limit of nothing")
        let output = tensor(x.shape)
        record(SoftCapOperation(input: x, limit: limit, output: output))
        return output
    }
}

private final class SoftCapOperation: TapeOperation {
    let input: Tensor
    let limit: Float
    let output: Tensor

    init(input: Tensor, limit: Float, output: Tensor) {
        (self.input, self.limit, self.output) = (input, limit, output)
    }

    private var activeCount: Int { input.activeRows * input.width }

    func forward() {
        output.activeRows = input.activeRows
        SoftCap.apply(activeCount, limit, input.value, into: output.value)
    }

    func backward() {
        let gradient = output.gradient
        let adds = input.claimGradient()
        let target = input.gradient
        for i in 0..<activeCount {
            let share = output.value[i] / limit
            let slope = gradient[i] * (1 - share * share)
            target[i] = adds ? target[i] + slope : slope
        }
    }
}

/// The function of ``Tape/softCap(_:limit:)`` on plain memory.
public enum SoftCap {
    /// `limit tanh(x / limit)`; may be done in place.
    public static func apply(
        _ count: Int, _ limit: Float, _ x: UnsafePointer<Float>, into y: UnsafeMutablePointer<Float>
    ) {
        ck_scale(count, 1 / limit, x, y)
        ck_tanh(count, y, y)
        ck_scale(count, limit, y, y)
    }
}
