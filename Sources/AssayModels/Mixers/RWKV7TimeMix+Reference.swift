import Foundation

extension RWKV7TimeMix {
    /// The reference form of a first layer; others need the values of one.
    public func reference(_ x: [Double], time: Int, weights: [String: [Double]]) -> [Double] {
        var shared: [String: [Double]] = [:]
        return reference(x, time: time, weights: weights, shared: &shared)
    }

    /// The reference form: the recurrence as it is written at the type.
    public func reference(
        _ x: [Double], time: Int, weights: [String: [Double]], shared: inout [String: [Double]]
    ) -> [Double] {
        func weight(_ name: String) -> [Double] {
            guard let values = weights[name] else { preconditionFailure("no parameter \(name)") }
            return values
        }
        func input(_ name: String) -> [Double] { Reference.tokenShift(x, weight("x_\(name)")) }
        func project(_ name: String) -> [Double] {
            Reference.linear(input(name), weight("\(name)_proj.weight"), inputs: width)
        }
        func lowRank(_ map: String, _ activation: (Double) -> Double = { $0 }) -> [Double] {
            let inner = Reference.linear(input(map), weight("\(map)_lora.a.weight"), inputs: width).map(
                activation)
            let output = Reference.linear(inner, weight("\(map)_lora.b.weight"), inputs: rank(map))
            guard map != "g" else { return output }
            let bias = weight("\(map)_lora.b.bias")
            return output.indices.map { output[$0] + bias[$0 % headsWidth] }
        }
        let (query, key) = (project("r"), project("k"))
        var value = project("v")
        if isFirst {
            shared[Self.firstValues] = value
        } else if let first = shared[Self.firstValues] {
            let gates = lowRank("v").map(Reference.sigmoid)
            value = value.indices.map { value[$0] + (first[$0] - value[$0]) * gates[$0] }
        } else {
            preconditionFailure("no layer has left its values")
        }
        let rates = lowRank("a").map(Reference.sigmoid)
        let replacement = weight("k_a")
        let replaced = key.indices.map {
            key[$0] * (1 + (rates[$0] - 1) * replacement[$0 % headsWidth])
        }
        let outputs = recurrence(
            query: query, key: key, replaced: replaced, value: value, rates: rates,
            decays: lowRank("w", tanh).map { exp(gate.reference($0, aLog: 0)) }, removal: weight("k_k"))
        let gates = lowRank("g", Reference.sigmoid)
        let (norm, shift, bonus) = (weight("norm.weight"), weight("norm.bias"), weight("r_k"))
        var mixed: [Double] = []
        for start in stride(from: 0, to: outputs.count, by: headDimension) {
            let column = start % headsWidth
            let (channels, places) = (column..<column + headDimension, start..<start + headDimension)
            let normed = Reference.layerNorm(
                Array(outputs[places]), Array(norm[channels]), Array(shift[channels]), epsilon: epsilon)
            let own = places.reduce(0.0) { $0 + query[$1] * replaced[$1] * bonus[$1 % headsWidth] }
            mixed += places.map { (normed[$0 - start] + own * value[$0]) * gates[$0] }
        }
        return Reference.linear(mixed, weight("out_proj.weight"), inputs: headsWidth)
    }

    /// The outputs of all heads.
    private func recurrence(
        query: [Double], key: [Double], replaced: [Double], value: [Double], rates: [Double],
        decays: [Double],
        removal: [Double]
    ) -> [Double] {
        var outputs = [Double](repeating: 0, count: query.count)
        for head in 0..<heads {
            var state = ChannelDecayReference(keys: headDimension, values: headDimension)
            for start in stride(from: head * headDimension, to: query.count, by: headsWidth) {
                let places = start..<start + headDimension
                let read = ChannelDecayReference.normalised(
                    places.map { key[$0] * removal[$0 % headsWidth] })
                let output = state.step(
                    query: Array(query[places]), key: Array(replaced[places]), value: Array(value[places]),
                    decay: Array(decays[places]),
                    .lowRank(read: read, write: places.map { read[$0 - start] * rates[$0] }))
                outputs.replaceSubrange(places, with: output)
            }
        }
        return outputs
    }
}
