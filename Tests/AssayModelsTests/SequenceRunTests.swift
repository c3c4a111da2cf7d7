import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

#if canImport(Glibc) && arch(x86_64)
    import Glibc

    /// Bytes of the heap that are in use: the eighth field of glibc's `struct mallinfo2`, which is returned through a
    /// pointer to it and which Swift does not import.
    private func heapBytes() -> Int {
        typealias Function = @convention(c) (UnsafeMutableRawPointer) -> Void
        guard let symbol = dlsym(nil, "mallinfo2") else { return 0 }
        return withUnsafeTemporaryAllocation(of: Int.self, capacity: 10) { fields in
            unsafeBitCast(symbol, to: Function.self)(fields.baseAddress.unsafelyUnwrapped)
            return fields[7]
        }
    }
#endif

@Suite struct SequenceRunTests {
    private func architecture(_ mixers: [String]) -> Architecture {
        Architecture(
            name: "run", width: 32, heads: 2, keyValueHeads: 1, headDimension: 16, hiddenWidth: 48,
            layers: mixers.map { LayerConfiguration(mixer: $0) }, vocabularyCount: 50, shortConvolution: 3)
    }

    private func run(_ model: LanguageModel, micro: Int, on run: SequenceRun) {
        let tokens = ModelChecks.tokens(model, count: run.batch * run.time, seed: UInt64(micro))
        tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
        let targets = (0..<(run.batch * run.time)).filter { ($0 + micro) % 3 == 0 }.map {
            Target(row: Int32($0), token: tokens[($0 + 1) % tokens.count], weight: 0.1)
        }
        targets.withUnsafeBufferPointer { run.load(targets: $0) }
        run.forward()
        run.backward()
    }

    @Test("gradients of micro-batches are the same bits for any number of workers")
    func workerInvariance() throws {
        let model = try LanguageModel(architecture(MixerRegistry.names))
        let weights = model.initialWeights(seed: 3)
        let micros = 6
        func gradients(workers: Int) -> [[Float]] {
            let pool = WorkerPool(workers: workers)
            let runs = (0..<workers).map { _ in
                SequenceRun(model: model, batch: 2, time: 40, targetCapacity: 80, training: true)
            }
            for run in runs { run.bind(weights: weights, gradients: nil) }
            let blocks = (0..<micros).map { _ in FloatBlock(count: model.layout.count) }
            pool.run(micros) { micro, worker in
                runs[worker].bind(gradients: blocks[micro])
                self.run(model, micro: micro, on: runs[worker])
            }
            return blocks.map { Array($0.buffer) }
        }
        let one = gradients(workers: 1)
        #expect(one == gradients(workers: 3))
        #expect(one.allSatisfy { $0.allSatisfy(\.isFinite) })
        #expect(one[0] != one[1])
    }

    #if canImport(Glibc) && arch(x86_64)
        @Test("a training step leaves the heap as it was, once it has run", arguments: MixerRegistry.names)
        func steadyState(_ mixer: String) throws {
            let model = try LanguageModel(architecture([mixer, mixer]))
            let weights = model.initialWeights(seed: 3)
            let gradients = FloatBlock(count: model.layout.count)
            let run = SequenceRun(model: model, batch: 2, time: 40, targetCapacity: 80, training: true)
            let tokens = ModelChecks.tokens(model, count: 80)
            let targets = tokens.enumerated().map { Target(row: Int32($0), token: $1, weight: 1) }
            tokens.withUnsafeBufferPointer { run.load(tokens: $0) }
            targets.withUnsafeBufferPointer { run.load(targets: $0) }
            func step() {
                run.bind(weights: weights, gradients: gradients)
                run.forward()
                run.backward()
            }
            for _ in 0..<3 { step() }
            let floats = run.floatCount
            // Other tests share the heap, so the quietest of many steps counts, and there are more until one is quiet.
            var least = Int.max
            for _ in 0..<5_000 where least > 0 {
                let before = heapBytes()
                step()
                let after = heapBytes()
                least = min(least, abs(after - before))
            }
            #expect(least == 0)
            #expect(heapBytes() > 0)
            #expect(run.floatCount == floats)
        }
    #endif

    @Test("sequences of a micro-batch do not touch each other, and neither do targets", arguments: MixerRegistry.names)
    func independence(_ mixer: String) throws {
        let model = try LanguageModel(architecture([mixer]))
        let weights = ModelChecks.weights(model)
        let sequences = (0..<3).map { ModelChecks.tokens(model, count: 20, seed: UInt64($0)) }
        let together = ModelChecks.parallel(model, weights, sequences)
        for (s, sequence) in sequences.enumerated() {
            #expect(ModelChecks.parallel(model, weights, [sequence])[0] == together[s])
        }
        // One target alone has the logits that it has among all.
        let run = SequenceRun(model: model, batch: 3, time: 20, targetCapacity: 2, training: false)
        run.bind(weights: weights, gradients: nil)
        sequences.flatMap { $0 }.withUnsafeBufferPointer { run.load(tokens: $0) }
        [Target(row: 27, token: 4, weight: 2)].withUnsafeBufferPointer { run.load(targets: $0) }
        let loss = run.forward()
        let vocabulary = model.architecture.vocabularyCount
        let expected = Array(together[1][(7 * vocabulary)..<(8 * vocabulary)])
        #expect(Array(run.logits(0)) == expected)
        #expect(run.predictions.count == 1 && expected[Int(run.predictions[0])] == expected.max())
        #expect(abs(loss - 2 * Double(run.negativeLogLikelihoods[0])) < 1e-6)
    }

    @Test("initial weights depend on seed and name only, so that shared parts of two architectures start equal")
    func initialWeights() throws {
        let full = try LanguageModel(architecture(["full", "full"]))
        let other = try LanguageModel(architecture(["sliding-window", "full"]))
        let (a, b) = (full.initialWeights(seed: 5), other.initialWeights(seed: 5))
        let (again, unlike) = (full.initialWeights(seed: 5), full.initialWeights(seed: 6))
        withExtendedLifetime((a, again, unlike)) {
            #expect(Array(a.buffer) == Array(again.buffer))
            #expect(Array(a.buffer) != Array(unlike.buffer))
        }
        for specification in full.layout.specifications {
            guard let twin = other.layout[specification.name], twin.shape == specification.shape else { continue }
            for i in 0..<specification.count {
                #expect(a.pointer[specification.offset + i] == b.pointer[twin.offset + i])
            }
        }
    }

    @Test("initial weights have the deviation that was asked for")
    func deviation() throws {
        let model = try LanguageModel(architecture(["full", "full"]))
        let weights = model.initialWeights(seed: 1)
        func deviation(_ name: String) throws -> Double {
            let place = try #require(model.layout[name])
            let sum = (0..<place.count).reduce(0.0) { $0 + pow(Double(weights.pointer[place.offset + $1]), 2) }
            return (sum / Double(place.count)).squareRoot()
        }
        #expect(abs(try deviation("model.embed_tokens.weight") - 0.02) < 0.002)
        #expect(abs(try deviation("model.layers.1.mixer.out_proj.weight") - 0.01) < 0.001)
        #expect(try deviation("model.norm.weight") == 1)
    }
}
