#!/usr/bin/env python3
"""Writes channel.json and rwkv.json: layers with channel-wise decay of published implementations, their inputs, outputs and states.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/pip install --no-deps --target /tmp/plain fla-core==0.6.0 rwkv==0.8.32
    /tmp/fixtures/bin/python Tests/Fixtures/make_channel_fixtures.py /tmp/plain

Kimi Delta Attention is transformers' KimiLinearDeltaAttention in its plain torch path: flash-linear-attention must not be
importable, so its files are loaded by their paths. Gated linear attention is flash-linear-attention's plain
naive_recurrent_gla between the projections, gates and norm of its layer. RWKV-7 is the rwkv package's own time mix and
channel mix for one token, applied token by token. Weights keep the published names and layouts; the tests map them to
ours. Arrays are {"shape": [...], "values": [...]}.
"""

import importlib.util
import json
import os
import pathlib
import sys

import torch
import transformers
from transformers.models.kimi_linear import modeling_kimi_linear as kimi

KIMI = [
    dict(width=16, heads=2, head_dimension=8, kernel=4, time=37, seed=1),
    dict(width=20, heads=3, head_dimension=12, kernel=3, time=71, seed=2),
]
GLA = [
    dict(width=16, heads=2, key_dimension=4, value_dimension=8, rank=16, time=37, seed=3),
    dict(width=24, heads=2, key_dimension=12, value_dimension=20, rank=4, time=70, seed=4),
]
RWKV = [
    # Two layers each, because the values of the first are mixed into those of the second.
    dict(width=16, heads=2, decay_rank=4, value_rank=3, rate_rank=5, gate_rank=6, hidden=20, time=37, seed=5),
    dict(width=24, heads=2, decay_rank=8, value_rank=8, rate_rank=4, gate_rank=12, hidden=64, time=70, seed=6),
]


def load(name, path, **environment):
    """A module by its file, without its package."""
    os.environ.update(environment)
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def array(tensor):
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.8g}") for value in values]}


def fixture(name, configuration, weights, x, output, state):
    return {
        "mixer": name, "configuration": configuration, "weights": {key: array(w) for key, w in weights.items()},
        "input": array(x), "output": array(output), "state": array(state),
    }


def kda(c):
    generator = torch.Generator().manual_seed(c["seed"])
    config = transformers.KimiLinearConfig(
        hidden_size=c["width"], linear_num_heads=c["heads"], linear_head_dim=c["head_dimension"],
        linear_conv_kernel_dim=c["kernel"], num_hidden_layers=1, layer_types=["linear_attention"], rms_norm_eps=1e-5)
    module = kimi.KimiLinearDeltaAttention(config, 0).eval()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name == "o_norm.weight":
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("A_log"):
                parameter.copy_(0.5 * noise)
            elif name.endswith("dt_bias"):
                parameter.copy_(noise - 1)
            elif name == "conv1d.weight":
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)
    states = []
    original = kimi.chunk_kimi_delta_attention

    def recording(*arguments, **options):
        options["output_final_state"] = True
        result = original(*arguments, **options)
        states.append(result[1])
        return result

    x = torch.randn(1, c["time"], c["width"], generator=generator)
    kimi.chunk_kimi_delta_attention = recording
    try:
        with torch.no_grad():
            output = module(x)
    finally:
        kimi.chunk_kimi_delta_attention = original
    return fixture("kda", c, dict(module.named_parameters()), x[0], output[0], states[0][0])


