import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

@Suite struct CheckpointFolderTests {
    /// A folder that is removed with its owner.
    private final class TemporaryFolder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)")
        deinit { try? FileManager.default.removeItem(at: url) }
    }

    private let folder = TemporaryFolder()
    private let model: LanguageModel
    private let weights: FloatBlock
    private let origin: CheckpointOrigin

    init() throws {
        model = try LanguageModel(
            Architecture(
                name: "tiny", width: 8, heads: 2, layers: [LayerConfiguration(mixer: "full")], vocabularyCount: 11,
                tiedHead: false))
        weights = model.initialWeights(seed: 4)
        origin = CheckpointOrigin(arm: "a", seed: 4, step: 20, tokens: 640, plan: ContentHash(of: "plan"))
    }

    private func write(_ name: String, optimizer: Data? = nil) throws -> URL {
        let url = folder.url.appendingPathComponent(name)
        try CheckpointFolder.write(model: model, weights: weights, origin: origin, optimizer: optimizer, to: url)
        return url
    }

    @Test func `a checkpoint is read back bit for bit`() throws {
        let url = try write("a", optimizer: Data([1, 2, 3]))
        let checkpoint = try CheckpointFolder.read(url)
        #expect(checkpoint.architecture == model.architecture)
        #expect(checkpoint.weights.buffer.map(\.bitPattern) == weights.buffer.map(\.bitPattern))
        #expect(checkpoint.manifest.origin == origin)
        #expect(checkpoint.manifest.parameters == model.layout.parameterCount)
        #expect(try CheckpointFolder.readManifest(url) == checkpoint.manifest)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a"])
        // Any other tool can read the weights.
        let file = try SafeTensors.read(url.appendingPathComponent("model.safetensors"))
        #expect(file.entries.map(\.name) == model.layout.specifications.map(\.name))
        #expect(file["model.embed_tokens.weight"]?.shape == [11, 8])
    }

    @Test func `the identity follows weights and architecture but not names, origin or files`() throws {
        let hash = try model.contentHash(weights: weights)
        #expect(try CheckpointFolder.readManifest(try write("a")).contentHash == hash)
        #expect(try CheckpointFolder.readManifest(try write("b", optimizer: Data([1]))).contentHash == hash)
        var renamed = model.architecture
        renamed.name = "other"
        #expect(try LanguageModel(renamed).contentHash(weights: weights) == hash)
        var changed = model.architecture
        changed.rotaryBase = 500
        #expect(try LanguageModel(changed).contentHash(weights: weights) != hash)
        weights.pointer[0] = weights.pointer[0].nextUp
        #expect(try model.contentHash(weights: weights) != hash)
    }

    @Test func `any flipped bit of any file is refused`() throws {
        let url = try write("a", optimizer: Data([9, 8, 7]))
        var random = CounterRandom(key: 77, index: 0)
        for name in try FileManager.default.contentsOfDirectory(atPath: url.path) {
            let file = url.appendingPathComponent(name)
            let sound = try Data(contentsOf: file)
            // Every byte of the small files, a sample of the large one's.
            let places = sound.count < 2_000 ? Array(sound.indices) : random.distinct(200, below: sound.count)
            for place in places {
                var data = sound
                data[place] ^= UInt8(1 << random.below(8))
                try data.write(to: file)
                let error = #expect(throws: AssayError.self, "\(name) byte \(place)") {
                    try CheckpointFolder.read(url)
                }
                #expect(error?.location?.hasSuffix(name) == true)
            }
            try sound.write(to: file)
        }
        #expect(throws: Never.self) { try CheckpointFolder.read(url) }
    }

    @Test func `truncated, lengthened and missing files are refused`() throws {
        let url = try write("a")
        for name in ["model.safetensors", "config.json", "manifest.json"] {
            let file = url.appendingPathComponent(name)
            let sound = try Data(contentsOf: file)
            for data in [Data(), sound.prefix(1), sound.dropLast(), sound + [0], sound + Data(" ".utf8)] {
                try data.write(to: file)
                #expect(throws: AssayError.self) { try CheckpointFolder.read(url) }
            }
            try FileManager.default.removeItem(at: file)
            let error = #expect(throws: AssayError.self) { try CheckpointFolder.read(url) }
            #expect(error?.location == file.path)
            try sound.write(to: file)
        }
        #expect(throws: AssayError.self) { try CheckpointFolder.read(folder.url.appendingPathComponent("none")) }
    }

    @Test func `a manifest that was forged without its weights is refused`() throws {
        let url = try write("a")
        weights.pointer[1] += 1
        let other = try write("b")
        // Digests of b's files with a's weights.
        try FileManager.default.removeItem(at: url.appendingPathComponent("manifest.json"))
        try FileManager.default.copyItem(
            at: other.appendingPathComponent("manifest.json"), to: url.appendingPathComponent("manifest.json"))
        #expect(throws: AssayError.self) { try CheckpointFolder.read(url) }
        // A manifest whose file digests are right but whose identity is another's.
        var manifest = try CheckpointFolder.readManifest(other)
        manifest.contentHash = ContentHash(of: "other")
        try Data(SealedJSON.text(manifest).utf8).write(to: other.appendingPathComponent("manifest.json"))
        let error = #expect(throws: AssayError.self) { try CheckpointFolder.read(other) }
        #expect(error?.problem == "the weights are not those of the manifest")
    }

    @Test func `tensors that do not fit the architecture are refused by name`() throws {
        let tensors = CheckpointFolder.tensors(of: model, weights)
        func error(_ tensors: [SafeTensors.Tensor]) throws -> AssayError? {
            let file = try SafeTensors.parse(SafeTensors.data(tensors), location: "w")
            return #expect(throws: AssayError.self) {
                try CheckpointFolder.load(file, into: FloatBlock(count: model.layout.count), of: model)
            }
        }
        #expect(try error(Array(tensors.dropLast()))?.problem == "there is no tensor 'lm_head.weight'")
        let extra = tensors + [.init("extra", shape: [1], values: [0] as [Float])]
        #expect(try error(extra)?.problem.contains("'extra' is no parameter") == true)
        let transposed =
            tensors.dropLast() + [.init("lm_head.weight", shape: [8, 11], values: [Float](repeating: 0, count: 88))]
        #expect(try error(Array(transposed))?.problem.contains("[8, 11], not [11, 8]") == true)
        let infinite =
            tensors.dropLast()
            + [.init("lm_head.weight", shape: [11, 8], values: [Float](repeating: .infinity, count: 88))]
        #expect(try error(Array(infinite))?.problem.contains("holds inf") == true)
    }

    @Test func `a damaged folder is replaced and an equal one is kept`() throws {
        let url = try write("a")
        let file = url.appendingPathComponent("model.safetensors")
        func inode() throws -> Int? {
            try FileManager.default.attributesOfItem(atPath: file.path)[.systemFileNumber] as? Int
        }
        let before = try inode()
        _ = try write("a")
        #expect(try inode() == before)
        try Data([1]).write(to: file)
        _ = try write("a")
        #expect(throws: Never.self) { try CheckpointFolder.read(url) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["a"])
    }

    @Test func `leftovers of a killed process are removed and nothing else`() throws {
        _ = try write("a")
        try AtomicFile.write("x", to: folder.url.appendingPathComponent(".b.12.new.tmp/config.json"))
        try AtomicFile.write("x", to: folder.url.appendingPathComponent("notes.tmp"))
        CheckpointFolder.removeLeftovers(in: folder.url)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == ["a", "notes.tmp"])
    }
}
