#!/usr/bin/env python3
"""Writes attention.json: tiny random softmax layers of published implementations, and LFM2's gated convolution.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_attention_fixtures.py

All classes are those of transformers, run eagerly with a cache of every token; the state is what of it a decoder keeps:
keys then values of every key-value head, with a window those of its last tokens, the token at position t in entry
t % window; for multi-head latent attention the latents, then the shared keys. Weights keep the published names and
layouts; the tests map them to ours. Arrays are {"shape": [...], "values": [...]}.
"""

import json
import pathlib

import torch
import transformers
from transformers.models.deepseek_v3 import modeling_deepseek_v3 as deepseek_v3
from transformers.models.gemma3 import modeling_gemma3 as gemma3
from transformers.models.gpt_oss import modeling_gpt_oss as gpt_oss
from transformers.models.kimi_linear import modeling_kimi_linear as kimi
from transformers.models.lfm2 import modeling_lfm2 as lfm2
from transformers.models.minimax_m2 import modeling_minimax_m2 as minimax_m2
from transformers.models.qwen3_next import modeling_qwen3_next as qwen3_next

LFM2 = [
    dict(width=16, kernel=3, time=21, seed=1),
    dict(width=12, kernel=4, time=33, seed=2),
]
HEADS = dict(width=16, heads=4, key_value_heads=2, head_dimension=8)
MINIMAX_M2 = [
    dict(HEADS, rotary_dimension=4, base=5_000_000, time=21, seed=3),
    dict(HEADS, heads=3, key_value_heads=1, head_dimension=12, rotary_dimension=6, base=10_000, time=40, seed=4),
]
QWEN3_NEXT = [
    dict(HEADS, rotary_dimension=2, base=10_000_000, time=21, seed=5),
    dict(HEADS, heads=2, key_value_heads=2, head_dimension=16, rotary_dimension=4, base=10_000, time=40, seed=6),
]
GPT_OSS = [
    dict(HEADS, window=7, base=150_000, time=29, seed=7),
    dict(HEADS, heads=4, key_value_heads=1, head_dimension=6, window=0, base=150_000, time=34, seed=8),
]
GEMMA3 = [
    dict(HEADS, window=6, base=10_000, scalar=24, time=27, seed=9),
    dict(HEADS, heads=2, key_value_heads=1, window=0, base=1_000_000, scalar=8, time=33, seed=10),
]
LATENT = dict(width=16, heads=2, latent=12, query_latent=0, nope=8, rotary=4, value=6)
KIMI = [
    dict(LATENT, time=21, seed=11),
    dict(LATENT, heads=4, query_latent=10, nope=4, rotary=6, value=8, time=33, seed=12),
]
DEEPSEEK_V3 = [
    dict(LATENT, query_latent=10, base=10_000, time=25, seed=13),
    dict(LATENT, heads=3, query_latent=0, rotary=8, base=50_000, time=34, seed=14),
]


def randomise(module, generator):
    """Weights large enough that every part of the layer matters."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "norm" in name:
                # Norms that multiply by 1 + weight are centred on 0.
                parameter.copy_((0 if type(module) in ZERO_CENTRED else 1) + 0.2 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.5 * noise)
            else:
                parameter.copy_(noise / parameter.shape[-1] ** 0.5)


ZERO_CENTRED = (qwen3_next.Qwen3NextAttention, gemma3.Gemma3Attention)


def array(tensor):
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.6g}") for value in values]}


def fixture(name, configuration, module, run):
    """`run` gives the output and the parts of the state."""
    generator = torch.Generator().manual_seed(configuration["seed"])
    randomise(module, generator)
    x = torch.randn(1, configuration["time"], configuration["width"], generator=generator)
    with torch.no_grad():
        output, state = run(x)
    return {
        "mixer": name,
        "configuration": configuration,
        "weights": {key: array(value) for key, value in module.named_parameters()},
        "input": array(x[0]),
        "output": array(output[0]),
        "state": array(torch.cat([part.flatten() for part in state])),
    }


def mask(time, window):
    t = torch.arange(time)
    hidden = t[None] > t[:, None]
    if window:
        hidden |= t[:, None] - t[None] >= window
    return torch.zeros(time, time).masked_fill(hidden, float("-inf"))[None, None]


def angles(time, dimension, base):
    """Cosines and sines of rotary angles, as the models' own modules give them."""
    frequencies = base ** (-torch.arange(0, dimension, 2).float() / dimension)
    phases = torch.arange(time).float()[:, None] * frequencies
    return phases.cos()[None], phases.sin()[None]


