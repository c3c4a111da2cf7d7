#!/usr/bin/env python3
"""Writes feed_forwards.json: tiny random feed-forwards of published implementations, their inputs and outputs.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_feed_forward_fixtures.py

Mixtures of experts: MiniMax-M2 (MiniMaxM2SparseMoeBlock: sigmoid and a bias for the choice), Qwen3-Next
(Qwen3NextSparseMoeBlock: softmax and a gated shared expert), Granite 4.0 (GraniteMoeHybridMoE with its shared MLP:
softmax over the chosen), DeepSeek-V3.2 (DeepseekV32MoE: sigmoid, groups, a scale, a shared expert). Gated MLPs: Llama,
Gemma 3. Weights keep the published names and layouts; the tests map them to ours. Arrays are
{"shape": [...], "values": [...]}; in a configuration `scale` is in thousandths. Feed-forwards have no state.
"""

import json
import pathlib

import torch
import transformers
from transformers.models.deepseek_v32 import modeling_deepseek_v32 as deepseek
from transformers.models.gemma3 import modeling_gemma3 as gemma3
from transformers.models.granitemoehybrid import modeling_granitemoehybrid as granite
from transformers.models.llama import modeling_llama as llama
from transformers.models.minimax_m2 import modeling_minimax_m2 as minimax_m2
from transformers.models.qwen3_next import modeling_qwen3_next as qwen3_next

TIME = 23


def randomise(module, generator):
    """Weights large enough that every part matters; the bias of a choice among them."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            parameter.copy_(2 * noise / parameter.shape[-1] ** 0.5)
        for name, buffer in module.named_buffers():
            if name.endswith("e_score_correction_bias"):
                buffer.copy_(0.3 * torch.randn(buffer.shape, generator=generator))


def array(tensor):
    values = tensor.detach().to(torch.float32).flatten().tolist()
    return {"shape": list(tensor.shape), "values": [float(f"{value:.9g}") for value in values]}


def fixture(name, configuration, module, generator):
    module.eval()
    randomise(module, generator)
    x = torch.randn(1, TIME, configuration["width"], generator=generator)
    with torch.no_grad():
        output = module(x)
    weights = {key: array(value) for key, value in module.named_parameters()}
    weights.update({key: array(value) for key, value in module.named_buffers()})
    return {
        "mixer": name,
        "configuration": dict(configuration, time=TIME),
        "weights": weights,
        "input": array(x[0]),
        "output": array(output[0]),
        "state": {"shape": [0], "values": []},
    }


class WithShared(torch.nn.Module):
    """A Granite layer's mixture and its shared MLP, as GraniteMoeHybridDecoderLayer adds them."""

    def __init__(self, config):
        super().__init__()
        self.moe = granite.GraniteMoeHybridMoE(config)
        self.shared_mlp = granite.GraniteMoeHybridMLP(config)

    def forward(self, x):
        return self.moe(x) + self.shared_mlp(x)


def make(name, seed, **c):
    common = dict(
        hidden_size=c["width"], num_experts_per_tok=c.get("top_k"), vocab_size=16, num_hidden_layers=1,
        num_attention_heads=2, num_key_value_heads=2,
    )
    if name == "minimax-m2":
        config = transformers.MiniMaxM2Config(
            **common, intermediate_size=c["hidden"], num_local_experts=c["experts"], head_dim=4)
        module = minimax_m2.MiniMaxM2SparseMoeBlock(config)
    elif name == "qwen3-next":
        config = transformers.Qwen3NextConfig(
            **common, moe_intermediate_size=c["hidden"], num_experts=c["experts"], head_dim=4,
            shared_expert_intermediate_size=c["shared"] * c["hidden"], norm_topk_prob=bool(c["renormalise"]))
        module = qwen3_next.Qwen3NextSparseMoeBlock(config)
    elif name == "granite":
        config = transformers.GraniteMoeHybridConfig(
            **common, intermediate_size=c["hidden"], num_local_experts=c["experts"],
            shared_intermediate_size=c["shared"] * c["hidden"], layer_types=["attention"], mamba_n_heads=2, mamba_d_head="auto")
        module = WithShared(config)
    elif name == "deepseek-v3.2":
        config = transformers.DeepseekV32Config(
            **common, moe_intermediate_size=c["hidden"], n_routed_experts=c["experts"], n_shared_experts=c["shared"],
            n_group=c["groups"], topk_group=c["open_groups"], norm_topk_prob=bool(c["renormalise"]),
            routed_scaling_factor=c["scale"] / 1000)
        module = deepseek.DeepseekV32MoE(config)
    elif name == "gemma3":
        config = transformers.Gemma3TextConfig(**common, intermediate_size=c["hidden"])
        module = gemma3.Gemma3MLP(config)
    else:
        config = transformers.LlamaConfig(**common, intermediate_size=c["hidden"])
        module = llama.LlamaMLP(config)
    config._experts_implementation = "eager"
    return fixture(name, c, module, torch.Generator().manual_seed(seed))


FIXTURES = [
    make("minimax-m2", 1, width=12, experts=6, top_k=2, hidden=5),
    make("minimax-m2", 2, width=16, experts=5, top_k=3, hidden=8),
    make("qwen3-next", 3, width=12, experts=6, top_k=2, hidden=5, shared=1, renormalise=1),
    make("qwen3-next", 4, width=8, experts=8, top_k=3, hidden=4, shared=2, renormalise=0),
    make("granite", 5, width=12, experts=6, top_k=3, hidden=5, shared=2),
    make("granite", 6, width=16, experts=4, top_k=1, hidden=8, shared=1),
    make("deepseek-v3.2", 7, width=12, experts=8, top_k=3, hidden=4, shared=1, groups=4, open_groups=2,
         renormalise=1, scale=2500),
    make("deepseek-v3.2", 8, width=16, experts=6, top_k=2, hidden=4, shared=2, groups=1, open_groups=1,
         renormalise=0, scale=1500),
    make("gemma3", 9, width=12, hidden=20),
    make("gemma3", 10, width=16, hidden=7),
    make("llama", 11, width=12, hidden=20),
    make("llama", 12, width=16, hidden=9),
]

target = pathlib.Path(__file__).parent / "feed_forwards.json"
target.write_text(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__,
                              "fixtures": FIXTURES}) + "\n")
print(target, target.stat().st_size, "bytes")
