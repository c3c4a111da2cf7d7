import AssayTensor

extension LanguageModel {
    /// The plain definition of the model in double precision.
    /// - Returns: logits `[time, vocabulary]`.
    public func reference(tokens: [Int32], weights: FloatBlock) -> [Double] {
        reference(tokens: tokens, weights: (0..<layout.count).map { Double(weights.pointer[$0]) })
    }

    /// The same for weights in double precision, laid out as ``layout`` says.
    public func reference(tokens: [Int32], weights: [Double]) -> [Double] {
        func parameter(_ name: String) -> [Double] {
            guard let place = layout[name] else { preconditionFailure("no parameter \(name)") }
            return Array(weights[place.offset..<(place.offset + place.count)])
        }
        let (width, epsilon) = (architecture.width, architecture.normEpsilon)
        let embedding = parameter(ParameterName.embedding)
        var stream = tokens.flatMap { embedding[(Int($0) * width)..<(Int($0) * width + width)] }
        for (layer, mixer) in mixers.enumerated() {
            let prefix = Architecture.mixerPrefix(layer: layer)
            var own: [String: [Double]] = [:]
            for specification in layout.specifications where specification.name.hasPrefix(prefix) {
                own[String(specification.name.dropFirst(prefix.count))] = parameter(specification.name)
            }
            let input = Reference.rmsNorm(stream, parameter(ParameterName.mixerNorm(layer)), epsilon: epsilon)
            stream = zip(stream, mixer.reference(input, time: tokens.count, weights: own)).map { $0 + $1 }
            let inner = Reference.gatedMLP(
                Reference.rmsNorm(stream, parameter(ParameterName.mlpNorm(layer)), epsilon: epsilon),
                gateUp: parameter(ParameterName.gateUp(layer)), down: parameter(ParameterName.down(layer)),
                width: width)
            stream = zip(stream, inner).map { $0 + $1 }
        }
        let output = Reference.rmsNorm(stream, parameter(ParameterName.finalNorm), epsilon: epsilon)
        return Reference.linear(output, parameter(headName), inputs: width)
    }
}
