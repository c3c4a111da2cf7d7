import AssayCore

/// Which checkpoints are meant: `full`, `full@2000`, `full:seed=1@2000`, or a hash prefix.
public struct CheckpointSelector: Sendable, Hashable, CustomStringConvertible {
    /// The name of the arm.
    public var arm: String?
    /// The seed.
    public var seed: UInt64?
    /// The training step.
    public var step: Int?
    /// The first digits of the content hash.
    public var hashPrefix: String?
    /// The batch whose names of arms are meant; nil for all.
    public var batch: ContentHash?

    /// A selector; what is nil does not matter.
    public init(
        arm: String? = nil, seed: UInt64? = nil, step: Int? = nil, hashPrefix: String? = nil, batch: ContentHash? = nil
    ) {
        self.arm = arm
        self.seed = seed
        self.step = step
        self.hashPrefix = hashPrefix
        self.batch = batch
    }

    /// Reads `ARM`, `ARM@STEP`, `ARM:seed=SEED`, `ARM:seed=SEED@STEP`.
    ///
    /// A text that could be a hash prefix is read as the name of an arm: what it is depends on the store
    /// (``Store/checkpoints(named:)``).
    public init(parsing text: String) throws {
        var rest = Substring(text)
        func wrong(_ problem: String) -> AssayError {
            AssayError(
                .usage, problem, at: text, remedy: "Write ARM, ARM@STEP, ARM:seed=SEED@STEP, or a hash prefix")
        }
        if let at = rest.lastIndex(of: "@") {
            guard let step = Int(rest[rest.index(after: at)...]), step >= 0 else {
                throw wrong("the step after '@' is not a whole number")
            }
            self.step = step
            rest = rest[..<at]
        }
        if let colon = rest.firstIndex(of: ":") {
            let option = rest[rest.index(after: colon)...]
            guard option.hasPrefix("seed="), let seed = UInt64(option.dropFirst(5)) else {
                throw wrong("after ':' there is no 'seed=' with a whole number")
            }
            self.seed = seed
            rest = rest[..<colon]
        }
        guard !rest.isEmpty else { throw wrong("there is no arm before the step or seed") }
        arm = String(rest)
    }

    /// The selector as it is typed.
    public var description: String {
        (arm ?? hashPrefix ?? "") + (seed.map { ":seed=\($0)" } ?? "") + (step.map { "@\($0)" } ?? "")
    }
}
