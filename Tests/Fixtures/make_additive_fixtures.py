#!/usr/bin/env python3
"""Writes additive.json: tiny random layers of published additive recurrences, their inputs, outputs and final states.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0 einops
    /tmp/fixtures/bin/pip install --no-deps --target /tmp/plain fla-core==0.6.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_additive_fixtures.py /tmp/plain

Mamba-2 comes from transformers, the plain torch paths of Mamba2Mixer and of Granite 4.0's Mamba layer. RetNet and linear
attention are flash-linear-attention's plain naive_recurrent_simple_gla (held to its naive_retention) and
naive_recurrent_linear_attn between the projections, feature maps, gates and norms of its layers; its files are loaded by
their paths, because transformers would otherwise route to its kernels. Weights keep the published names and layouts; the
tests map them to ours. Arrays are {"shape": [...], "values": [...]}.
"""

import importlib.util
import json
import math
import pathlib
import sys

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
RETNET = [
    dict(width=16, heads=2, key_dimension=8, value_dimension=16, time=37, seed=5),
    dict(width=12, heads=3, key_dimension=6, value_dimension=10, time=50, seed=6),
]
LINEAR_ATTENTION = [
    dict(width=16, heads=2, head_dimension=8, elu=1, silu=0, normaliser=1, time=40, seed=7),
    dict(width=12, heads=3, head_dimension=5, elu=0, silu=0, normaliser=0, time=35, seed=8),
    dict(width=12, heads=2, head_dimension=6, elu=0, silu=1, normaliser=0, time=20, seed=9),
]


def plain(path):
    """A file of flash-linear-attention by its path, without its package."""
    file = pathlib.Path(sys.argv[1]) / "fla" / path
    specification = importlib.util.spec_from_file_location(path.replace("/", "_")[:-3], file)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def randomise(module, generator):
    """Weights large enough that every part of the layer matters."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name or name == "D":
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


class Layer(torch.nn.Module):
    """The linear maps and the norm of a flash-linear-attention layer, under its names."""

    def __init__(self, norm, norm_width, **maps):
        super().__init__()
        for name, (outputs, inputs) in maps.items():
            setattr(self, name, torch.nn.Linear(inputs, outputs, bias=False))
        setattr(self, norm, torch.nn.RMSNorm(norm_width, eps=1e-5))


def split(x, heads):
    return x.view(*x.shape[:-1], heads, -1)


def rotary(x):
    """flash-linear-attention's rotary_embedding_ref, half-split, base 10000, of [batch, time, heads, dimension]."""
    frequencies = 1 / 10000 ** (torch.arange(0, x.shape[-1], 2) / x.shape[-1])
    angles = torch.outer(torch.arange(x.shape[1]), frequencies)
    cosines, sines = (torch.cat([f(angles)] * 2, -1)[None, :, None] for f in (torch.cos, torch.sin))
    first, second = x.chunk(2, -1)
    return x * cosines + torch.cat([-second, first], -1) * sines


def retnet(c):
    generator = torch.Generator().manual_seed(c["seed"])
    heads, key, value, width = c["heads"], c["heads"] * c["key_dimension"], c["heads"] * c["value_dimension"], c["width"]
    module = Layer("g_norm", c["value_dimension"], q_proj=(key, width), k_proj=(key, width),
                   v_proj=(value, width), g_proj=(value, width), o_proj=(width, value))
    randomise(module, generator)
    recurrence, retention = plain("ops/simple_gla/naive.py"), plain("ops/retention/naive.py")

    def run(x):
        q, k, v = (split(map(x), heads) for map in (module.q_proj, module.k_proj, module.v_proj))
        q, k = rotary(q), rotary(k)
        # chunk_retention: log decays of head h.
        log_decay = torch.tensor([math.log1p(-(2.0 ** (-5 - h))) for h in range(heads)]).expand(*q.shape[:3])
        o, state = recurrence.naive_recurrent_simple_gla(q, k, v, log_decay, output_final_state=True)
        other = retention.naive_retention(*(t.transpose(1, 2) for t in (q, k, v))).transpose(1, 2)
        assert torch.allclose(o, other, atol=1e-5, rtol=1e-4)
        gated = module.g_norm(o) * torch.nn.functional.silu(split(module.g_proj(x), heads))
        return module.o_proj(gated.flatten(-2)), state

    return fixture("retnet", c, module, generator, run)


def linear_attention(c):
    generator = torch.Generator().manual_seed(c["seed"])
    heads, inner, width = c["heads"], c["heads"] * c["head_dimension"], c["width"]
    module = Layer("norm", c["head_dimension"], q_proj=(inner, width), k_proj=(inner, width),
                   v_proj=(inner, width), o_proj=(width, inner))
    randomise(module, generator)
    recurrence = plain("ops/linear_attn/naive.py")
    functional = torch.nn.functional
    feature_map = (lambda x: functional.elu(x) + 1) if c["elu"] else functional.silu if c["silu"] else lambda x: x

    def run(x):
        q, k, v = (split(map(x), heads) for map in (module.q_proj, module.k_proj, module.v_proj))
        o, state = recurrence.naive_recurrent_linear_attn(
            feature_map(q), feature_map(k), v, output_final_state=True, normalize=bool(c["normaliser"]))
        if c["normaliser"]:
            # output_norm "identity"; the state is that of the heads, then that of the normaliser.
            state = torch.cat([state[0].flatten(1), state[1].flatten(1)], -1)
            return module.o_proj(o.flatten(-2)), state
        return module.o_proj(module.norm(o).flatten(-2)), state

    return fixture("linear-attention", c, module, generator, run)


def with_cache(module, config):
    def run(x):
        cache = transformers.DynamicCache(config=config)
        output = module(x, cache_params=cache)
        return output, cache.get_recurrent_state(0, state_idx=0)
    return run


def main():
    fixtures = [mamba_2(c) for c in MAMBA_2] + [granite_4(c) for c in GRANITE]
    fixtures += [retnet(c) for c in RETNET] + [linear_attention(c) for c in LINEAR_ATTENTION]
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("additive.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
