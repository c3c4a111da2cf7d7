import AssayTensor

/// A mixer or a feed-forward on the residual stream, with its norms. A model is a row of them: two a layer.
struct Branch: Sendable {
    let mixer: any Mixer
    /// What the names of its parameters begin with.
    let prefix: String
    /// The norm of what it reads, if it reads normalised values.
    let inputNorm: StreamNorm?
    /// The norm of what it adds, if that is normalised.
    let outputNorm: StreamNorm?
    /// Where the norms stand, and what the sides of the residual sum count.
    let form: BranchForm

    /// One half of a layer of an architecture.
    init(_ architecture: Architecture, layer: Int, part: LayerPart, mixer: any Mixer) {
        self.mixer = mixer
        prefix = Architecture.prefix(layer: layer, part: part)
        func norm(_ name: String) -> StreamNorm {
            architecture.norm("model.layers.\(layer).\(name)")
        }
        // The names of the published checkpoints: Llama's, MiniMax-Text-01's, Gemma 3's, OLMo 2's.
        form = architecture.form(layer: layer, part: part)
        let isMixer = part == .mixer
        let isTaken = architecture.form(layer: layer, part: .mixer).residual.normalisesOutput
        let input = isMixer ? "input_layernorm" : isTaken ? "pre_feedforward_layernorm" : "post_attention_layernorm"
        let output = isMixer ? "post_attention_layernorm" : "post_feedforward_layernorm"
        inputNorm = form.residual.normalisesInput ? norm(input) : nil
        outputNorm = form.residual.normalisesOutput ? norm(output) : nil
    }

    /// Whether the normalised value is carried on.
    var carriesNormed: Bool { form.residual == .post }

    /// What the sides of the residual sum count.
    var factors: ResidualFactors {
        ResidualFactors(stream: Float(form.streamFactor), branch: Float(form.branchFactor))
    }

    func declareParameters(in layout: inout ParameterLayout) {
        inputNorm?.declareParameters(in: &layout)
        mixer.declareParameters(prefix: prefix, in: &layout)
        outputNorm?.declareParameters(in: &layout)
    }
}
