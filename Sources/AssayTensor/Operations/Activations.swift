import CKernels

extension Tape {
    /// `1 / (1 + exp(-x))` of each element.
    public func sigmoid(_ x: Tensor) -> Tensor { activation(x, ck_sigmoid, ck_sigmoid_backward) }

    /// `x sigmoid(x)` of each element.
    public func silu(_ x: Tensor) -> Tensor { activation(x, ck_silu, ck_silu_backward) }

    /// `log(1 + exp(x))` of each element.
    public func softplus(_ x: Tensor) -> Tensor { activation(x, ck_softplus, ck_softplus_backward) }

    /// `exp(x)` of each element.
    public func exp(_ x: Tensor) -> Tensor { activation(x, ck_exp, ck_exp_backward) }

    /// `tanh(x)` of each element.
    public func tanh(_ x: Tensor) -> Tensor { activation(x, ck_tanh, ck_tanh_backward) }

    /// `max(x, 0)^2` of each element.
    public func reluSquared(_ x: Tensor) -> Tensor { activation(x, ck_relu_squared, ck_relu_squared_backward) }

    private func activation(
        _ x: Tensor, _ function: @escaping ActivationOperation.Function,
        _ derivative: @escaping ActivationOperation.Derivative
    ) -> Tensor {
        let output = tensor(x.shape)
        record(ActivationOperation(input: x, output: output, function: function, derivative: derivative))
        return output
    }
}

private final class ActivationOperation: TapeOperation {
    typealias Function = (Int, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?) -> Void
    typealias Derivative = (
        Int, UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int32
    ) -> Void

    let input: Tensor
    let output: Tensor
    let function: Function
    let derivative: Derivative

    init(input: Tensor, output: Tensor, function: @escaping Function, derivative: @escaping Derivative) {
        self.input = input
        self.output = output
        self.function = function
        self.derivative = derivative
    }

    func forward() { function(input.count, input.value, output.value) }

    func backward() {
        let gradient = output.gradient
        let adds = input.claimGradient()
        derivative(input.count, input.value, gradient, input.gradient, adds ? 1 : 0)
    }
}
