import AssayTensor
import Foundation

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
            var values = Array(weights[place.offset..<(place.offset + place.count)])
            for column in removed[name, default: []].joined() {
                for i in stride(from: column, to: values.count, by: place.shape[1]) { values[i] = 0 }
            }
            return values
        }
        let (width, block) = (architecture.width, architecture.block)
        let embedding = parameter(ParameterName.embedding)
        var stream = tokens.flatMap { embedding[(Int($0) * width)..<(Int($0) * width + width)] }
            .map { $0 * block.embeddingFactor }
        if let embeddingNorm { stream = embeddingNorm.reference(stream, parameter: parameter) }
        var shared: [String: [Double]] = [:]
        for branch in branches {
            var own: [String: [Double]] = [:]
            for specification in layout.specifications where specification.name.hasPrefix(branch.prefix) {
                own[String(specification.name.dropFirst(branch.prefix.count))] = parameter(specification.name)
            }
            let input = branch.inputNorm?.reference(stream, parameter: parameter) ?? stream
            var output = branch.mixer.reference(input, time: tokens.count, weights: own, shared: &shared)
            if let norm = branch.outputNorm { output = norm.reference(output, parameter: parameter) }
            let (carried, form) = (branch.carriesNormed ? input : stream, branch.form)
            stream = zip(carried, output).map { form.streamFactor * $0 + form.branchFactor * $1 }
        }
        let output = finalNorm.reference(stream, parameter: parameter)
        return Reference.linear(output, parameter(headName), inputs: width).map { logit in
            let divided = logit / block.logitsDivisor
            return block.logitsCap > 0 ? block.logitsCap * tanh(divided / block.logitsCap) : divided
        }
    }
}
