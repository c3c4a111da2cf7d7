import Testing

@testable import AssayModels

@Suite struct MixerConformanceTests {
    /// Every registered mixer as it is by default, with and without the short convolution of a recipe, and every option
    /// that changes what is computed.
    static let subjects: [(mixer: String, options: [String: MixerOption], shortConvolution: Int)] =
        MixerRegistry.names.flatMap { [($0, required[$0] ?? [:], 0), ($0, required[$0] ?? [:], 4)] }

    /// Options without which a mixer cannot be at this size.
    private static let required: [String: [String: MixerOption]] = [
        "sliding-window": ["window": 6, "sinks": 2]
    ]

    @Test("every mixer conforms, as it is by default", arguments: subjects.indices)
    func registered(_ index: Int) throws {
        let subject = Self.subjects[index]
        let report = try MixerConformance.check(
            mixer: subject.mixer, options: subject.options, shortConvolution: subject.shortConvolution)
        #expect(report.findings.count == MixerConformance.Check.allCases.count)
        #expect(report.isSound, "\(report)")
    }

    @Test("each fault fails the check that is there for it", arguments: FaultyMixer.Fault.allCases)
    func faults(_ fault: FaultyMixer.Fault) throws {
        let expected: MixerConformance.Check =
            switch fault {
            case .otherReference: .forms
            case .chunkMatters: .chunks
            case .wrongGradient: .gradients
            case .looksAhead: .causality
            case .hiddenState, .wrongBytes: .state
            case .rowsReversed, .leaksBetweenRows: .determinism
            case .calledACache: .rollback
            }
        let sound = try LanguageModel(ModelChecks.tiny("lightning"))
        let model = LanguageModel(
            sound.architecture, mixers: sound.mixers.map { FaultyMixer($0, fault) }, feedForwards: sound.feedForwards)
        let report = MixerConformance.check(model)
        let caught = report.findings.filter { !$0.isSound }.map(\.check)
        #expect(caught.contains(expected), "\(report)")
    }
}
