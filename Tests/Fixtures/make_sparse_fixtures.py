#!/usr/bin/env python3
"""Writes sparse.json: tiny random sparse attention layers of published implementations.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0 triton einops
    /tmp/fixtures/bin/pip install --no-deps fla-core==0.6.0 flash-linear-attention==0.6.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_sparse_fixtures.py

DeepSeek Sparse Attention is transformers' DeepseekV32Attention; its state is latents, shared keys and index keys. Native
Sparse Attention is put together as flash-linear-attention's NativeSparseAttention layer does it, from the plain references
of its branches (fla.ops.nsa.naive) and torch's attention for the window; its state is keys, values, and the means of
keys and of values over whole blocks. Seeds are taken so that no choice is close: a float32 rounding must not change it.
Arrays are {"shape": [...], "values": [...]}.
"""

import json
import pathlib

import torch
import transformers
from make_attention_fixtures import angles, array, doubled, mask, randomise
from transformers.models.deepseek_v32 import modeling_deepseek_v32 as deepseek_v32

LATENT = dict(width=16, heads=2, latent=12, query_latent=10, nope=8, rotary=4, value=6, base=10_000)
DEEPSEEK = [
    dict(LATENT, top=7, index_heads=4, index_dimension=8, time=33),
    dict(LATENT, heads=3, rotary=6, top=12, index_heads=6, index_dimension=6, time=40),
    # Every query sees all.
    dict(LATENT, top=30, index_heads=2, index_dimension=8, time=24),
]
NSA = [
    dict(width=16, heads=4, key_value_heads=2, head_dimension=8, block=4, count=4, window=6, base=10_000, time=45),
    dict(width=16, heads=4, key_value_heads=1, head_dimension=6, block=5, count=3, window=9, base=1_000, time=52),
]
MARGIN = 1e-3


def deepseek(c, seed):
    """The fixture of a seed, or None if a choice is close."""
    generator = torch.Generator().manual_seed(seed)
    config = transformers.DeepseekV32Config(
        hidden_size=c["width"], num_attention_heads=c["heads"], num_key_value_heads=c["heads"], num_hidden_layers=1,
        kv_lora_rank=c["latent"], q_lora_rank=c["query_latent"], qk_nope_head_dim=c["nope"],
        qk_rope_head_dim=c["rotary"], v_head_dim=c["value"], index_topk=c["top"], index_n_heads=c["index_heads"],
        index_head_dim=c["index_dimension"], layer_types=["indexed_attention"], mlp_layer_types=["dense"])
    config._attn_implementation = "eager"
    module = deepseek_v32.DeepseekV32Attention(config, 0).eval()
    randomise(module, generator)
    x = torch.randn(1, c["time"], c["width"], generator=generator)
    scores = []
    topk = torch.Tensor.topk

    def recording(values, *arguments, **options):
        scores.append(values)
        return topk(values, *arguments, **options)

    cache = transformers.DynamicCache(config=config)
    torch.Tensor.topk = recording
    try:
        with torch.no_grad():
            output = module(
                x, position_embeddings=doubled(angles(c["time"], c["rotary"], c["base"])),
                attention_mask=mask(c["time"], 0), past_key_values=cache)[0]
    finally:
        torch.Tensor.topk = topk
    if c["time"] > c["top"]:
        order = scores[0][0].sort(descending=True).values[c["top"]:]
        if (order[:, c["top"] - 1] - order[:, c["top"]]).min() < MARGIN:
            return None
    layer = cache.layers[0]
    state = torch.cat([part.flatten() for part in (layer.keys, layer.values, layer.indexer_keys)])
    return record("deepseek-v3.2", dict(c, seed=seed), module, x, output, state)


def record(name, configuration, module, x, output, state):
    return {
        "mixer": name,
        "configuration": configuration,
        "weights": {key: array(value) for key, value in module.named_parameters()},
        "input": array(x[0]),
        "output": array(output[0]),
        "state": array(state),
    }


class NativeSparseAttention(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        width, heads, shared, d = c["width"], c["heads"], c["key_value_heads"], c["head_dimension"]
        self.q_proj = torch.nn.Linear(width, heads * d, bias=False)
        self.k_proj = torch.nn.Linear(width, shared * d, bias=False)
        self.v_proj = torch.nn.Linear(width, shared * d, bias=False)
        self.g_proj = torch.nn.Linear(width, 3 * heads, bias=False)
        self.o_proj = torch.nn.Linear(heads * d, width, bias=False)


def native_sparse(c, seed):
    """The fixture of a seed, or None if a choice is close."""
    from fla.ops.nsa.naive import naive_nsa_compression, naive_nsa_selection, naive_nsa_topk

    generator = torch.Generator().manual_seed(seed)
    module = NativeSparseAttention(c).eval()
    randomise(module, generator)
    time, d, block, scale = c["time"], c["head_dimension"], c["block"], c["head_dimension"] ** -0.5
    x = torch.randn(1, time, c["width"], generator=generator)
    with torch.no_grad():
        q, k, v = (
            f(x).view(1, time, -1, d) for f in (module.q_proj, module.k_proj, module.v_proj))
        q, k = deepseek_v32.apply_rotary_pos_emb(q, k, *doubled(angles(time, d, c["base"])), unsqueeze_dim=2)
        gates = module.g_proj(x).view(1, time, -1, 3).sigmoid().unbind(-1)
        pooled = [torch.stack([p.mean(1) for p in part.split(block, dim=1)], 1) for part in (k, v)]
        chosen = naive_nsa_topk(q, pooled[0], c["count"], block, scale)
        scores = []
        topk = torch.topk

        def recording(values, *arguments, **options):
            scores.append(values)
            return topk(values, *arguments, **options)

        torch.topk = recording
        try:
            naive_nsa_topk(q, pooled[0], c["count"], block, scale)
        finally:
            torch.topk = topk
        order = scores[0].sort(descending=True, dim=-1).values[(c["count"] + 1) * block:]
        if (order[..., c["count"] - 1] - order[..., c["count"]]).min() < MARGIN / 10:
            return None
        compressed = naive_nsa_compression(q, *pooled, block, scale)[0]
        selected = naive_nsa_selection(q, k, v, chosen, block, scale)
        group = c["heads"] // c["key_value_heads"]
        near = torch.nn.functional.scaled_dot_product_attention(
            *(part.repeat_interleave(n, 2).transpose(1, 2) for part, n in ((q, 1), (k, group), (v, group))),
            attn_mask=mask(time, c["window"])).transpose(1, 2)
        mixed = sum(g[..., None] * part for g, part in zip(gates, (compressed, selected, near)))
        output = module.o_proj(mixed.reshape(1, time, -1))
    whole = time // block
    parts = (k, v, pooled[0][:, :whole], pooled[1][:, :whole])
    state = torch.cat([part.transpose(1, 2).flatten() for part in parts])
    return record("native-sparse", dict(c, seed=seed), module, x, output, state)


def first(make, c):
    return next(fixture for seed in range(1, 10_000) if (fixture := make(c, seed)))


def main():
    fixtures = [first(deepseek, c) for c in DEEPSEEK] + [first(native_sparse, c) for c in NSA]
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("sparse.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
