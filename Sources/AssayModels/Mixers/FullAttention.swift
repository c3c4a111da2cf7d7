/// Full causal softmax attention, as in Llama; with options as in Qwen3, MiniMax-M2, Qwen3-Next, Granite 4.0 and the full
/// layers of Gemma 3 and gpt-oss.
///
/// Options: `top-scores` (keys that a query attends to, those with the highest scores; default 0 for all), and those of
/// ``SoftmaxAttention``.
public struct FullAttention: SoftmaxAttentionMixer {
    /// `full`.
    public static let name = "full"
    /// See the type.
    public static let optionNames = ["top-scores"] + SoftmaxAttention.optionNames

    /// The attention.
    public let attention: SoftmaxAttention

    /// The mixer of a layer.
    public init(_ request: MixerRequest) throws {
        attention = try SoftmaxAttention(request, top: request.topScores())
    }
}
