import AssayTensor
import Foundation

/// The plain definitions in double precision, from which the reference forms of mixers are put together. Slow and
/// obvious on purpose.
public enum Reference {
    /// `x * weight^T` for rows of `x` and a weight `[out, in]`.
    public static func linear(_ x: [Double], _ weight: [Double], inputs: Int) -> [Double] {
        let (rows, outputs) = (x.count / inputs, weight.count / inputs)
        var y = [Double](repeating: 0, count: rows * outputs)
        for r in 0..<rows {
            for o in 0..<outputs {
                var sum = 0.0
                for i in 0..<inputs { sum += x[r * inputs + i] * weight[o * inputs + i] }
                y[r * outputs + o] = sum
            }
        }
        return y
    }

    /// `x / sqrt(mean(x^2) + epsilon) * weight` for rows of the weight's width.
    public static func rmsNorm(_ x: [Double], _ weight: [Double], epsilon: Double) -> [Double] {
        var y = x
        for start in stride(from: 0, to: x.count, by: weight.count) {
            var sum = 0.0
            for i in 0..<weight.count { sum += x[start + i] * x[start + i] }
            let inverse = 1 / (sum / Double(weight.count) + epsilon).squareRoot()
            for i in 0..<weight.count { y[start + i] = x[start + i] * inverse * weight[i] }
        }
        return y
    }

    /// `(x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias` for rows of the weight's width.
    public static func layerNorm(_ x: [Double], _ weight: [Double], _ bias: [Double], epsilon: Double) -> [Double] {
        var y = x
        for start in stride(from: 0, to: x.count, by: weight.count) {
            let row = x[start..<(start + weight.count)]
            let mean = row.reduce(0, +) / Double(weight.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(weight.count)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for i in 0..<weight.count { y[start + i] = (x[start + i] - mean) * inverse * weight[i] + bias[i] }
        }
        return y
    }

    /// Causal depthwise convolution: `x` `[time, channels]`, `weight` `[channels, kernel]`.
    public static func convolution(_ x: [Double], _ weight: [Double], channels: Int) -> [Double] {
        let (time, kernel) = (x.count / channels, weight.count / channels)
        var y = [Double](repeating: 0, count: x.count)
        for t in 0..<time {
            for c in 0..<channels {
                for j in 0..<kernel where t - kernel + 1 + j >= 0 {
                    y[t * channels + c] += weight[c * kernel + j] * x[(t - kernel + 1 + j) * channels + c]
                }
            }
        }
        return y
    }

    /// `x_t + mix (x_{t-1} - x_t)`, zero before the first token: `x` `[time, width]`, `mix` `[width]`.
    public static func tokenShift(_ x: [Double], _ mix: [Double]) -> [Double] {
        x.indices.map { x[$0] + mix[$0 % mix.count] * (($0 >= mix.count ? x[$0 - mix.count] : 0) - x[$0]) }
    }

    /// `1 / (1 + exp(-x))`.
    public static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

    /// `exp(x) / sum(exp(x))` of a row.
    public static func softmax(_ row: [Double]) -> [Double] {
        let greatest = row.max() ?? 0
        let exponentials = row.map { exp($0 - greatest) }
        let sum = exponentials.reduce(0, +)
        return exponentials.map { $0 / sum }
    }

    /// `x sigmoid(x)`.
    public static func silu(_ x: Double) -> Double { x * sigmoid(x) }

    /// GELU in its tanh form.
    public static func geluTanh(_ x: Double) -> Double {
        0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    /// `log(1 + exp(x))`.
    public static func softplus(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

    /// A gated MLP: gate and up `[2 * hidden, width]`, down `[width, hidden]`.
    public static func gatedMLP(
        _ x: [Double], gateUp: [Double], down: [Double], width: Int, activation: GatedActivation = .silu,
        biases: (gateUp: [Double], down: [Double])? = nil
    ) -> [Double] {
        var products = linear(x, gateUp, inputs: width)
        if let biases { products = addBias(products, biases.gateUp) }
        let hidden = down.count / width
        var activated: [Double] = []
        for start in stride(from: 0, to: products.count, by: 2 * hidden) {
            for i in 0..<hidden {
                activated.append(gated(products[start + i], products[start + hidden + i], activation))
            }
        }
        let output = linear(activated, down, inputs: hidden)
        return biases.map { addBias(output, $0.down) } ?? output
    }

    /// The activation of a gate and an up value.
    private static func gated(_ gate: Double, _ up: Double, _ activation: GatedActivation) -> Double {
        switch activation {
        case .silu: return silu(gate) * up
        case .geluTanh: return geluTanh(gate) * up
        case .clampedSwish(let limit, let slope):
            let (limit, slope) = (Double(limit), Double(slope))
            let least = min(gate, limit)
            return least * sigmoid(slope * least) * (min(max(up, -limit), limit) + 1)
        }
    }

    /// Columns `offset ..< offset + count` of rows of a width.
    public static func columns(_ x: [Double], width: Int, offset: Int, count: Int) -> [Double] {
        stride(from: 0, to: x.count, by: width).flatMap { x[($0 + offset)..<($0 + offset + count)] }
    }

    /// Turns the first `angles.dimension` elements of each head of each row, in half-split pairs.
    public static func rotary(
        _ x: [Double], heads: Int, headDimension: Int, _ angles: RotaryAngles
    ) -> [Double] {
        var y = x
        let half = angles.dimension / 2
        let (frequencies, magnitude) = (angles.frequencies, angles.magnitude)
        for t in 0..<(x.count / (heads * headDimension)) {
            for head in 0..<heads {
                let start = (t * heads + head) * headDimension
                for i in 0..<half {
                    let angle = Double(t + angles.start) * frequencies[i]
                    let (a, b) = (x[start + i], x[start + half + i])
                    y[start + i] = magnitude * (a * cos(angle) - b * sin(angle))
                    y[start + half + i] = magnitude * (b * cos(angle) + a * sin(angle))
                }
            }
        }
        return y
    }
}
