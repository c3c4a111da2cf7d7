import AssayModels

/// Where a model becomes cheaper than the control by operations alone.
public enum TheoreticalCrossover {
    /// Lengths beyond this are not looked at.
    public static let limit = 1 << 20

    /// The smallest length from which on prefilling so many tokens takes fewer operations; nil if there is none up to
    /// ``limit``.
    public static func prefill(_ model: LanguageModel, against control: LanguageModel) -> Int? {
        BreakEven.length(upTo: limit) { length in
            model.cost(context: length).prefillFLOPs < control.cost(context: length).prefillFLOPs
        }
    }

    /// The smallest length from which on a decoded token takes fewer operations; nil if there is none up to ``limit``.
    public static func decode(_ model: LanguageModel, against control: LanguageModel) -> Int? {
        BreakEven.length(upTo: limit) { length in
            model.cost(context: length).decodeFLOPs < control.cost(context: length).decodeFLOPs
        }
    }
}
