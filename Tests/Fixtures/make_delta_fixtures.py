#!/usr/bin/env python3
"""Writes delta.json: tiny random layers of the delta rule by published implementations, their inputs, outputs and final
states.

    python3 -m venv /tmp/delta && /tmp/delta/bin/pip install torch==2.13.0+cpu transformers==5.23.0 einops
    /tmp/delta/bin/pip install --no-deps --target /tmp/delta-fla fla-core==0.6.0 flash-linear-attention==0.6.0
    /tmp/delta/bin/python Tests/Fixtures/make_delta_fixtures.py /tmp/delta-fla

The Gated DeltaNet with negative eigenvalues is OLMo-hybrid's layer (transformers, OlmoHybridGatedDeltaNet, its plain
torch path: flash-linear-attention must not be importable while it runs). DeltaNet and DeltaProduct are the layers of
flash-linear-attention (fla.layers.DeltaNet, GatedDeltaProduct), whose kernels need a GPU: the projections, convolutions
and norms around them are written here as those layers have them, the recurrences are its references delta_rule_recurrence
and naive_recurrent_gated_delta_product, loaded from the files of the package. Weights are written in our names; the rows
of products are those of the published layers one after the other. Arrays are {"shape": [...], "values": [...]}.
"""

import importlib.util
import json
import pathlib
import sys

import torch
import torch.nn.functional as functional
import transformers
from transformers.models.olmo_hybrid import modeling_olmo_hybrid as olmo

OLMO = [
    dict(width=16, key_heads=2, value_heads=2, key_dimension=8, value_dimension=12, kernel=4, time=37, negative=1, seed=1),
    dict(width=24, key_heads=2, value_heads=4, key_dimension=6, value_dimension=8, kernel=4, time=70, negative=1, seed=2),
]
DELTA_NET = [
    dict(width=16, key_heads=2, value_heads=2, key_dimension=8, value_dimension=8, kernel=4, time=37, negative=1,
         output_gate=0, seed=3),
    dict(width=20, key_heads=3, value_heads=3, key_dimension=4, value_dimension=10, kernel=0, time=70, negative=0,
         output_gate=1, seed=4),
]
DELTA_PRODUCT = [
    dict(width=16, key_heads=2, value_heads=2, key_dimension=8, value_dimension=8, kernel=4, time=37, negative=1,
         output_gate=0, gated=0, steps=2, seed=5),
    dict(width=16, key_heads=2, value_heads=4, key_dimension=6, value_dimension=5, kernel=4, time=41, negative=1,
         output_gate=1, gated=1, steps=3, seed=6),
    dict(width=12, key_heads=2, value_heads=2, key_dimension=5, value_dimension=6, kernel=0, time=70, negative=0,
         output_gate=0, gated=1, steps=2, seed=7),
    dict(width=12, key_heads=1, value_heads=2, key_dimension=6, value_dimension=6, kernel=3, time=35, negative=1,
         output_gate=1, gated=0, steps=4, seed=8),
]


def load(folder, name):
    """One file of flash-linear-attention: importing the package would route transformers to its kernels."""
    path = pathlib.Path(folder, "fla", "ops", name, "naive.py")
    specification = importlib.util.spec_from_file_location(f"reference_{name}", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def array(tensor):
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.9g}") for value in values]}


def fixture(name, configuration, weights, x, output, state):
    weights = {key: array(value) for key, value in weights.items()}
    return {"mixer": name, "configuration": configuration, "weights": weights, "input": array(x[0]),
            "output": array(output[0]), "state": array(state[0])}