def doubled(parts):
    """For both halves of a head, as all but gpt-oss want them."""
    return tuple(torch.cat((part, part), -1) for part in parts)


def kept(part, window):
    """The entries of a cache [1, heads, time, columns] where a decoder with a window keeps them."""
    time = part.shape[2]
    if not window or time <= window:
        return part
    last = torch.arange(time - window, time)
    ring = torch.empty_like(part[:, :, :window])
    ring[:, :, last % window] = part[:, :, last]
    return ring


def with_cache(module, c, **arguments):
    def run(x):
        cache = transformers.DynamicCache()
        window = c.get("window", 0)
        output = module(x, attention_mask=mask(c["time"], window), past_key_values=cache, **arguments)[0]
        layer = cache.layers[0]
        return output, [kept(layer.keys, window), kept(layer.values, window)]

    return run


def grouped(name, c, config_class, module_class, expand=doubled, **options):
    kind = "sliding_attention" if c.get("window") else "full_attention"
    config = config_class(
        hidden_size=c["width"], num_attention_heads=c["heads"], num_key_value_heads=c["key_value_heads"],
        head_dim=c["head_dimension"], num_hidden_layers=1, **options)
    if hasattr(config, "layer_types"):
        config.layer_types = [kind]
    config._attn_implementation = "eager"
    module = module_class(config, 0).eval()
    positions = expand(angles(c["time"], c.get("rotary_dimension", c["head_dimension"]), c["base"]))
    return fixture(name, c, module, with_cache(module, c, position_embeddings=positions))


def gated_convolution(c):
    config = transformers.Lfm2Config(
        hidden_size=c["width"], conv_L_cache=c["kernel"], conv_bias=False, num_hidden_layers=1, layer_types=["conv"])
    module = lfm2.Lfm2ShortConv(config, 0).eval()

    def run(x):
        b, _, inner = module.in_proj(x).chunk(3, dim=-1)
        return module(x), [(b * inner)[0, -(c["kernel"] - 1):]]

    return fixture("gated-convolution", c, module, run)


def latent(name, c, config_class, module_class, **arguments):
    config = config_class(
        hidden_size=c["width"], num_attention_heads=c["heads"], num_key_value_heads=c["heads"], num_hidden_layers=1,
        kv_lora_rank=c["latent"], q_lora_rank=c["query_latent"] or None, qk_nope_head_dim=c["nope"],
        qk_rope_head_dim=c["rotary"], v_head_dim=c["value"])
    config._attn_implementation = "eager"
    module = module_class(config, 0).eval()
    return fixture(name, c, module, with_cache(module, c, **arguments))


def main():
    fixtures = [gated_convolution(c) for c in LFM2]
    fixtures += [
        grouped("minimax-m2", c, transformers.MiniMaxM2Config, minimax_m2.MiniMaxM2Attention) for c in MINIMAX_M2]
    fixtures += [
        grouped("qwen3-next", c, transformers.Qwen3NextConfig, qwen3_next.Qwen3NextAttention) for c in QWEN3_NEXT]
    fixtures += [
        grouped("gpt-oss", c, transformers.GptOssConfig, gpt_oss.GptOssAttention, expand=tuple) for c in GPT_OSS]
    fixtures += [
        grouped(
            "gemma3", c, transformers.Gemma3TextConfig, gemma3.Gemma3Attention, query_pre_attn_scalar=c["scalar"])
        for c in GEMMA3]
    fixtures += [latent("kimi-linear", c, transformers.KimiLinearConfig, kimi.KimiLinearAttention) for c in KIMI]
    fixtures += [
        latent(
            "deepseek-v3", c, transformers.DeepseekV3Config, deepseek_v3.DeepseekV3Attention,
            position_embeddings=doubled(angles(c["time"], c["rotary"], c["base"])))
        for c in DEEPSEEK_V3]
    document = {"transformers": transformers.__version__, "torch": torch.__version__, "fixtures": fixtures}
    path = pathlib.Path(__file__).with_name("attention.json")
    path.write_text(json.dumps(document, separators=(",", ":")) + "\n")
    print(path, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
