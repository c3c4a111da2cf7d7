import AssayCore
import AssayTensor
import Foundation
import Testing

@testable import AssayModels

/// Forms that between them use every field.
private let forms: [BlockForm] = [
    BlockForm(norm: .layer, embeddingNorm: true),
    BlockForm(residual: .post, streamFactor: 3.5, branchFactor: 0.8),
    BlockForm(residual: .sandwich, embeddingFactor: 3),
    BlockForm(residual: .output),
    BlockForm(norm: .layer, residual: .sandwich, streamFactor: 0.9),
    BlockForm(branchFactor: 0.22, embeddingFactor: 12, logitsDivisor: 6),
    BlockForm(norm: .layer, residual: .post, embeddingNorm: true),
    BlockForm(norm: .layer, residual: .output, streamFactor: 1.1, branchFactor: 0.5, logitsDivisor: -2),
]

@Suite struct BlockFormTests {
    private func architecture(_ form: BlockForm, feedForward: String = "swiglu") -> Architecture {
        var architecture = ModelChecks.tiny("full", keyValueHeads: 1, shortConvolution: 2)
        architecture.layers = [
            LayerConfiguration(mixer: "gated-delta-net", feedForward: "geglu"),
            LayerConfiguration(mixer: "full", feedForward: feedForward),
        ]
        architecture.block = form
        return architecture
    }

    @Test("parallel, recurrent and reference forms of a model agree for every form of block", arguments: forms)
    func formsAgree(_ form: BlockForm) throws { try ModelChecks.formsAgree(architecture(form)) }

    @Test("the gradient of every parameter is right for every form of block", arguments: forms)
    func gradients(_ form: BlockForm) throws { try ModelChecks.gradientsAgree(architecture(form), time: 5) }

    @Test("no form of block lets a later token reach back", arguments: forms)
    func causality(_ form: BlockForm) throws { try ModelChecks.isCausal(architecture(form)) }

    @Test("the forms differ: each changes the function", arguments: forms)
    func difference(_ form: BlockForm) throws {
        let (plain, other) = (try LanguageModel(architecture(BlockForm())), try LanguageModel(architecture(form)))
        let tokens = ModelChecks.tokens(plain, count: 6)
        let first = plain.reference(tokens: tokens, weights: plain.initialWeights(seed: 1))
        let second = other.reference(tokens: tokens, weights: other.initialWeights(seed: 1))
        #expect(zip(first, second).contains { abs($0 - $1) > 1e-3 * abs($0) })
    }

    @Test("a block form that is not standard survives JSON, and a part that is standard is not written")
    func coding() throws {
        for form in forms {
            let text = try CanonicalJSON.text(form)
            #expect(try CanonicalJSON.value(BlockForm.self, from: text) == form)
        }
        #expect(try CanonicalJSON.text(BlockForm()) == "{}")
        #expect(try CanonicalJSON.text(BlockForm(residual: .post)) == #"{"residual":"post"}"#)
        let whole = architecture(forms[1])
        #expect(try CanonicalJSON.value(from: CanonicalJSON.text(whole)) == whole)
    }

    @Test("an architecture that uses none of the newer fields has the text, and so the identity, that it always had")
    func identity() throws {
        let layer = LayerConfiguration(mixer: "sliding-window", options: ["window": 4])
        let architecture = Architecture(
            name: "old", width: 8, heads: 2, headDimension: 4, hiddenWidth: 16, layers: [layer], vocabularyCount: 10,
            initialDeviation: 0.5, outputDeviation: 0)
        let text =
            #"{"headDimension":4,"heads":2,"hiddenWidth":16,"initialDeviation":0.5,"keyValueHeads":2,"#
            + #""layers":[{"mixer":"sliding-window","options":{"window":4}}],"name":"old","normEpsilon":1e-05,"#
            + #""outputDeviation":0,"rotaryBase":10000,"shortConvolution":0,"tiedHead":true,"vocabularyCount":10,"#
            + #""width":8}"#
        #expect(try CanonicalJSON.text(architecture) == text)
        #expect(try CanonicalJSON.value(Architecture.self, from: text) == architecture)
    }

    @Test("factors that are zero or no numbers are refused by name")
    func refusals() throws {
        for (word, form) in [
            ("branchFactor", BlockForm(branchFactor: 0)), ("streamFactor", BlockForm(streamFactor: .nan)),
            ("logitsDivisor", BlockForm(logitsDivisor: .infinity)), ("embeddingFactor", BlockForm(embeddingFactor: 0)),
        ] {
            let error = #expect(throws: AssayError.self) { try LanguageModel(architecture(form)) }
            #expect(error?.description.contains(word) == true)
        }
    }

    @Test("norms carry the names of the published checkpoints")
    func names() throws {
        func norms(_ form: BlockForm) throws -> [String] {
            try LanguageModel(architecture(form)).layout.specifications.map(\.name)
                .filter { $0.hasPrefix("model.layers.0.") && $0.contains("layernorm") }
                .map { String($0.dropFirst("model.layers.0.".count)) }
        }
        #expect(try norms(BlockForm()) == ["input_layernorm.weight", "post_attention_layernorm.weight"])
        #expect(
            try norms(BlockForm(residual: .sandwich)) == [
                "input_layernorm.weight", "post_attention_layernorm.weight", "pre_feedforward_layernorm.weight",
                "post_feedforward_layernorm.weight",
            ])
        #expect(
            try norms(BlockForm(norm: .layer, residual: .output)) == [
                "post_attention_layernorm.weight", "post_attention_layernorm.bias", "post_feedforward_layernorm.weight",
                "post_feedforward_layernorm.bias",
            ])
    }

    @Test("an unknown feed-forward, and an option that it does not know, are refused with what is near")
    func feedForwards() throws {
        let unknown = #expect(throws: AssayError.self) {
            try LanguageModel(architecture(BlockForm(), feedForward: "swigl"))
        }
        #expect(unknown?.description.contains("unknown feed-forward 'swigl'") == true)
        #expect(unknown?.description.contains("swiglu") == true)
        var wrong = architecture(BlockForm())
        wrong.layers[1].feedForwardOptions = ["hiden": 4]
        let option = #expect(throws: AssayError.self) { try LanguageModel(wrong) }
        #expect(option?.description.contains("layers[1] (swiglu): 'hiden'") == true)
        #expect(option?.description.contains("Did you mean 'hidden'") == true, "\(option?.description ?? "")")
    }
}
