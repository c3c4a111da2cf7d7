import AssayTensor

/// Gated DeltaNet (Yang et al. 2024) as in Qwen3-Next (transformers: `Qwen3NextGatedDeltaNet`) and OLMo-hybrid
/// (`OlmoHybridGatedDeltaNet`): a state that forgets by a gate and overwrites what it held for a key. For every value
/// head h and its query and key head,
///
///     q, k, v = silu(conv(x W_qkv));  z, b, a = x W_zba
///     g = -exp(A_log_h) softplus(a_h + dt_bias_h);  beta = sigmoid(b_h)
///     q^ = q / |q| / sqrt(keyDimension);  k^ = k / |k|
///     S <- e^g S;  u = beta (v - S' k^);  S <- S + k^ u';  o = S' q^
///     y = W_out(rms(o_h) * silu(z_h))
///
/// The convolution is the architecture's short convolution, none if its kernel is 0; SiLU comes after it, or by itself.
/// Each query and key head serves `value-heads / key-heads` neighbouring value heads. The decays start as in the authors'
/// implementation: A uniform below 16, and steps log-uniform between 0.001 and 0.1.
///
/// Options: `key-heads` (default: the architecture's heads), `value-heads` (default: as many), `key-dimension` and
/// `value-dimension` of a head (default: the architecture's head dimension), `negative-eigenvalues` (default false):
/// beta = 2 sigmoid(b), as in OLMo-hybrid, so that a token can reflect the state along its key (Grazzi et al. 2024),
/// `norm-epsilon` of the norm of a head's output (default: the architecture's).
public struct GatedDeltaNet: DeltaRuleMixer {
    /// `gated-delta-net`.
    public static let name = "gated-delta-net"
    /// See the type.
    public static let optionNames = [
        "key-heads", "value-heads", "key-dimension", "value-dimension", "negative-eigenvalues", "norm-epsilon",
    ]

    /// The heads.
    public let layer: DeltaRuleLayer

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        layer = DeltaRuleLayer(
            request.architecture, shape: try DeltaRuleLayer.Shape(request), decays: true, isGated: true,
            negativeEigenvalues: try request.boolean("negative-eigenvalues", default: false),
            epsilon: try request.number("norm-epsilon", default: request.architecture.normEpsilon, in: 1e-12...0.1))
    }
}
