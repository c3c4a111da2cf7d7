import AssayTensor

/// DeltaProduct (Siems et al. 2025, "DeltaProduct: Improving State-Tracking in Linear RNNs via Householder Products";
/// flash-linear-attention: `GatedDeltaProduct`): several steps of the delta rule for every token, so that its transition
/// is a product of as many generalised Householder matrices. For every value head h and its query and key head,
///
///     q, k_1..n, v_1..n = silu(conv(x W_qkv));  z, b_1..n, a = x W_zba
///     g = -exp(A_log_h) softplus(a_h + dt_bias_h);  beta_j = sigmoid(b_jh)
///     q^ = q / |q| / sqrt(keyDimension);  k^_j = k_j / |k_j|
///     S <- e^g S;  for j = 1..n: u = beta_j (v_j - S' k^_j), S <- S + k^_j u';  o = S' q^
///     y = W_out(rms(o_h) * silu(z_h))
///
/// The state decays once a token, before the first step, and is read after the last. The keys of a row are those of the
/// first step for all heads, then those of the second; values and betas likewise.
///
/// Options: `steps` (n, default 2), `key-heads`, `value-heads`, `key-dimension`, `value-dimension` and
/// `negative-eigenvalues` as for `delta-net`, `gated` (default false): whether the state decays, and `output-gate`
/// (default false): whether z is there.
public struct DeltaProduct: DeltaRuleMixer {
    /// `delta-product`.
    public static let name = "delta-product"
    /// See the type.
    public static let optionNames = [
        "steps", "key-heads", "value-heads", "key-dimension", "value-dimension", "negative-eigenvalues", "gated",
        "output-gate",
    ]

    /// The heads.
    public let layer: DeltaRuleLayer

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        let steps = try request.integer("steps", default: 2, in: 1...4)
        layer = DeltaRuleLayer(
            request.architecture, shape: try DeltaRuleLayer.Shape(request, steps: steps),
            decays: try request.boolean("gated", default: false),
            isGated: try request.boolean("output-gate", default: false),
            negativeEigenvalues: try request.boolean("negative-eigenvalues", default: false))
    }
}
