import AssayCore
import Foundation
import Testing

@testable import AssayEvaluation
@testable import AssayModels

/// Tiny models of llama.cpp's format, made by the gguf package; see Tests/Fixtures/make_gguf_fixtures.py.
@Suite struct GGUFParityTests {
    private static let folder = SystemParityTests.folder.deletingLastPathComponent().appendingPathComponent("gguf")

    private struct Blocks: Decodable {
        let type: String
        let number: UInt32
        let bytes: [UInt8]
        let values: [Float]
    }

    @Test("blocks of every type widen to what the gguf package makes of them, bit for bit")
    func blocks() throws {
        let data = try Data(contentsOf: Self.folder.appendingPathComponent("blocks.json"))
        let all = try JSONDecoder().decode([Blocks].self, from: data)
        #expect(Set(all.map(\.number)) == Set(GGUFType.allCases.map(\.rawValue)))
        for blocks in all {
            let type = try #require(GGUFType(rawValue: blocks.number))
            let count = blocks.bytes.count / type.blockBytes
            var values = [Float](repeating: 0, count: count * type.blockCount)
            blocks.bytes.withUnsafeBytes { bytes in
                values.withUnsafeMutableBufferPointer {
                    if let base = $0.baseAddress { type.widen(bytes, blocks: count, into: base) }
                }
            }
            #expect(values == blocks.values, "\(blocks.type)")
        }
    }

    @Test(
        "a GGUF file gives the logits of the checkpoint that it was made from", arguments: ["llama", "qwen3", "gemma3"])
    func models(_ architecture: String) throws {
        let reference = try SafeTensors.read(Self.folder.appendingPathComponent("\(architecture).safetensors"))
        let (ids, expected) = (try reference.integers("ids").map { Int32($0) }, try reference.floats("logits"))
        let greedy = try reference.integers("greedy").map { Int32($0) }
        let checkpoint = try CheckpointReader.read(Self.folder.appendingPathComponent("\(architecture).gguf"))
        #expect(checkpoint.format == .gguf)
        for path in LogitProbe.Path.allCases {
            let probe = try LogitProbe(checkpoint, ids: ids, path: path, greedy: greedy.count)
            let scale = expected.map(abs).max() ?? 0
            let error = zip(probe.logits, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(error <= 2e-5 * scale)
            #expect(probe.greedy == greedy)
        }
    }
}
