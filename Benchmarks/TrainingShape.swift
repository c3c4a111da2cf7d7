import AssayModels
import AssayTasks
import CKernels

/// The shape of a training step: what both sides are told.
struct TrainingShape: Codable, Hashable {
    /// The mixer of all layers: `full` or `gated-delta-net`.
    let mixer: String
    /// Width of the residual stream.
    let width: Int
    /// Heads of the mixer.
    let heads: Int
    /// Width of a head.
    let headDimension: Int
    /// Inner width of the gated MLP.
    let hidden: Int
    /// Layers.
    let layers: Int
    /// Tokens of the vocabulary.
    let vocabulary: Int
    /// Tokens of a sequence.
    let length: Int
    /// Sequences of a step.
    let sequences: Int
    /// Threads.
    let threads: Int
    /// Kernel width of the short convolution on q, k, v.
    let convolution: Int
    /// Base of the rotary frequencies.
    let rotaryBase: Double
    /// Epsilon of the RMS norms.
    let epsilon: Double

    /// Four layers of one mixer, with 4,096 tokens in a step unless said.
    init(mixer: String, width: Int, length: Int, threads: Int, tokens: Int = 4096) {
        self.mixer = mixer
        self.width = width
        headDimension = width < 256 ? 32 : 64
        heads = width / headDimension
        layers = 4
        vocabulary = Vocabulary.count
        self.length = length
        sequences = tokens / length
        self.threads = threads
        convolution = 4
        let architecture = Architecture(
            name: mixer, width: width, heads: heads, headDimension: headDimension,
            layers: Array(repeating: LayerConfiguration(mixer: mixer), count: layers), vocabularyCount: vocabulary,
            shortConvolution: convolution)
        hidden = architecture.hiddenWidth
        rotaryBase = architecture.rotaryBase
        epsilon = architecture.normEpsilon
    }

    /// The same as an architecture.
    var architecture: Architecture {
        Architecture(
            name: mixer, width: width, heads: heads, headDimension: headDimension, hiddenWidth: hidden,
            layers: Array(repeating: LayerConfiguration(mixer: mixer), count: layers), vocabularyCount: vocabulary,
            shortConvolution: convolution, normEpsilon: epsilon, rotaryBase: rotaryBase)
    }

    /// Tokens of a step.
    var tokens: Int { sequences * length }
}

/// What a training step cannot do without: three times the matrix products of the forward pass, where a multiplication
/// and an addition are two operations. What either side computes besides (recomputation, masked halves, norms,
/// convolutions) counts nothing, so a share of peak is comparable between the two.
extension TrainingShape {
    private var inner: Int { heads * headDimension }

    /// Operations of the linear maps in the forward pass of a token.
    var linearFLOPs: Double {
        let gates = mixer == "gated-delta-net" ? inner + 2 * heads : 0
        let layer = width * (3 * inner + gates) + inner * width + 3 * width * hidden
        return 2 * Double(layers * layer + width * vocabulary)
    }

    /// Operations of the mixing of tokens in the forward pass of a token, on average over the sequence.
    ///
    /// Attention: q k and p v over the visible half. Delta rule, in chunks of C: the strictly lower half of k k and
    /// the lower half of q k; the triangular solve and the product with the updates over the same halves; and with the
    /// state, its reading by k and by q and its update.
    var mixingFLOPs: Double {
        let dimension = headDimension
        guard mixer == "gated-delta-net" else {
            return Double(layers * heads * 2 * 2 * dimension) * Double(length + 1) / 2
        }
        let shape = ck_delta_shape(
            time: length, steps: 1, chunk: 0, key_dimension: dimension, value_dimension: dimension)
        let chunk = Double(ck_delta_chunk(shape))
        let within = 2 * 2 * Double(dimension) * ((chunk - 1) / 2 + (chunk + 1) / 2)
        return Double(layers * heads) * (within + 3 * 2 * Double(dimension * dimension))
    }

    /// Useful operations of a step.
    var usefulFLOPs: Double { 3 * Double(tokens) * (linearFLOPs + mixingFLOPs) }
}
