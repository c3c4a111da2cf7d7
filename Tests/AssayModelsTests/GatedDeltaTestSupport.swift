import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// One mixer with weights of its own, in the forms that tests compare.
struct MixerBench {
    let mixer: any Mixer
    let width: Int
    var layout = ParameterLayout()
    let weights: FloatBlock
    /// What an earlier layer has left, for one sequence, by name.
    var shared: [String: [Double]] = [:]

    /// A mixer with random weights, large enough that every part of it matters.
    init(_ mixer: any Mixer, width: Int, seed: UInt64 = 1) {
        self.mixer = mixer
        self.width = width
        mixer.declareParameters(prefix: "", in: &layout)
        weights = FloatBlock(count: layout.count)
        for specification in layout.specifications {
            let isMatrix = specification.shape.count > 1
            let values = Self.normal(specification.count, domain: specification.name, seed: seed)
            let scale = isMatrix ? 1 / Double(specification.shape[1]).squareRoot() : 0.3
            let centre = specification.name.hasSuffix("norm.weight") ? 1.0 : 0.0
            set(specification.name, values.map { centre + scale * $0 })
        }
    }

    /// Normal numbers from a counter, rounded to float32.
    static func normal(_ count: Int, domain: String, seed: UInt64) -> [Double] {
        var random = CounterRandom(domain: domain, index: seed)
        return (0..<count).map { _ in
            let radius = (-2 * log(1 - random.unit())).squareRoot()
            return Double(Float(radius * cos(2 * Double.pi * random.unit())))
        }
    }

    func set(_ name: String, _ values: [Double]) {
        guard let specification = layout[name] else { preconditionFailure("no parameter \(name)") }
        precondition(values.count == specification.count, "\(name) has another size")
        for (i, value) in values.enumerated() { weights.pointer[specification.offset + i] = Float(value) }
    }

    /// The weights in double precision, by name.
    var values: [String: [Double]] {
        Dictionary(uniqueKeysWithValues: layout.specifications.map { ($0.name, read($0, weights)) })
    }

    private func read(_ specification: ParameterSpecification, _ block: FloatBlock) -> [Double] {
        (0..<specification.count).map { Double(block.pointer[specification.offset + $0]) }
    }

    func reference(_ x: [Double], _ values: [String: [Double]]? = nil) -> [Double] {
        var shared = shared
        return mixer.reference(x, time: x.count / width, weights: values ?? self.values, shared: &shared)
    }

    /// Outputs of the parallel form, and with `upstream` the gradients of the inputs and of every parameter.
    func parallel(
        _ x: [Double], batch: Int = 1, upstream: [Double]? = nil
    ) -> (output: [Double], input: [Double], parameters: [String: [Double]]) {
        let tape = Tape(layout: layout, recordsGradients: upstream != nil)
        let input = tape.input([batch, x.count / width / batch, width])
        for (name, values) in shared {
            let left = tape.input([batch, input.shape[1], values.count / input.shape[1]])
            for (i, value) in values.enumerated() { left.value[i] = Float(value) }
            tape.shared[name] = left
        }
        let output = mixer.parallel(input, prefix: "", on: tape)
        if let upstream { tape.record(Upstream(tensor: output, values: upstream)) }
        let gradients = FloatBlock(count: layout.count)
        tape.bind(weights: weights, gradients: gradients)
        for (i, value) in x.enumerated() { input.value[i] = Float(value) }
        tape.forward()
        let outputs = (0..<output.count).map { Double(output.value[$0]) }
        guard upstream != nil else { return (outputs, [], [:]) }
        tape.backward()
        let names = layout.specifications.map { ($0.name, read($0, gradients)) }
        return (
            outputs, (0..<input.count).map { Double(input.gradient[$0]) }, Dictionary(uniqueKeysWithValues: names)
        )
    }

    /// Outputs of the recurrent form for one sequence, and the state at the end.
    func recurrent(_ x: [Double]) -> (output: [Double], state: [Double]) {
        let time = x.count / width
        let state = FloatBlock(count: mixer.stateCount(capacity: time))
        let scratch = FloatBlock(count: mixer.stepScratchCount(batch: 1, capacity: time))
        let parameters = LayerParameters(prefix: "", layout: layout, weights: weights)
        let row = FloatBlock(count: 2 * width)
        let left = FloatBlock(count: mixer.sharedCount)
        var outputs: [Double] = []
        for t in 0..<time {
            for i in 0..<width { row.pointer[i] = Float(x[t * width + i]) }
            for values in shared.values {
                for i in 0..<left.count { left.pointer[i] = Float(values[t * left.count + i]) }
            }
            withUnsafePointer(to: state.pointer) { states in
                withUnsafePointer(to: Int32(t)) { position in
                    mixer.step(
                        MixerStep(
                            batch: 1, input: row.pointer, output: row.pointer + width, states: states,
                            positions: position, capacity: time, scratch: scratch.pointer, shared: left.pointer,
                            parameters: parameters))
                }
            }
            outputs += (0..<width).map { Double(row.pointer[width + $0]) }
        }
        return (outputs, state.buffer.map(Double.init))
    }

