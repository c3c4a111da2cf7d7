/// Softmax attention over the last `window` tokens, itself included, and the first `sinks` tokens (StreamingLLM, Xiao et
/// al. 2023); without the latter as in the sliding layers of Gemma 3 and gpt-oss.
///
/// Options: `window` (default 128), `sinks` (default 0), `top-scores` (keys that a query attends to of those that it sees,
/// those with the highest scores; default 0 for all), and those of ``SoftmaxAttention``.
public struct SlidingWindowAttention: SoftmaxAttentionMixer {
    /// `sliding-window`.
    public static let name = "sliding-window"
    /// See the type.
    public static let optionNames = ["window", "sinks", "top-scores"] + SoftmaxAttention.optionNames

    /// The attention.
    public let attention: SoftmaxAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try SoftmaxAttention(
            request, window: request.integer("window", default: 128, in: 1...1_048_576), sinks: request.sinks(),
            top: request.topScores())
    }
}
