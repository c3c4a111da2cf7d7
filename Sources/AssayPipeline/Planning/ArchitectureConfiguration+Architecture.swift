import AssayCore
import AssayModels

extension ArchitectureConfiguration {
    /// The architecture that the file states, over a vocabulary.
    func architecture(vocabulary: Int) throws -> Architecture {
        do {
            var architecture = Architecture(
                name: name, width: width.value, heads: heads.value, keyValueHeads: keyValueHeads?.value,
                headDimension: headDimension?.value, hiddenWidth: hidden?.value, layers: try layers(),
                vocabularyCount: vocabulary, initialDeviation: initialDeviation?.value ?? 0.02,
                outputDeviation: outputDeviation?.value, block: block)
            if let tiedHead { architecture.tiedHead = tiedHead }
            if let shortConvolution { architecture.shortConvolution = shortConvolution.value }
            if let normEpsilon { architecture.normEpsilon = normEpsilon.value }
            if let rotaryBase { architecture.rotaryBase = rotaryBase.value }
            _ = try LanguageModel(architecture)
            return architecture
        } catch let error as AssayError {
            throw error.located(at: optionMark(named: error.problem) ?? pattern.mark)
        }
    }

    private func layers() throws -> [LayerConfiguration] {
        let mixers = try names(in: pattern, part: "mixer", among: MixerRegistry.names)
        let feedForwards = try feedForwards(layers: mixers.count)
        let used = Set(mixers + feedForwards)
        if let unused = options.first(where: { !used.contains($0.key) }) {
            throw AssayError.badInput(
                "options are given for '\(unused.key)', which is in no layer", at: unused.value.mark.description,
                remedy: Suggestion.remedy(for: unused.key, among: used.sorted()))
        }
        return zip(mixers, feedForwards).map {
            LayerConfiguration(
                mixer: $0, options: options(of: $0), feedForward: $1, feedForwardOptions: options(of: $1))
        }
    }

    /// One name for every layer.
    private func feedForwards(layers: Int) throws -> [String] {
        guard let feedForward else {
            return Array(repeating: LayerConfiguration.standardFeedForward, count: layers)
        }
        let names = try names(in: feedForward, part: "feed-forward", among: FeedForwardRegistry.names)
        if names.count == 1 { return Array(repeating: names[0], count: layers) }
        guard names.count == layers else {
            throw AssayError.badInput(
                "'feed-forward' has \(names.count) layers, 'pattern' \(layers)", at: feedForward.mark.description,
                remedy: "Write one name for all layers, or a pattern of \(layers)")
        }
        return names
    }

    private func names(in pattern: Marked<String>, part: String, among known: [String]) throws -> [String] {
        do {
            let names = try ArchitecturePattern.parse(pattern.value)
            if let unknown = names.first(where: { !known.contains($0) }) {
                throw AssayError.badInput(
                    "there is no \(part) '\(unknown)'", remedy: Suggestion.remedy(for: unknown, among: known))
            }
            return names
        } catch let error as AssayError {
            throw error.located(at: pattern.mark)
        }
    }

    private func options(of name: String) -> [String: MixerOption] {
        (options[name]?.values ?? [:]).mapValues { scalar in
            switch scalar.value {
            case .boolean(let value): .boolean(value)
            case .number(let value): .number(value)
            case .text(let value): .text(value)
            }
        }
    }

    /// Where the option stands that a message is about.
    private func optionMark(named problem: String) -> SourceMark? {
        options.values.flatMap(\.values).first { problem.contains("'\($0.key)'") }?.value.mark
    }
}
