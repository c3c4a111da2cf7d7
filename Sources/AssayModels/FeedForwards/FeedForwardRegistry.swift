/// Which feed-forwards there are: the channel mixers of a layer. A new one is one line here.
public enum FeedForwardRegistry {
    /// The feed-forwards.
    public static let types: [any Mixer.Type] = [
        GeGLU.self,
        MixtureOfExperts.self,
        NoFeedForward.self,
        RWKVChannelMix.self,
        SwiGLU.self,
    ]

    /// Their names.
    public static var names: [String] { types.map { $0.name } }

    /// The feed-forward of one layer of an architecture.
    /// - Throws: ``AssayError`` for an unknown feed-forward, or an option that it does not know or cannot take.
    public static func make(_ architecture: Architecture, layer: Int) throws -> any Mixer {
        try MixerRequest(architecture: architecture, layer: layer, part: .feedForward).make(among: types)
    }
}