def gla(c, naive):
    generator = torch.Generator().manual_seed(c["seed"])
    heads, keys, values = c["heads"], c["heads"] * c["key_dimension"], c["heads"] * c["value_dimension"]

    def matrix(rows, columns, scale=1.0):
        return scale * torch.randn(rows, columns, generator=generator) / columns**0.5

    w = {
        "q_proj.weight": matrix(keys, c["width"]), "k_proj.weight": matrix(keys, c["width"]),
        "v_proj.weight": matrix(values, c["width"]), "g_proj.weight": matrix(values, c["width"]),
        # Large, for gates all over their range.
        "gk_proj.0.weight": matrix(c["rank"], c["width"], 3), "gk_proj.1.weight": matrix(keys, c["rank"], 5),
        "gk_proj.1.bias": torch.randn(keys, generator=generator),
        "g_norm_swish_gate.weight": 1 + 0.2 * torch.randn(c["value_dimension"], generator=generator),
        "o_proj.weight": matrix(c["width"], values),
    }
    x = torch.randn(1, c["time"], c["width"], generator=generator)

    def heads_of(tensor):
        return tensor.unflatten(-1, (heads, -1))

    q, k, v, z = (heads_of(x @ w[f"{name}_proj.weight"].T) for name in "qkvg")
    gate = x @ w["gk_proj.0.weight"].T @ w["gk_proj.1.weight"].T + w["gk_proj.1.bias"]
    decay = heads_of(torch.nn.functional.logsigmoid(gate) / 16)
    outputs, state = naive.naive_recurrent_gla(q, k, v, decay, output_final_state=True)
    normed = outputs * torch.rsqrt(outputs.pow(2).mean(-1, keepdim=True) + 1e-5) * w["g_norm_swish_gate.weight"]
    output = (normed * torch.nn.functional.silu(z)).flatten(-2) @ w["o_proj.weight"].T
    return fixture("gla", c, w, x[0], output[0], state[0])


def rwkv(c, package):
    generator = torch.Generator().manual_seed(c["seed"])
    width, heads = c["width"], c["heads"]
    size = width // heads

    def matrix(rows, columns, scale=1.0):
        return scale * torch.randn(rows, columns, generator=generator) / rows**0.5

    def vector(scale=1.0, centre=0.0):
        return centre + scale * torch.randn(width, generator=generator)

    fixtures, v_first = [], [None] * c["time"]
    for layer in range(2):
        # In the order of the arguments of the package's functions; matrices are [in, out].
        w = {f"x_{name}": vector(0.3, 0.5) for name in "rwkvag"}
        for name, rank in (("w", "decay_rank"), ("a", "rate_rank"), ("v", "value_rank")):
            w[f"{name}0"] = vector()
            w[f"{name}1"] = matrix(width, c[rank])
            w[f"{name}2"] = matrix(c[rank], width)
        w |= {"g1": matrix(width, c["gate_rank"]), "g2": matrix(c["gate_rank"], width, 2)}
        w |= {"k_k": vector(0.2, 0.8), "k_a": vector(0.2, 1), "r_k": vector(0.3)}
        w |= {name: matrix(width, width) for name in ("receptance", "key", "value", "output")}
        w |= {"ln_x.weight": vector(0.2, 1), "ln_x.bias": vector(0.2)}
        x = torch.randn(c["time"], width, generator=generator)
        previous, state, outputs = torch.zeros(width), torch.zeros(heads, size, size), []
        for t in range(c["time"]):
            output, previous, state, v_first[t] = package.RWKV_x070_TMix_one(
                layer, heads, size, x[t], previous, v_first[t], state, *w.values())
            outputs.append(output)
        # The package's state is [values, keys].
        result = fixture("rwkv-7", c | {"layer": layer}, w, x, torch.stack(outputs), state.transpose(1, 2))
        result["weights"]["v_first"] = array(torch.stack(v_first))
        fixtures.append(result)

    w = {"x_k": vector(0.3, 0.5), "key": matrix(width, c["hidden"]), "value": matrix(c["hidden"], width)}
    x = torch.randn(c["time"], width, generator=generator)
    previous, outputs = torch.zeros(width), []
    for t in range(c["time"]):
        output, previous = package.RWKV_x070_CMix_one(x[t], previous, *w.values())
        outputs.append(output)
    fixtures.append(fixture("rwkv-channel-mix", c, w, x, torch.stack(outputs), previous))
    return fixtures


def write(name, fixtures):
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name(name)
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


def main():
    folder = pathlib.Path(sys.argv[1])
    naive = load("naive_gla", folder / "fla/ops/gla/naive.py")
    package = load("rwkv_model", folder / "rwkv/model.py", RWKV_V7_ON="1", RWKV_JIT_ON="0", RWKV_CUDA_ON="0")
    with torch.no_grad():
        write("channel.json", [kda(c) for c in KIMI] + [gla(c, naive) for c in GLA])
        write("rwkv.json", [one for c in RWKV for one in rwkv(c, package)])


if __name__ == "__main__":
    main()
