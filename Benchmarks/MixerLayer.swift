import AssayCore
import AssayModels
import AssayTensor
import Foundation

/// One mixer layer with random weights and inputs, recorded for training and for prefill.
final class MixerLayer {
    private let shape: MixerShape
    private let model: LanguageModel
    private let prefix = Architecture.mixerPrefix(layer: 0)
    private let weights: FloatBlock
    private let gradients: FloatBlock
    private let training: Recording
    private let inference: Recording

    private struct Recording {
        let tape: Tape
        let input: Tensor
        let output: Tensor
    }

    init(_ shape: MixerShape) throws {
        self.shape = shape
        let model = try LanguageModel(shape.architecture)
        self.model = model
        weights = model.initialWeights(seed: 1)
        gradients = FloatBlock(count: model.layout.count)
        var random = CounterRandom(domain: "benchmark layer", index: 1)
        for specification in model.layout.specifications {
            for i in 0..<specification.count {
                weights.pointer[specification.offset + i] += Float(0.2 * (random.unit() - 0.5))
            }
        }
        training = Self.record(model, shape, prefix, trains: true)
        inference = Self.record(model, shape, prefix, trains: false)
        for recording in [training, inference] {
            var random = CounterRandom(domain: "benchmark inputs", index: 1)
            for i in 0..<recording.input.count { recording.input.value[i] = Float(2 * random.unit() - 1) }
            recording.tape.bind(weights: weights, gradients: gradients)
        }
    }

    private static func record(_ model: LanguageModel, _ shape: MixerShape, _ prefix: String, trains: Bool) -> Recording
    {
        let tape = Tape(layout: model.layout, recordsGradients: trains)
        let input = tape.input([shape.sequences, shape.length, shape.width])
        let output = model.mixers[0].parallel(input, prefix: prefix, on: tape)
        if trains { tape.record(SumOfOutputs(output)) }
        return Recording(tape: tape, input: input, output: output)
    }

    /// Forward and backward of the weighted sum of the outputs.
    func train() {
        training.tape.forward()
        training.tape.backward()
    }

    /// Forward, without keeping anything for a backward pass.
    func prefill() { inference.tape.forward() }

    /// Operations of the layer in the forward pass of a token, by the mixer's own account.
    var usefulFLOPs: Double { model.mixers[0].cost(context: shape.length).prefillFLOPs }

    /// Largest difference to other outputs, relative to the largest.
    func outputDifference(_ other: [Float]) -> Double {
        Self.difference(training.output.value, training.output.count, other)
    }

    /// The same of the gradients of the inputs.
    func inputGradientDifference(_ other: [Float]) -> Double {
        Self.difference(training.input.gradient, training.input.count, other)
    }

    private static func difference(_ own: UnsafeMutablePointer<Float>, _ count: Int, _ other: [Float]) -> Double {
        // The peer sends the last sequence's end only.
        let start = count - other.count
        guard start >= 0, !other.isEmpty else { return .infinity }
        let scale = (0..<count).reduce(Float(1e-12)) { max($0, abs(own[$1])) }
        let worst = other.indices.map { abs(own[start + $0] - other[$0]) }.reduce(Float(0)) {
            $1.isNaN ? .infinity : max($0, $1)
        }
        return Double(worst / scale)
    }

    /// Writes weights and inputs for the peer, and removes them when it has read them.
    func export<Result>(_ body: (_ manifest: String) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("assay-layer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let values = folder.appendingPathComponent("weights.f32")
        try Data(buffer: UnsafeBufferPointer(weights.buffer)).write(to: values)
        let inputs = folder.appendingPathComponent("inputs.f32")
        try Data(buffer: UnsafeBufferPointer(start: training.input.value, count: training.input.count)).write(
            to: inputs)
        let manifest = Manifest(
            weights: values.path, inputs: inputs.path,
            parameters: model.layout.specifications.filter { $0.name.hasPrefix(prefix) }.map {
                .init(name: String($0.name.dropFirst(prefix.count)), shape: $0.shape, offset: $0.offset)
            })
        let url = folder.appendingPathComponent("manifest.json")
        try JSONEncoder().encode(manifest).write(to: url)
        return try body(url.path)
    }

    private struct Manifest: Encodable {
        struct Parameter: Encodable {
            let name: String
            let shape: [Int]
            let offset: Int
        }
        let weights: String
        let inputs: String
        let parameters: [Parameter]
    }
}

/// The loss of a layer alone: the sum of its outputs, every second one subtracted.
private final class SumOfOutputs: TapeOperation {
    private let output: Tensor

    init(_ output: Tensor) { self.output = output }

    func forward() {}

    func backward() {
        _ = output.claimGradient()
        for i in 0..<output.count { output.gradient[i] = i % 2 == 0 ? 1 : -1 }
    }
}
