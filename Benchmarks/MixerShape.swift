import AssayModels

/// The shape of one mixer layer: what both sides are told.
struct MixerShape: Codable, Hashable {
    /// The mixer, as in architecture files.
    let mixer: String
    /// Width of the residual stream.
    let width: Int
    /// Heads of the mixer.
    let heads: Int
    /// Width of a head.
    let headDimension: Int
    /// Tokens of a sequence.
    let length: Int
    /// Sequences of a pass.
    let sequences: Int
    /// Kernel width of the short convolution of the recipe; 0 where the published layer has none.
    let convolution: Int
    /// Base of the rotary frequencies.
    let rotaryBase: Double
    /// Epsilon of the RMS norms.
    let epsilon: Double

    /// A layer with heads of a dimension, and 1,024 tokens in a pass.
    init(_ mixer: PeerMixer, width: Int, headDimension: Int, length: Int, tokens: Int = 1024) {
        self.mixer = mixer.rawValue
        self.width = width
        self.headDimension = headDimension
        heads = max(1, width / headDimension)
        self.length = length
        sequences = max(1, tokens / length)
        convolution = mixer.convolution
        let defaults = Architecture(name: "", width: width, heads: heads, layers: [], vocabularyCount: 2)
        rotaryBase = defaults.rotaryBase
        epsilon = defaults.normEpsilon
    }

    /// An architecture of that one layer.
    var architecture: Architecture {
        Architecture(
            name: mixer, width: width, heads: heads, headDimension: headDimension,
            layers: [LayerConfiguration(mixer: mixer)], vocabularyCount: 2, shortConvolution: convolution,
            normEpsilon: epsilon, rotaryBase: rotaryBase)
    }
}

/// Mixers that PyTorch's side has a public form of, and the short convolution that the published layers have.
enum PeerMixer: String, CaseIterable {
    case full
    case gatedDeltaNet = "gated-delta-net"
    case deltaNet = "delta-net"
    case deltaProduct = "delta-product"
    case kda
    case gla
    case rwkv7 = "rwkv-7"
    case mamba2 = "mamba-2"
    case lightning
    case retnet
    case linearAttention = "linear-attention"
    case mla
    case gatedConvolution = "gated-convolution"

    /// Kernel width of the recipe's convolution.
    var convolution: Int {
        switch self {
        case .gatedDeltaNet, .deltaNet, .deltaProduct, .kda: 4
        default: 0
        }
    }
}