def olmo_hybrid(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.OlmoHybridConfig(
        hidden_size=c["width"], linear_num_key_heads=c["key_heads"], linear_num_value_heads=c["value_heads"],
        linear_key_head_dim=c["key_dimension"], linear_value_head_dim=c["value_dimension"],
        linear_conv_kernel_dim=c["kernel"], linear_allow_neg_eigval=True, num_hidden_layers=2,
        layer_types=["linear_attention", "full_attention"])
    module = olmo.OlmoHybridGatedDeltaNet(config, 0).eval()
    group = c["value_heads"] // c["key_heads"]
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            shift = {"o_norm.weight": 1, "A_log": -0.5, "dt_bias": -1}.get(name, 0)
            scale = parameter.shape[-1] ** -0.5 if name.endswith("proj.weight") else 0.5
            parameter.copy_(shift + scale * noise)
    x = torch.randn(1, c["time"], c["width"], generator=generator)
    states = []
    original = olmo.torch_chunk_gated_delta_rule

    def recording(q, k, v, **options):
        options["output_final_state"] = True
        # The layer leaves it to the kernel to repeat the heads of queries and keys.
        if group > 1 and q.shape[2] != v.shape[2]:
            q, k = (t.repeat_interleave(group, dim=2) for t in (q, k))
        result = original(q, k, v, **options)
        states.append(result[1])
        return result

    olmo.torch_chunk_gated_delta_rule = recording
    with torch.no_grad():
        output = module(x)
    olmo.torch_chunk_gated_delta_rule = original
    p = dict(module.named_parameters())
    weights = {
        "qkv_proj.weight": torch.cat([p[f"{n}_proj.weight"] for n in "qkv"]), "conv.weight": p["conv1d.weight"][:, 0],
        "zba_proj.weight": torch.cat([p[f"{n}_proj.weight"] for n in "gba"]), "A_log": p["A_log"],
        "dt_bias": p["dt_bias"], "norm.weight": p["o_norm.weight"], "out_proj.weight": p["o_proj.weight"],
    }
    return fixture("gated-delta-net", c, weights, x, output, states[0])


def convolution(x, weight):
    """ShortConvolution of flash-linear-attention: causal, one channel a group, then SiLU."""
    if weight is not None:
        padded = functional.pad(x.transpose(1, 2), (weight.shape[1] - 1, 0))
        x = functional.conv1d(padded, weight[:, None], groups=weight.shape[0]).transpose(1, 2)
    return functional.silu(x)


def l2norm(x):
    return x / torch.sqrt((x * x).sum(-1, keepdim=True) + 1e-6)


def fla_layer(name, c, recurrence):
    """The forward of fla.layers.DeltaNet or GatedDeltaProduct around its reference recurrence."""
    generator = torch.Generator().manual_seed(c["seed"])
    steps, heads, groups = c.get("steps", 1), c["value_heads"], c["value_heads"] // c["key_heads"]
    key, value = c["key_heads"] * c["key_dimension"], heads * c["value_dimension"]

    def normal(*shape, scale=None):
        return torch.randn(*shape, generator=generator) * (shape[-1] ** -0.5 if scale is None else scale)

    q_proj, k_proj = normal(key, c["width"]), normal(steps * key, c["width"])
    v_proj, b_proj = normal(steps * value, c["width"]), normal(steps * heads, c["width"], scale=0.7)
    g_proj, a_proj = normal(value, c["width"]), normal(heads, c["width"])
    a_log, dt_bias = normal(heads, scale=0.5) - 0.5, normal(heads, scale=0.5) - 1
    conv = normal((1 + steps) * key + steps * value, c["kernel"], scale=0.5) if c["kernel"] else None
    norm, out_proj = 1 + normal(c["value_dimension"], scale=0.2), normal(c["width"], value)
    x = torch.randn(1, c["time"], c["width"], generator=generator)

    channels = convolution(torch.cat([x @ q_proj.T, x @ k_proj.T, x @ v_proj.T], -1), conv)
    q, k, v = channels.split([key, steps * key, steps * value], dim=-1)
    q = q.reshape(1, c["time"], c["key_heads"], -1)
    k = k.reshape(1, c["time"] * steps, c["key_heads"], -1)  # ... t (n h d) -> ... (t n) h d
    v = v.reshape(1, c["time"] * steps, heads, -1)
    q, k = (t.repeat_interleave(groups, dim=2) for t in (q, k))
    beta = (x @ b_proj.T).sigmoid() * (2 if c["negative"] else 1)
    beta = beta.reshape(1, c["time"] * steps, heads)
    g = -a_log.exp() * functional.softplus(x @ a_proj.T + dt_bias) if c.get("gated") else None
    o, state = recurrence(l2norm(q), l2norm(k), v, g, beta, steps)
    o = o * torch.rsqrt((o * o).mean(-1, keepdim=True) + 1e-5) * norm
    if c["output_gate"]:
        o = o * functional.silu(x @ g_proj.T).reshape(o.shape)
    output = o.reshape(1, c["time"], value) @ out_proj.T

    gates = ([g_proj] if c["output_gate"] else []) + [b_proj] + ([a_proj] if c.get("gated") else [])
    letters = ("z" if c["output_gate"] else "") + "b" + ("a" if c.get("gated") else "")
    weights = {"qkv_proj.weight": torch.cat([q_proj, k_proj, v_proj]), f"{letters}_proj.weight": torch.cat(gates),
               "norm.weight": norm, "out_proj.weight": out_proj}
    if conv is not None:
        weights["conv.weight"] = conv
    if c.get("gated"):
        weights |= {"A_log": a_log, "dt_bias": dt_bias}
    return fixture(name, c, weights, x, output, state)


def main():
    folder = sys.argv[1]
    rule, product = load(folder, "delta_rule"), load(folder, "gated_delta_product")

    def delta(q, k, v, g, beta, steps):
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        o, state = rule.delta_rule_recurrence(q, k, v, beta.transpose(1, 2))
        return o.transpose(1, 2), state

    def delta_product(q, k, v, g, beta, steps):
        return product.naive_recurrent_gated_delta_product(
            q, k, v, g, beta, scale=q.shape[-1] ** -0.5, num_householder=steps, output_final_state=True)

    fixtures = [olmo_hybrid(c) for c in OLMO]
    fixtures += [fla_layer("delta-net", c, delta) for c in DELTA_NET]
    fixtures += [fla_layer("delta-product", c, delta_product) for c in DELTA_PRODUCT]
    document = {"transformers": transformers.__version__, "torch": torch.__version__,
                "flash-linear-attention": "0.6.0", "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("delta.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
