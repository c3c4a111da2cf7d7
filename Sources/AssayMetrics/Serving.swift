/// Where a recurrent state and a growing cache take the same room (V1).
public enum MemoryBreakEven {
    /// The length T* at which a cache of `bytesPerToken` has grown to a fixed state of `stateBytes`.
    public static func length(stateBytes: Double, bytesPerToken: Double) -> Double { stateBytes / bytesPerToken }
}
