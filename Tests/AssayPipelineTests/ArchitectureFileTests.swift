import AssayCore
import AssayModels
import Foundation
import Testing

@testable import AssayPipeline

@Suite struct ArchitectureFileTests {
    private let base = "width: 64\nheads: 4\npattern: \"[gated-delta-net x3, full] x1\"\n"

    private func architecture(_ lines: String) throws -> Architecture {
        let folder = try ConfigurationFolder()
        defer { withExtendedLifetime(folder) {} }
        try folder.write("architectures/one.yaml", base + lines)
        return try ArchitectureConfiguration.read(folder.file("architectures/one.yaml")).architecture(vocabulary: 50)
    }

    @Test("a file states feed-forwards, norms, residual form and factors")
    func fields() throws {
        let architecture = try architecture(
            """
            feed-forward: "swiglu, mixture-of-experts x3"
            options:
              mixture-of-experts: {experts: 4, routing: sigmoid}
              swiglu: {hidden: 96}
            norm: layer
            residual: sandwich
            stream-factor: 0.9
            branch-factor: 0.22
            embedding-factor: 12
            embedding-norm: true
            logits-divisor: 6
            """)
        #expect(
            architecture.layers.map(\.feedForward) == [
                "swiglu", "mixture-of-experts", "mixture-of-experts", "mixture-of-experts",
            ])
        #expect(architecture.layers[0].feedForwardOptions == ["hidden": 96])
        #expect(architecture.layers[3].feedForwardOptions == ["experts": 4, "routing": "sigmoid"])
        #expect(
            architecture.block
                == BlockForm(
                    norm: .layer, residual: .sandwich, streamFactor: 0.9, branchFactor: 0.22, embeddingFactor: 12,
                    logitsDivisor: 6, embeddingNorm: true))
        #expect(try self.architecture("feed-forward: geglu\n").layers.allSatisfy { $0.feedForward == "geglu" })
        #expect(try self.architecture("").block == BlockForm())
    }

    @Test(
        "what a file cannot state is refused with its line and what to write",
        arguments: [
            ("feed-forward: swigl", 4, "there is no feed-forward 'swigl'", "Did you mean 'swiglu'"),
            ("feed-forward: swiglu x3", 4, "'feed-forward' has 3 layers, 'pattern' 4", "a pattern of 4"),
            ("feed-forward: swiglu x", 4, "at character 8", "names separated by commas"),
            ("feed-forward: full", 4, "there is no feed-forward 'full'", ""),
            ("feed-forward:", 4, "'feed-forward' is empty", ""),
            ("options:\n  mixture-of-experts: {experts: 4}", 5, "which is in no layer", ""),
            ("feed-forward: mixture-of-experts\noptions:\n  mixture-of-experts:\n    top-k: 99", 7, "'top-k'", "2"),
            ("norm: batch", 4, "'norm' cannot be 'batch'", "rms"),
            ("residual: sandwhich", 4, "'residual' cannot be 'sandwhich'", "Did you mean 'sandwich'"),
            ("stream-factor: 0", 4, "'stream-factor' is 0", "above 0"),
            ("branch-factor: much", 4, "not a number", ""),
            ("embedding-norm: 1", 4, "not true or false", ""),
            ("logits-divisr: 3", 4, "'logits-divisr' is not a key", "Did you mean 'logits-divisor'"),
        ])
    func refusals(_ lines: String, _ line: Int, _ problem: String, _ remedy: String) throws {
        let error = #expect(throws: AssayError.self) { try architecture(lines + "\n") }
        let text = error?.description ?? ""
        #expect(text.contains(problem) && text.contains("one.yaml:\(line)"), "\(text)")
        #expect(remedy.isEmpty || text.contains(remedy), "\(text)")
        #expect(error?.exitStatus == 65)
    }

    @Test("figures of an architecture are those of its costs, and break-even lengths are where the costs meet")
    func figures() throws {
        let folder = try ConfigurationFolder()
        defer { withExtendedLifetime(folder) {} }
        try FileManager.default.removeItem(at: folder.file("architectures"))
        try folder.write("architectures/hybrid.yaml", base)
        try folder.write("architectures/full.yaml", "width: 64\nheads: 4\npattern: full x4\n")
        let all = try ArchitectureFigures.all(in: folder.url, control: nil)
        #expect(all.map(\.name) == ["full", "hybrid"])
        #expect(all[0].stateBreakEven == 1 && all[0].decodeBreakEven == 1)
        let model = try LanguageModel(architecture(""))
        let twin = try LanguageModel(architecture("").withFullAttention)
        let length = try #require(all[1].stateBreakEven)
        // Three states of 4 x 16 x 16 against three caches of 2 x 64 a token.
        #expect(length == 4 * 16 * 16 / (2 * 64))
        #expect(model.cost(context: length).stateBytes <= twin.cost(context: length).stateBytes)
        #expect(model.cost(context: length - 1).stateBytes > twin.cost(context: length - 1).stateBytes)
        let decode = try #require(all[1].decodeBreakEven)
        #expect(model.cost(context: decode).decodeFLOPs <= twin.cost(context: decode).decodeFLOPs)
        #expect(model.cost(context: decode - 1).decodeFLOPs > twin.cost(context: decode - 1).decodeFLOPs)
        let against = try ArchitectureFigures.all(in: folder.url, control: "hybrid")
        #expect(against[0].stateBreakEven == nil)
        let unknown = #expect(throws: AssayError.self) { try ArchitectureFigures.all(in: folder.url, control: "ful") }
        #expect(unknown?.exitStatus == 64 && unknown?.description.contains("'full'") == true)
    }

    @Test("the list of architectures comes as a table, as CSV and as JSON with exact numbers")
    func formats() throws {
        let folder = try ConfigurationFolder()
        defer { withExtendedLifetime(folder) {} }
        try FileManager.default.removeItem(at: folder.file("architectures"))
        try folder.write("architectures/full.yaml", "description: one, two\nwidth: 64\nheads: 4\npattern: full x4\n")
        let bytes = 4 * 1024 * 2 * 64 * 4
        let table = try Listing.text(.architectures, evals: folder.url, as: .table)
        #expect(table.contains("f32 state 1k") && table.contains("2.0 MiB") && table.contains("2.0 GiB"))
        let csv = try Listing.text(.architectures, evals: folder.url, as: .csv)
        #expect(csv.hasPrefix("architecture,layers,parameters,state_bytes_float32_1k,"))
        #expect(csv.contains("full,4 full,") && csv.contains(",\(bytes),") && csv.contains("\"one, two\"\r\n"))
        let json = try Listing.text(.architectures, evals: folder.url, as: .json)
        let rows = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(rows.count == 1 && rows[0]["state_bytes_float32_1k"] as? Int == bytes)
        #expect(rows[0]["state_bytes_bfloat16_1m"] as? Int == bytes / 2 * 1024)
        #expect(try Listing.text(.mixers, evals: folder.url, as: .markdown).contains("| mixture-of-experts |"))
        #expect(try Listing.text(.mixers, evals: folder.url, as: .json).contains("\"feed-forward\""))
    }
}
