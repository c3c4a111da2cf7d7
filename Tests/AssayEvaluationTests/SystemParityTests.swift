import AssayCore
import Foundation
import Testing

@testable import AssayEvaluation
@testable import AssayModels

/// Tiny random checkpoints of published systems, with the logits and greedy tokens of their own implementation; see
/// Tests/Fixtures/make_system_fixtures.py.
@Suite struct SystemParityTests {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures/systems")

    static let checkpoints = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()

    @Test("every system is there twice")
    func complete() {
        let counts = Dictionary(grouping: Self.checkpoints) { $0.split(separator: "-")[0] }.mapValues(\.count)
        #expect(counts.count == HuggingFaceSystems.all.count)
        #expect(counts.values.allSatisfy { $0 >= 2 })
    }

    @Test(
        "prefill and decoding of a published checkpoint give the logits and greedy tokens of its own implementation",
        arguments: checkpoints, LogitProbe.Path.allCases)
    func parity(_ name: String, _ path: LogitProbe.Path) throws {
        let folder = Self.folder.appendingPathComponent(name)
        let reference = try SafeTensors.read(folder.appendingPathComponent("reference.safetensors"))
        let (ids, expected) = (try reference.integers("ids").map { Int32($0) }, try reference.floats("logits"))
        let greedy = try reference.integers("greedy").map { Int32($0) }
        let noise = try #require(try reference.floats("noise").first)
        let checkpoint = try CheckpointReader.read(folder)
        #expect(checkpoint.format == .huggingFace)
        let probe = try LogitProbe(checkpoint, ids: ids, path: path, greedy: greedy.count)
        let scale = expected.map(abs).max() ?? 0
        let error = zip(probe.logits, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(probe.logits.count == expected.count)
        #expect(error <= max(2e-5 * scale, 5 * noise), "largest difference \(error) of logits up to \(scale)")
        #expect(probe.greedy == greedy)
    }

    @Test("the reference form, in double precision, gives the same")
    func referenceForm() throws {
        for name in Self.checkpoints where name.hasSuffix(Self.checkpoints[0].suffix(2)) {
            let folder = Self.folder.appendingPathComponent(name)
            let reference = try SafeTensors.read(folder.appendingPathComponent("reference.safetensors"))
            let (ids, expected) = (try reference.integers("ids").map { Int32($0) }, try reference.floats("logits"))
            let checkpoint = try CheckpointReader.read(folder)
            let logits = checkpoint.model.reference(tokens: ids, weights: checkpoint.weights)
            let scale = Double(expected.map(abs).max() ?? 0)
            let error = zip(logits, expected).map { abs($0 - Double($1)) }.max() ?? .infinity
            #expect(error <= 2e-5 * scale, "\(name): largest difference \(error) of logits up to \(scale)")
        }
    }

    @Test("ids outside the vocabulary, no ids, and a continuation without end are refused")
    func refusals() throws {
        let checkpoint = try CheckpointReader.read(Self.folder.appendingPathComponent(Self.checkpoints[0]))
        let vocabulary = Int32(checkpoint.model.architecture.vocabularyCount)
        for (ids, greedy) in [([], 0), ([vocabulary], 0), ([-1], 1), ([0], -1), ([0], Int.max)] as [([Int32], Int)] {
            for path in LogitProbe.Path.allCases {
                #expect { try LogitProbe(checkpoint, ids: ids, path: path, greedy: greedy) } throws: {
                    ($0 as? AssayError)?.kind == .usage
                }
            }
        }
        let written = try LogitProbe(checkpoint, ids: [0, 1], path: .recurrent, greedy: 0)
        let file = try SafeTensors.parse(SafeTensors.data(written.tensors), location: "logits")
        #expect(file["logits"]?.shape == [2, Int(vocabulary)] && file["greedy"]?.shape == [0])
        #expect(try file.integers("greedy") == [])
    }
}
