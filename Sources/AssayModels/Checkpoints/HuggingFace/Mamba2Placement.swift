/// A Mamba-2 mixer in a release, alone or in Granite, and where its tensors go.
struct Mamba2Placement {
    /// What the fields are called.
    struct Names {
        let heads: String
        let dimension: String
        let states: String
        let groups: String
        let expand: String
        let kernel: String
        let convolutionBias: String
        let projectionBias: String
    }

    let width: Int
    let heads: Int
    let dimension: Int
    let states: Int
    let groups: Int
    let kernel: Int
    let hasConvolutionBias: Bool
    let hasProjectionBias: Bool
    private let limits: [Double]

    init(_ fields: ConfigurationFields, width: Int, names: Names) throws {
        self.width = width
        heads = try fields.integer(names.heads, in: DecoderFields.headCounts)
        let expand = try fields.number(names.expand, in: 0.01...64, default: 2)
        let inner = Int(expand * Double(width))
        if case .text("auto")? = fields.value(names.dimension) {
            dimension = inner / heads
        } else {
            dimension = try fields.integer(
                names.dimension, in: DecoderFields.headDimensions, default: max(1, inner / heads))
        }
        guard heads * dimension == inner else {
            throw fields.failure(
                names.dimension,
                "is \(dimension): \(heads) such heads are not the \(inner) columns of '\(names.expand)'")
        }
        states = try fields.integer(names.states, in: 1...1_024)
        groups = try fields.integer(names.groups, in: 1...1_024, default: 1)
        guard heads % groups == 0 else {
            throw fields.failure(names.groups, "is \(groups), which does not divide the \(heads) heads")
        }
        kernel = try fields.integer(names.kernel, in: DecoderFields.kernels, default: 4)
        hasConvolutionBias = try fields.boolean(names.convolutionBias, default: true)
        hasProjectionBias = try fields.boolean(names.projectionBias, default: false)
        limits = try fields.numbers("time_step_limit") ?? [0, .infinity]
        guard limits.count == 2, limits[0] >= 0, limits[0] <= limits[1] else {
            throw fields.failure("time_step_limit", "is no range of two numbers")
        }
    }

    private var inner: Int { heads * dimension }
    private var channels: Int { inner + 2 * groups * states }

    /// Options of the mixer.
    var options: [String: MixerOption] {
        var options: [String: MixerOption] = [
            "heads": .number(Double(heads)), "head-dimension": .number(Double(dimension)),
            "state-dimension": .number(Double(states)), "groups": .number(Double(groups)),
            "convolution": .number(Double(kernel)),
        ]
        if hasProjectionBias { options["projection-bias"] = true }
        if limits[0] > 0 { options["step-least"] = .number(limits[0]) }
        if limits[1] < .infinity { options["step-most"] = .number(limits[1]) }
        return options
    }

    /// Places the tensors of one layer.
    func place(_ weights: WeightPlacement, from prefix: String, to parameters: String) throws {
        let projected = inner + channels + heads
        try weights.set(parameters + "in_proj.weight", try weights.take(prefix + "in_proj.weight", projected, width))
        try weights.set(
            parameters + "conv1d.weight", try weights.take(prefix + "conv1d.weight", channels, 1, kernel))
        try weights.set(
            parameters + "conv1d.bias",
            hasConvolutionBias ? try weights.take(prefix + "conv1d.bias", channels) : .zeros(channels))
        for name in ["dt_bias", "A_log", "D"] {
            try weights.set(parameters + name, try weights.take(prefix + name, heads))
        }
        try weights.set(parameters + "norm.weight", try weights.take(prefix + "norm.weight", inner))
        try weights.set(parameters + "out_proj.weight", try weights.take(prefix + "out_proj.weight", width, inner))
        guard hasProjectionBias else { return }
        try weights.set(parameters + "in_proj.bias", try weights.take(prefix + "in_proj.bias", projected))
        try weights.set(parameters + "out_proj.bias", try weights.take(prefix + "out_proj.bias", width))
    }
}
