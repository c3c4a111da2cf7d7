import AssayCore
import AssayTensor
import Foundation

extension LanguageModel {
    /// The weights at step 0: a pure function of the seed and each parameter's name, so that the parts that two
    /// architectures share start equal.
    public func initialWeights(seed: UInt64) -> FloatBlock {
        let block = FloatBlock(count: layout.count)
        for specification in layout.specifications {
            var random = CounterRandom(domain: "weights \(specification.name)", index: seed)
            let values = UnsafeMutableBufferPointer(
                start: block.pointer + specification.offset, count: specification.count)
            specification.initialisation.fill(values, &random)
        }
        return block
    }
}

extension Initialisation {
    /// Draws the values of a parameter.
    func fill(_ values: UnsafeMutableBufferPointer<Float>, _ random: inout CounterRandom) {
        switch self {
        case .normal(let deviation): fillNormal(values, deviation, &random)
        case .constant(let value): values.update(repeating: value)
        case .values(let list):
            precondition(list.count == values.count, "a parameter of another size than its initial values")
            for (i, value) in list.enumerated() { values[i] = value }
        case .uniform(let low, let high):
            for i in values.indices { values[i] = low + (high - low) * Float(random.unit()) }
        case .logarithmOfUniform(let low, let high):
            for i in values.indices { values[i] = log(low + (high - low) * Float(random.unit())) }
        case .inverseSoftplusOfLogUniform(let low, let high):
            for i in values.indices {
                let value = exp(log(Double(low)) + (log(Double(high)) - log(Double(low))) * random.unit())
                values[i] = Float(value + log(-expm1(-value)))
            }
        }
    }

    /// Normal numbers in pairs, by Box and Muller.
    private func fillNormal(
        _ values: UnsafeMutableBufferPointer<Float>, _ deviation: Float, _ random: inout CounterRandom
    ) {
        for i in stride(from: 0, to: values.count, by: 2) {
            let radius = (-2 * log(1 - random.unit())).squareRoot() * Double(deviation)
            let angle = 2 * Double.pi * random.unit()
            values[i] = Float(radius * cos(angle))
            if i + 1 < values.count { values[i + 1] = Float(radius * sin(angle)) }
        }
    }
}
