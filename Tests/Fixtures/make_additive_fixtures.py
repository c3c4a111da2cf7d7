#!/usr/bin/env python3
"""Writes additive.json: tiny random layers of published additive recurrences, their inputs, outputs and final states.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_additive_fixtures.py

Mamba-2 comes from transformers, the plain torch paths of Mamba2Mixer and of Granite 4.0's Mamba layer. Weights keep the
published names and layouts; the tests map them to ours. Arrays are {"shape": [...], "values": [...]}.
"""

import json
import pathlib

import torch
import transformers
from transformers.models.granitemoehybrid import modeling_granitemoehybrid as granite
from transformers.models.mamba2 import modeling_mamba2 as mamba2

MAMBA_2 = [
    # The scan works in chunks: the length is no multiple of them, and groups serve one or several heads.
    dict(width=16, heads=4, head_dimension=8, state_dimension=12, groups=1, kernel=4, chunk=16, time=37, seed=1),
    dict(width=12, heads=4, head_dimension=6, state_dimension=8, groups=2, kernel=3, chunk=256, time=45, seed=2),
]
GRANITE = [
    dict(width=16, heads=4, head_dimension=8, state_dimension=16, groups=1, kernel=4, chunk=16, time=40, seed=3),
    dict(width=12, heads=6, head_dimension=4, state_dimension=8, groups=3, kernel=4, chunk=256, time=33, seed=4),
]


def randomise(module, generator):
    """Weights large enough that every part of the layer matters."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name in ("norm.weight", "D"):
                parameter.copy_(1 + 0.2 * noise)
            elif name == "A_log":
                parameter.copy_(0.5 * noise - 0.5)
            elif name == "dt_bias":
                parameter.copy_(noise - 1)
            elif name.startswith("conv1d"):
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


def mamba_2(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.Mamba2Config(
        hidden_size=c["width"], num_heads=c["heads"], head_dim=c["head_dimension"], state_size=c["state_dimension"],
        n_groups=c["groups"], conv_kernel=c["kernel"], chunk_size=c["chunk"], num_hidden_layers=1,
        expand=c["heads"] * c["head_dimension"] // c["width"], use_bias=False, use_conv_bias=True)
    module = mamba2.Mamba2Mixer(config, layer_idx=0).eval()
    randomise(module, generator)
    return fixture("mamba-2", c, module, generator, with_cache(module, config))


def granite_4(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.GraniteMoeHybridConfig(
        hidden_size=c["width"], mamba_n_heads=c["heads"], mamba_d_head=c["head_dimension"],
        mamba_d_state=c["state_dimension"], mamba_n_groups=c["groups"], mamba_d_conv=c["kernel"],
        mamba_chunk_size=c["chunk"], mamba_expand=c["heads"] * c["head_dimension"] // c["width"],
        mamba_proj_bias=False, mamba_conv_bias=True, num_hidden_layers=1, layer_types=["mamba"],
        num_attention_heads=2, num_key_value_heads=2, rms_norm_eps=1e-5)
    module = granite.GraniteMoeHybridMambaLayer(config, layer_idx=0).eval()
    randomise(module, generator)
    return fixture("granite", c, module, generator, with_cache(module, config))


def with_cache(module, config):
    def run(x):
        cache = transformers.DynamicCache(config=config)
        output = module(x, cache_params=cache)
        return output, cache.get_recurrent_state(0, state_idx=0)
    return run


def main():
    fixtures = [mamba_2(c) for c in MAMBA_2] + [granite_4(c) for c in GRANITE]
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("additive.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
