#!/usr/bin/env python3
"""Writes mixers.json: tiny random layers of published implementations, their inputs, outputs and final states.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_mixer_fixtures.py

Lightning attention comes from MiniMax-Text-01 (transformers, MiniMaxLightningAttention), the Gated DeltaNet from
Qwen3-Next (Qwen3NextGatedDeltaNet, its plain torch path: flash-linear-attention must not be installed). Weights keep
the published names and layouts; the tests map them to ours. Arrays are {"shape": [...], "values": [...]}.
"""

import json
import pathlib

import torch
import transformers
from transformers.models.minimax import modeling_minimax as minimax
from transformers.models.qwen3_next import modeling_qwen3_next as qwen3_next

MINIMAX = [
    # The lightning kernel of MiniMax works in blocks: the length is neither a multiple of the block nor below it.
    dict(width=16, heads=2, head_dimension=8, layer=0, layers=4, block=16, time=37, seed=1),
    dict(width=24, heads=4, head_dimension=12, layer=2, layers=6, block=256, time=75, seed=2),
]
QWEN3_NEXT = [
    dict(width=16, key_heads=2, value_heads=2, key_dimension=8, value_dimension=8, kernel=4, time=37, seed=3),
    dict(width=24, key_heads=2, value_heads=4, key_dimension=8, value_dimension=16, kernel=4, time=71, seed=4),
]


def randomise(module, generator):
    """Weights large enough that every part of the layer matters."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name == "norm.weight":
                parameter.copy_(1 + 0.2 * noise)
            elif name == "A_log":
                parameter.copy_(0.5 * noise - 0.5)
            elif name == "dt_bias":
                parameter.copy_(noise - 1)
            elif name == "conv1d.weight":
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)


def array(tensor):
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.9g}") for value in values]}


def fixture(name, configuration, module, generator, run):
    x = torch.randn(1, configuration["time"], configuration["width"], generator=generator)
    with torch.no_grad():
        output, state = run(x)
    return {
        "mixer": name,
        "configuration": configuration,
        "weights": {key: array(value) for key, value in module.named_parameters()},
        "input": array(x[0]),
        "output": array(output[0]),
        "state": array(state[0]),
    }


def lightning(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.MiniMaxConfig(
        hidden_size=c["width"], num_attention_heads=c["heads"], num_key_value_heads=c["heads"],
        head_dim=c["head_dimension"], num_hidden_layers=c["layers"], block_size=c["block"],
        layer_types=["linear_attention"] * c["layers"], hidden_act="silu")
    module = minimax.MiniMaxLightningAttention(config, layer_idx=c["layer"]).eval()
    randomise(module, generator)
    return fixture("lightning", c, module, generator, lambda x: module(x, (None, None), None))


def gated_delta_net(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.Qwen3NextConfig(
        hidden_size=c["width"], linear_num_key_heads=c["key_heads"], linear_num_value_heads=c["value_heads"],
        linear_key_head_dim=c["key_dimension"], linear_value_head_dim=c["value_dimension"],
        linear_conv_kernel_dim=c["kernel"], num_hidden_layers=1, layer_types=["linear_attention"])
    module = qwen3_next.Qwen3NextGatedDeltaNet(config, 0).eval()
    randomise(module, generator)

    def run(x):
        states = []
        original = qwen3_next.torch_chunk_gated_delta_rule

        def recording(*arguments, **options):
            options["output_final_state"] = True
            result = original(*arguments, **options)
            states.append(result[1])
            return result

        qwen3_next.torch_chunk_gated_delta_rule = recording
        try:
            return module(x), states[0]
        finally:
            qwen3_next.torch_chunk_gated_delta_rule = original

    return fixture("gated-delta-net", c, module, generator, run)


def main():
    fixtures = [lightning(c) for c in MINIMAX] + [gated_delta_net(c) for c in QWEN3_NEXT]
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("mixers.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
