import AssayCore

/// Everything that a mixer must hold to, checked in one call on a tiny model of it.
///
///     let report = try MixerConformance.check(mixer: "my-attention", options: ["window": 8])
///     #expect(report.isSound, "\(report)")
///
/// The checks run the parallel form, the recurrent form and the reference form that the mixer states, and hold them
/// against each other; they know nothing of what the mixer computes.
public struct MixerConformance {
    /// What is checked.
    public enum Check: String, Sendable, CaseIterable {
        /// The parallel and the recurrent form give what the reference form gives in double precision.
        case forms
        /// Chunks of 16, 64 and 256 tokens give the same.
        case chunks
        /// Gradients are those of the reference form, by central differences.
        case gradients
        /// A later token never changes an earlier output.
        case causality
        /// The state is what its layout says: nothing else is read or written, and its bytes are those of the costs.
        case state
        /// The same bits again, whatever other sequences are in the batch, and for several tokens at a time.
        case determinism
        /// Tokens that are taken back leave no trace, whether the state was copied or is computed again.
        case rollback
    }

    /// How one check ended.
    public struct Finding: Sendable {
        /// Which check.
        public let check: Check
        /// Whether it holds.
        public let isSound: Bool
        /// What was measured, and beside what.
        public let detail: String
    }

    /// The findings on one architecture.
    public struct Report: Sendable, CustomStringConvertible {
        /// What was checked, such as `full {query-key-norm: head}`.
        public let subject: String
        /// One finding for every check.
        public let findings: [Finding]
        /// Whether all checks hold.
        public var isSound: Bool { findings.allSatisfy(\.isSound) }

        /// A line for each finding.
        public var description: String {
            findings.map { "\($0.isSound ? "ok   " : "WRONG") \(subject): \($0.check.rawValue): \($0.detail)" }
                .joined(separator: "\n")
        }
    }

    /// The largest relative difference of outputs that counts as rounding.
    public static let outputTolerance = 1e-4
    /// The largest relative difference of gradients that does.
    public static let gradientTolerance = 2e-3

    /// Checks a mixer in two layers of a tiny architecture.
    /// - Parameters:
    ///   - mixer: the name that it is registered under.
    ///   - options: its options.
    ///   - shortConvolution: kernel of the short convolution of the recipe.
    /// - Throws: ``AssayError`` when there is no such mixer, or it does not take the options.
    public static func check(
        mixer: String, options: [String: MixerOption] = [:], heads: Int = 2, keyValueHeads: Int? = nil,
        shortConvolution: Int = 0
    ) throws -> Report {
        try check(
            Architecture(
                name: "conformance", width: 12, heads: heads, keyValueHeads: keyValueHeads, headDimension: 6,
                hiddenWidth: 10, layers: Array(repeating: LayerConfiguration(mixer: mixer, options: options), count: 2),
                vocabularyCount: 11, shortConvolution: shortConvolution, initialDeviation: 0.3))
    }

    /// Checks a feed-forward behind full attention in two layers of a tiny architecture.
    /// - Throws: ``AssayError`` when there is no such feed-forward, or it does not take the options.
    public static func check(feedForward: String, options: [String: MixerOption] = [:]) throws -> Report {
        let layer = LayerConfiguration(mixer: "full", feedForward: feedForward, feedForwardOptions: options)
        return try check(
            Architecture(
                name: "conformance", width: 12, heads: 2, headDimension: 6, hiddenWidth: 10, layers: [layer, layer],
                vocabularyCount: 11, initialDeviation: 0.3))
    }

    /// Checks every mixer and feed-forward of an architecture at once. It should be tiny: the reference form is slow.
    public static func check(_ architecture: Architecture) throws -> Report {
        check(try LanguageModel(architecture))
    }

    static func check(_ model: LanguageModel, _ checks: [Check] = Check.allCases) -> Report {
        let bench = ConformanceBench(model)
        let findings = checks.map { check in
            switch check {
            case .forms: bench.forms()
            case .chunks: bench.chunks()
            case .gradients: bench.gradients()
            case .causality: bench.causality()
            case .state: bench.state()
            case .determinism: bench.determinism()
            case .rollback: bench.rollback()
            }
        }
        return Report(subject: subject(model.architecture), findings: findings)
    }

    private static func subject(_ architecture: Architecture) -> String {
        var names: [String] = []
        for layer in architecture.layers {
            var parts = [name(layer.mixer, layer.options)]
            if layer.feedForward != LayerConfiguration.standardFeedForward || !layer.feedForwardOptions.isEmpty {
                parts.append(name(layer.feedForward, layer.feedForwardOptions))
            }
            for part in parts where !names.contains(part) { names.append(part) }
        }
        return names.joined(separator: " + ")
    }

    private static func name(_ name: String, _ options: [String: MixerOption]) -> String {
        let options = options.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.text)" }
        return name + (options.isEmpty ? "" : " {\(options.joined(separator: ", "))}")
    }
}

extension MixerOption {
    /// As an architecture file writes it.
    fileprivate var text: String {
        switch self {
        case .boolean(let value): String(value)
        case .number(let value): Int(exactly: value).map(String.init) ?? String(value)
        case .text(let value): value
        }
    }
}
