import AssayCore
import AssayModels
import AssayTasks
import AssayTensor
import Foundation
import Testing

@testable import AssayPipeline

/// The architecture files that the project comes with.
@Suite struct PresetTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("evals/architectures", isDirectory: true)
    static let names = ConfigurationLibrary.names(in: folder)

    private static func configuration(_ name: String) throws -> ArchitectureConfiguration {
        try ArchitectureConfiguration.read(folder.appendingPathComponent("\(name).yaml"))
    }

    private static func model(_ name: String) throws -> LanguageModel {
        try LanguageModel(configuration(name).architecture(vocabulary: Vocabulary.count))
    }

    /// Initial weights with noise on all of them: as published, many layers begin as the identity.
    private static func weights(_ model: LanguageModel) -> FloatBlock {
        let weights = model.initialWeights(seed: 1)
        var random = CounterRandom(domain: "preset weights", index: 0)
        for specification in model.layout.specifications {
            for i in 0..<specification.count {
                weights.pointer[specification.offset + i] += Float(random.unit() - 0.5) * 0.1
            }
        }
        return weights
    }

    private static let tokens: [Int32] = [7, 3, 11, 3, 20, 7, 5]

    private static func run(_ model: LanguageModel, _ weights: FloatBlock, gradients: FloatBlock?) -> SequenceRun {
        let run = SequenceRun(
            model: model, batch: 1, time: tokens.count, targetCapacity: tokens.count, training: gradients != nil)
        run.bind(weights: weights, gradients: gradients)
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        let targets = tokens.indices.map { Target(row: Int32($0), token: 9, weight: 0.1) }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        return run
    }

    @Test(
        "every architecture file gives the same logits in its parallel, recurrent and reference forms", arguments: names
    )
    func forms(_ name: String) throws {
        let model = try Self.model(name)
        let weights = Self.weights(model)
        let expected = model.reference(tokens: Self.tokens, weights: weights)
        let run = Self.run(model, weights, gradients: nil)
        let decoder = RecurrentDecoder(model: model, weights: weights, slots: 1, capacity: Self.tokens.count)
        let scale = expected.map(abs).max() ?? 1
        for (row, token) in Self.tokens.enumerated() {
            let vocabulary = model.architecture.vocabularyCount
            let wanted = expected[(row * vocabulary)..<((row + 1) * vocabulary)]
            for (form, logits) in [
                ("parallel", run.logits(row)), ("recurrent", decoder.step(slots: [0], tokens: [token])),
            ] {
                let worst = zip(logits, wanted).map { abs(Double($0) - $1) }.reduce(0) {
                    $1.isNaN ? .infinity : max($0, $1)
                }
                #expect(worst < 3e-4 * scale, "\(form) form, token \(row)")
            }
        }
    }

    @Test("every architecture file trains: all gradients are numbers, and no part of it is left out", arguments: names)
    func gradients(_ name: String) throws {
        let model = try Self.model(name)
        let weights = Self.weights(model)
        let gradients = FloatBlock(count: model.layout.count)
        Self.run(model, weights, gradients: gradients).backward()
        let broken = gradients.buffer.filter { !$0.isFinite }
        #expect(broken.isEmpty)
        // Experts that no token chose, and values that only a second token would use, have none.
        for specification in model.layout.specifications where !specification.name.contains(".experts.") {
            let own = gradients.pointer + specification.offset
            #expect((0..<specification.count).contains { own[$0] != 0 }, "\(specification.name)")
        }
    }

    @Test("presets are of the size that a night on two cores trains, say what they are, and have heads of one size")
    func sizes() throws {
        #expect(Self.names.count >= 20)
        for name in Self.names {
            let configuration = try Self.configuration(name)
            #expect(configuration.description?.isEmpty == false, "\(name)")
            let parameters = try Self.model(name).layout.parameterCount
            if !name.hasPrefix("small-") {
                #expect((400_000...1_700_000).contains(parameters), "\(name) has \(parameters) parameters")
                #expect(configuration.width.value == 128)
            }
        }
    }

    @Test(
        "costs at a million tokens are closed forms, and the state that they state is the decoder's", arguments: names)
    func costs(_ name: String) throws {
        let model = try Self.model(name)
        let clock = ContinuousClock()
        let time = clock.measure { for power in 10...30 { _ = model.cost(context: 1 << power) } }
        #expect(time < .milliseconds(500), "\(time)")
        let floats = (model.mixers + model.feedForwards).reduce(0) {
            $0 + $1.stateLayout(capacity: 300).usedCount(position: 300)
        }
        #expect(model.cost(context: 300).stateBytes == Double(4 * floats))
    }
}