    /// Holds the parallel and the recurrent form to the reference, on two sequences at a time.
    func expectFormsAgree(_ x: [Double], tolerance: Double = 2e-5, location: SourceLocation = #_sourceLocation) {
        let expected = reference(x)
        let other = Self.normal(x.count, domain: "other sequence", seed: 3)
        let both = parallel(x + other, batch: 2).output
        let training = parallel(x, upstream: [Double](repeating: 1, count: x.count)).output
        #expect(difference(Array(both.prefix(x.count)), expected) < tolerance, "parallel", sourceLocation: location)
        #expect(
            difference(Array(both.suffix(x.count)), reference(other)) < tolerance, "second sequence",
            sourceLocation: location)
        #expect(
            difference(training, Array(both.prefix(x.count))) < 1e-5, "training and inference", sourceLocation: location
        )
        #expect(difference(recurrent(x).output, expected) < tolerance, "recurrent", sourceLocation: location)
    }

    /// Holds gradients to central differences of the reference: all of small parameters, samples of large ones.
    func expectGradients(
        _ x: [Double], samples: Int = 24, tolerance: Double = 1e-4, location: SourceLocation = #_sourceLocation
    ) {
        let upstream = Self.normal(x.count, domain: "upstream", seed: 2)
        let result = parallel(x, upstream: upstream)
        let values = values
        func loss(_ x: [Double], _ values: [String: [Double]]) -> Double {
            zip(reference(x, values), upstream).reduce(0) { $0 + $1.0 * $1.1 }
        }
        func compare(_ name: String, _ count: Int, _ computed: [Double], _ at: (Int, Double) -> Double) {
            var random = CounterRandom(domain: name, index: 7)
            let chosen = count <= samples ? Array(0..<count) : random.distinct(samples, below: count)
            let step = 1e-5
            let expected = chosen.map { (at($0, step) - at($0, -step)) / (2 * step) }
            // The greatest of all, so that a sample of small gradients is not held to its own size.
            let scale = max(computed.map(abs).max() ?? 0, 1e-3)
            let error = zip(chosen, expected).map { abs(computed[$0] - $1) }.max() ?? 0
            #expect(error / scale < tolerance, "gradient of \(name)", sourceLocation: location)
        }
        compare("x", x.count, result.input) { index, step in
            var moved = x
            moved[index] += step
            return loss(moved, values)
        }
        let selfTaught = mixer.selfTaughtParameters
        for specification in layout.specifications where !selfTaught.contains(specification.name) {
            let name = specification.name
            compare(name, specification.count, result.parameters[name] ?? []) { index, step in
                var moved = values
                moved[name]?[index] += step
                return loss(x, moved)
            }
        }
    }
}

/// The greatest difference, relative to the greatest expected value; infinite for NaN.
func difference(_ values: [Double], _ expected: [Double]) -> Double {
    guard values.count == expected.count else { return .infinity }
    let scale = max(expected.map(abs).max() ?? 0, 1e-6)
    let worst = zip(values, expected).map { abs($0 - $1) }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) }
    return worst / scale
}

/// Gives a tensor its gradient at the start of a backward pass.
private final class Upstream: TapeOperation {
    let tensor: Tensor
    let values: [Double]

    init(tensor: Tensor, values: [Double]) {
        self.tensor = tensor
        self.values = values
    }

    func forward() {}

    func backward() {
        _ = tensor.claimGradient()
        for (i, value) in values.enumerated() { tensor.gradient[i] = Float(value) }
    }
}

/// A layer of a published implementation; see Tests/Fixtures/make_mixer_fixtures.py.
struct MixerFixture: Decodable {
    struct Values: Decodable {
        let shape: [Int]
        let values: [Double]

        /// Rows along the first axis.
        var rows: [[Double]] {
            let width = values.count / shape[0]
            return (0..<shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
    }

    private struct Document: Decodable { let fixtures: [MixerFixture] }

    let mixer: String
    let configuration: [String: Int]
    let weights: [String: Values]
    let input: Values
    let output: Values
    let state: Values

    /// The fixtures of a mixer in `Fixtures/<name>.json`.
    static func load(
        _ mixer: String, from name: String = "mixers", file: String = #filePath
    ) throws -> [MixerFixture] {
        let folder = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appendingPathComponent("Fixtures/\(name).json"))
        return try JSONDecoder().decode(Document.self, from: data).fixtures.filter { $0.mixer == mixer }
    }

    func number(_ key: String) throws -> Int { try #require(configuration[key]) }
    func weight(_ name: String) throws -> Values { try #require(weights[name]) }

    /// Holds all forms to the published output, and the recurrent state to the published one, where need be in our
    /// order of its elements.
    func expectAgreement(
        with bench: MixerBench, state ordered: [Double]? = nil, location: SourceLocation = #_sourceLocation
    ) {
        let state = ordered ?? state.values
        let recurrent = bench.recurrent(input.values)
        #expect(difference(bench.reference(input.values), output.values) < 1e-4, "reference", sourceLocation: location)
        #expect(
            difference(bench.parallel(input.values).output, output.values) < 1e-4, "parallel",
            sourceLocation: location)
        #expect(difference(recurrent.output, output.values) < 1e-4, "recurrent", sourceLocation: location)
        #expect(
            difference(recurrent.state.suffix(state.count), state) < 1e-4, "state",
            sourceLocation: location)
    }
}

private func difference(_ values: ArraySlice<Double>, _ expected: [Double]) -> Double {
    difference(Array(values), expected)
}
