import AssayTensor

/// DeltaNet (Schlag et al. 2021; Yang et al. 2024, "Parallelizing Linear Transformers with the Delta Rule over Sequence
/// Length"; flash-linear-attention: `DeltaNet`): a state without decay that overwrites what it held for a key. For every
/// value head h and its query and key head,
///
///     q, k, v = silu(conv(x W_qkv));  b = x W_b;  beta = sigmoid(b_h)
///     q^ = q / |q| / sqrt(keyDimension);  k^ = k / |k|
///     u = beta (v - S' k^);  S <- S + k^ u';  o = S' q^
///     y = W_out(rms(o_h))
///
/// The convolution is the architecture's short convolution, none if its kernel is 0; SiLU comes after it, or by itself.
///
/// Options: `key-heads` (default: the architecture's heads), `value-heads` (default: as many), `key-dimension` and
/// `value-dimension` of a head (default: the architecture's head dimension), `negative-eigenvalues` (default false):
/// beta = 2 sigmoid(b), so that the transition I - beta k^ k^' has eigenvalues down to -1 (Grazzi et al. 2024, "Unlocking
/// State-Tracking in Linear RNNs Through Negative Eigenvalues"); `output-gate` (default false): y = W_out(rms(o_h) *
/// silu(z_h)) with z = x W_z.
public struct DeltaNet: DeltaRuleMixer {
    /// `delta-net`.
    public static let name = "delta-net"
    /// See the type.
    public static let optionNames = [
        "key-heads", "value-heads", "key-dimension", "value-dimension", "negative-eigenvalues", "output-gate",
    ]

    /// The heads.
    public let layer: DeltaRuleLayer

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        layer = DeltaRuleLayer(
            request.architecture, shape: try DeltaRuleLayer.Shape(request), decays: false,
            isGated: try request.boolean("output-gate", default: false),
            negativeEigenvalues: try request.boolean("negative-eigenvalues", default: false))
    }
}
