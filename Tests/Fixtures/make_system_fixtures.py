#!/usr/bin/env python3
"""Makes tiny random checkpoints of published systems, with the logits and the greedy tokens of their own implementation.

    python3 -m venv /tmp/fixtures && /tmp/fixtures/bin/pip install torch==2.13.0+cpu transformers==5.23.0 safetensors numpy
    /tmp/fixtures/bin/python Tests/Fixtures/make_system_fixtures.py                      # writes Tests/Fixtures/systems/
    /tmp/fixtures/bin/python Tests/Fixtures/make_system_fixtures.py --sweep 12 --output /tmp/sweep [--systems llama,qwen3]

flash-linear-attention must not be installed: transformers would use its kernels, which do not run here.

Every configuration is drawn from its seed: head counts, widths of heads, groups, layer patterns, biases, tying, kinds of
rotary scaling, the element type and whether the file is sharded. A folder holds the checkpoint as transformers saves it
(at times with the keys of older releases), and reference.safetensors: `ids`, `logits` [positions, vocabulary] of the
model in double precision, `greedy`, 16 tokens each taken by computing the whole sequence again (the caches of some
models are wrong), and `noise`, the largest difference of the logits in single precision. Ids are drawn anew until no
greedy token is near a tie. RWKV-7, which transformers does not have, is a plain statement in rwkv_reference.py.
"""

import argparse
import json
import pathlib
import random
import shutil
import sys

import torch
import transformers
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(pathlib.Path(__file__).parent))
transformers.logging.set_verbosity_error()
VOCABULARY = 64
GREEDY = 16


def pick(r, *values):
    return r.choice(values)


def rope(r, dimension=None, kinds=("default", "default", "linear", "llama3", "yarn"), **more):
    """Rotary parameters of some kind."""
    kind = pick(r, *kinds)
    result = {"rope_theta": pick(r, 1000.0, 10000.0, 500000.0), "rope_type": kind} | more
    if kind != "default":
        result["factor"] = pick(r, 2.0, 4.0, 8.0)
    if kind == "llama3":
        result |= {"low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": pick(r, 16, 64)}
    if kind == "yarn":
        result |= {"original_max_position_embeddings": pick(r, 16, 64, 256)}
        if r.random() < 0.4:
            result |= {"beta_fast": 16.0, "beta_slow": 2.0}
        if r.random() < 0.3:
            result["truncate"] = False
        if r.random() < 0.3:
            result |= {"mscale": 1.0, "mscale_all_dim": pick(r, 0.5, 1.0)}
        elif r.random() < 0.3:
            result["attention_factor"] = 1.2
    return result


def widths(r):
    """Heads, key-value heads and a width that they divide."""
    groups, keys = pick(r, 1, 2, 3), pick(r, 1, 2)
    heads = groups * keys
    return {
        "hidden_size": heads * pick(r, 4, 6, 8), "num_attention_heads": heads, "num_key_value_heads": keys,
        "intermediate_size": pick(r, 20, 32, 44), "vocab_size": VOCABULARY, "num_hidden_layers": pick(r, 2, 3, 4),
        "rms_norm_eps": pick(r, 1e-6, 1e-5, 1e-3), "tie_word_embeddings": r.random() < 0.5,
        "max_position_embeddings": 256, "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None,
    }


def layer_types(r, count, first, second):
    types = [pick(r, first, second) for _ in range(count)]
    if len(set(types)) == 1:
        types[r.randrange(count)] = second if types[0] == first else first
    return types


def llama(r):
    head = pick(r, None, 4, 8, 12)
    c = widths(r)
    if head is None and (c["hidden_size"] // c["num_attention_heads"]) % 2:
        head = 8
    return transformers.LlamaConfig, transformers.LlamaForCausalLM, c | {
        "head_dim": head, "attention_bias": r.random() < 0.5, "mlp_bias": r.random() < 0.5, "rope_parameters": rope(r),
        "hidden_act": pick(r, "silu", "silu", "gelu_pytorch_tanh")}


def qwen3(r):
    c = widths(r)
    sliding = r.random() < 0.4
    return transformers.Qwen3Config, transformers.Qwen3ForCausalLM, c | {
        "head_dim": pick(r, 4, 8, 12), "attention_bias": r.random() < 0.4, "rope_parameters": rope(r),
        "use_sliding_window": sliding, "sliding_window": pick(r, 3, 5), "max_window_layers": pick(r, 0, 1, 2)}


def experts(r, prefix="num_local_experts"):
    count = pick(r, 3, 4, 6)
    return {prefix: count, "num_experts_per_tok": pick(r, 1, 2, min(3, count))}


def minimax_m2(r):
    head = pick(r, 4, 8, 12)
    return transformers.MiniMaxM2Config, transformers.MiniMaxM2ForCausalLM, widths(r) | experts(r) | {
        "head_dim": head, "intermediate_size": pick(r, 8, 12),
        "rope_parameters": rope(r, partial_rotary_factor=pick(r, 0.5, 1.0))}


def minimax(r):
    c = widths(r)
    # Lightning layers have as many key heads as query heads.
    factors = {f"{part}_{letter}_factor": pick(r, 1, 0.7, 1.8, 3.5) for part in ("full_attn", "linear_attn", "mlp")
               for letter in ("alpha", "beta")}
    return transformers.MiniMaxConfig, transformers.MiniMaxForCausalLM, c | experts(r) | factors | {
        "head_dim": pick(r, 4, 8, 12), "intermediate_size": pick(r, 8, 12), "block_size": pick(r, 8, 16, 256),
        "layer_types": layer_types(r, c["num_hidden_layers"], "full_attention", "linear_attention"),
        "rope_parameters": rope(r)}


def delta(r):
    keys = pick(r, 1, 2, 3)
    return {"linear_num_key_heads": keys, "linear_num_value_heads": keys * pick(r, 1, 2, 3),
            "linear_key_head_dim": pick(r, 4, 8), "linear_value_head_dim": pick(r, 4, 8, 12),
            "linear_conv_kernel_dim": pick(r, 2, 3, 4)}


def qwen3_next(r):
    c = widths(r)
    dense = [i for i in range(c["num_hidden_layers"]) if r.random() < 0.3]
    return transformers.Qwen3NextConfig, transformers.Qwen3NextForCausalLM, c | delta(r) | experts(r, "num_experts") | {
        "head_dim": pick(r, 8, 16), "attention_bias": r.random() < 0.3, "moe_intermediate_size": pick(r, 8, 12),
        "shared_expert_intermediate_size": pick(r, 8, 12, 20), "norm_topk_prob": r.random() < 0.7,
        "mlp_only_layers": dense, "decoder_sparse_step": pick(r, 1, 1, 2),
        "layer_types": layer_types(r, c["num_hidden_layers"], "linear_attention", "full_attention"),
        "rope_parameters": rope(r, partial_rotary_factor=pick(r, 0.25, 0.5))}


def qwen3_5(r):
    c = widths(r)
    return transformers.Qwen3_5TextConfig, transformers.Qwen3_5ForCausalLM, c | delta(r) | {
        "head_dim": pick(r, 8, 16), "attention_bias": r.random() < 0.3,
        "layer_types": layer_types(r, c["num_hidden_layers"], "linear_attention", "full_attention"),
        "rope_parameters": rope(r, kinds=("default",), partial_rotary_factor=pick(r, 0.25, 0.5),
                                mrope_section=[1, 1, 0])}


def latent(r):
    return {"kv_lora_rank": pick(r, 8, 12), "qk_rope_head_dim": pick(r, 2, 4, 6), "qk_nope_head_dim": pick(r, 4, 6, 8),
            "v_head_dim": pick(r, 4, 6, 10)}



def sparse(r, name):
    c = {name: 4, "n_group": 1, "topk_group": 1} if r.random() < 0.5 else {
        name: 6, "n_group": pick(r, 2, 3), "topk_group": pick(r, 1, 2)}
    c["num_experts_per_tok"] = pick(r, 1, 2)
    return c | {"moe_intermediate_size": pick(r, 8, 12), "n_shared_experts": pick(r, 1, 2),
                "routed_scaling_factor": pick(r, 1.0, 2.4), "norm_topk_prob": r.random() < 0.7}


def kimi_linear(r):
    c = widths(r)
    c["num_key_value_heads"] = c["num_attention_heads"]
    c["tie_word_embeddings"] = False
    count = c["num_hidden_layers"]
    return transformers.KimiLinearConfig, transformers.KimiLinearForCausalLM, c | latent(r) | sparse(r, "num_local_experts") | {
        "q_lora_rank": pick(r, None, 8), "linear_head_dim": pick(r, 4, 8), "linear_num_heads": pick(r, 1, 2, 3),
        "linear_conv_kernel_dim": pick(r, 2, 4), "attention_bias": r.random() < 0.2,
        "layer_types": layer_types(r, count, "linear_attention", "full_attention"),
        "mlp_layer_types": ["dense"] + ["sparse"] * (count - 1)}


def lfm2(r):
    c = widths(r)
    c["norm_eps"] = c.pop("rms_norm_eps")
    if (c["hidden_size"] // c["num_attention_heads"]) % 2:
        c["hidden_size"] *= 2
    return transformers.Lfm2Config, transformers.Lfm2ForCausalLM, c | {
        "conv_L_cache": pick(r, 2, 3, 4), "conv_bias": r.random() < 0.5, "block_multiple_of": pick(r, 4, 8),
        "block_ffn_dim_multiplier": pick(r, 1.0, 1.3), "block_auto_adjust_ff_dim": r.random() < 0.6,
        "layer_types": layer_types(r, c["num_hidden_layers"], "conv", "full_attention"), "rope_parameters": rope(r)}


def granitemoehybrid(r):
    c = widths(r)
    if (c["hidden_size"] // c["num_attention_heads"]) % 2:
        c["hidden_size"] *= 2
    inner = 2 * c["hidden_size"]
    heads = pick(r, *[h for h in (2, 4, 6, 8) if inner % h == 0])
    moe = {"num_local_experts": 0} if r.random() < 0.4 else experts(r)
    limit = {"time_step_limit": (0.05, 0.6)} if r.random() < 0.25 else {}
    return transformers.GraniteMoeHybridConfig, transformers.GraniteMoeHybridForCausalLM, c | moe | limit | {
        "mamba_n_heads": heads, "mamba_n_groups": pick(r, 1, 2), "mamba_d_state": pick(r, 4, 8), "mamba_expand": 2,
        "mamba_d_conv": pick(r, 2, 4), "mamba_chunk_size": pick(r, 4, 16), "mamba_conv_bias": r.random() < 0.7,
        "mamba_proj_bias": r.random() < 0.3, "attention_bias": r.random() < 0.4, "embedding_multiplier": pick(r, 1.0, 3.0),
        "logits_scaling": pick(r, 1.0, 4.0), "residual_multiplier": pick(r, 1.0, 0.4), "attention_multiplier": pick(r, 0.3, 0.1),
        "intermediate_size": pick(r, 8, 12), "shared_intermediate_size": pick(r, 12, 20),
        "position_embedding_type": pick(r, "rope", "nope", None), "rope_parameters": rope(r, kinds=("default", "linear")),
        "layer_types": layer_types(r, c["num_hidden_layers"], "linear_attention", "full_attention")}


def gemma3_text(r):
    c = widths(r)
    return transformers.Gemma3TextConfig, transformers.Gemma3ForCausalLM, c | {
        "head_dim": pick(r, 4, 8, 12), "query_pre_attn_scalar": pick(r, 4, 9, 24), "sliding_window": pick(r, 3, 6),
        "attention_bias": r.random() < 0.3, "final_logit_softcapping": pick(r, None, 2.0, 30.0),
        "attn_logit_softcapping": pick(r, None, 50.0),
        "layer_types": layer_types(r, c["num_hidden_layers"], "sliding_attention", "full_attention"),
        "rope_parameters": {"sliding_attention": {"rope_type": "default", "rope_theta": 100.0},
                            "full_attention": rope(r, kinds=("default", "linear"))}}


def mamba2(r):
    hidden, head = pick(r, 16, 24), pick(r, 4, 8)
    limit = {"time_step_limit": (0.05, 0.6)} if r.random() < 0.25 else {}
    return transformers.Mamba2Config, transformers.Mamba2ForCausalLM, limit | {
        "hidden_size": hidden, "head_dim": head, "num_heads": 2 * hidden // head, "vocab_size": VOCABULARY,
        "state_size": pick(r, 4, 8), "num_hidden_layers": pick(r, 2, 3), "n_groups": pick(r, 1, 2), "expand": 2,
        "conv_kernel": pick(r, 2, 4), "use_bias": r.random() < 0.3, "use_conv_bias": r.random() < 0.7,
        "chunk_size": pick(r, 4, 16), "layer_norm_epsilon": pick(r, 1e-5, 1e-3), "tie_word_embeddings": r.random() < 0.5,
        "bos_token_id": 0, "eos_token_id": 1, "pad_token_id": None}


def deepseek_v32(r):
    # Many index heads: where all of a few are below zero, tokens tie, and which of them are chosen is undefined.
    c = widths(r)
    c["num_key_value_heads"] = c["num_attention_heads"]
    c["tie_word_embeddings"] = False
    l = latent(r)
    return transformers.DeepseekV32Config, transformers.DeepseekV32ForCausalLM, c | l | sparse(r, "n_routed_experts") | {
        "q_lora_rank": pick(r, 8, 12), "first_k_dense_replace": pick(r, 0, 1, 2), "attention_bias": r.random() < 0.25,
        "index_topk": pick(r, 4, 6, 64), "index_head_dim": l["qk_rope_head_dim"] + pick(r, 2, 6),
        "index_n_heads": 16, "rope_parameters": rope(r, kinds=("default", "yarn"))}


def gpt_oss(r):
    c = widths(r)
    kinds = {"rope_parameters": rope(r, kinds=("default", "yarn"))} if r.random() < 0.6 else {}
    return transformers.GptOssConfig, transformers.GptOssForCausalLM, c | experts(r) | kinds | {
        "head_dim": pick(r, 4, 8, 12), "sliding_window": pick(r, 3, 6), "swiglu_limit": pick(r, 7.0, 0.8),
        "intermediate_size": pick(r, 8, 12), "attention_bias": r.random() < 0.8}


def olmo_hybrid(r):
    c = widths(r)
    if (c["hidden_size"] // c["num_attention_heads"]) % 2:
        c["hidden_size"] *= 2
    return transformers.OlmoHybridConfig, transformers.OlmoHybridForCausalLM, c | delta(r) | {
        "linear_allow_neg_eigval": r.random() < 0.6, "attention_bias": r.random() < 0.25,
        "rope_parameters": None if r.random() < 0.6 else rope(r, kinds=("default",)),
        "layer_types": layer_types(r, c["num_hidden_layers"], "linear_attention", "full_attention")}


SYSTEMS = {f.__name__: f for f in (
    llama, qwen3, minimax_m2, gemma3_text, qwen3_next, lfm2, kimi_linear, granitemoehybrid, mamba2, minimax, deepseek_v32,
    gpt_oss, qwen3_5, olmo_hybrid)}


def randomise(model, generator):
    """Weights so large that every part of a layer matters."""
    def noise(tensor, scale):
        return torch.randn(tensor.shape, generator=generator) * scale

    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            leaf = name.rsplit(".", 1)[-1]
            if leaf in ("slope_rate", "query_decay", "key_decay", "diagonal_decay", "inv_freq"):
                continue
            if leaf == "A_log":
                tensor.copy_(noise(tensor, 0.5) - 0.5)
            elif leaf == "dt_bias":
                tensor.copy_(noise(tensor, 1.0) - 1)
            elif leaf == "e_score_correction_bias":
                tensor.copy_(noise(tensor, 0.3))
            elif leaf == "D" or leaf == "sinks":
                tensor.copy_(noise(tensor, 1.0))
            elif "conv" in name and leaf == "weight":
                tensor.copy_(noise(tensor, 0.5))
            elif leaf.endswith("bias"):
                tensor.copy_(noise(tensor, 0.3))
            elif tensor.ndim <= 1:
                tensor.add_(noise(tensor, 0.3))
            elif "embed" in name:
                tensor.copy_(noise(tensor, 1.0))
            else:
                fan = tensor.shape[-2] if leaf in ("gate_up_proj", "down_proj") and "GptOss" in type(model).__name__ else tensor.shape[-1]
                tensor.copy_(noise(tensor, 1.3 / fan ** 0.5))


def older_keys(r, path):
    """The keys of configurations as older releases write them, at times."""
    config = json.loads(path.read_text())
    parameters = config.get("rope_parameters")
    if not parameters or "full_attention" in parameters or r.random() < 0.5 or config["model_type"] == "gpt_oss":
        return
    del config["rope_parameters"]
    config["rope_theta"] = parameters.pop("rope_theta")
    if "partial_rotary_factor" in parameters:
        config["partial_rotary_factor"] = parameters.pop("partial_rotary_factor")
    kind = parameters.pop("rope_type", "default")
    if kind != "default":
        config["rope_scaling"] = {pick(r, "type", "rope_type"): kind} | parameters
    elif parameters:
        config["rope_scaling"] = {"rope_type": kind} | parameters
    path.write_text(json.dumps(config, indent=2) + "\n")


def logits_of(model, ids):
    with torch.no_grad():
        return model(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def reference(single, double, r, folder):
    """Draws ids until nothing is near a tie, and writes what the model makes of them."""
    for _ in range(60):
        ids = [r.randrange(VOCABULARY) for _ in range(r.randint(20, 40))]
        logits = logits_of(double, ids).double()
        noise = (logits_of(single, ids).double() - logits).abs().max().item()
        scale = logits.abs().max().item()
        sequence, margin = list(ids), float("inf")
        for _ in range(GREEDY):
            best = logits_of(double, sequence)[-1].double().topk(2)
            margin = min(margin, (best.values[0] - best.values[1]).item())
            sequence.append(best.indices[0].item())
        if margin > 2e-3 * scale and noise < 2e-4 * scale:
            break
    else:
        return None
    save_file({
        "ids": torch.tensor(ids), "logits": logits.float().contiguous(), "greedy": torch.tensor(sequence[len(ids):]),
        "noise": torch.tensor([noise], dtype=torch.float32)}, folder / "reference.safetensors")
    return noise / scale


def checkpoint(system, seed, folder):
    r = random.Random(f"{system} {seed}")
    config_class, model_class, values = SYSTEMS[system](r)
    dtype = pick(r, torch.float32, torch.bfloat16, torch.float16)
    model = model_class._from_config(config_class(**values), dtype=torch.float32).eval()
    randomise(model, torch.Generator().manual_seed(seed))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    model.to(dtype).save_pretrained(folder, max_shard_size="20KB" if r.random() < 0.3 else "1GB")
    older_keys(r, folder / "config.json")
    (folder / "generation_config.json").unlink(missing_ok=True)

    def load(precision):
        model = model_class.from_pretrained(
            folder, dtype=precision, attn_implementation="eager", experts_implementation="eager").eval()
        # Decays that are computed are in the file, too, perhaps rounded to its type.
        for module in model.modules():
            if hasattr(module, "get_slope_rate"):
                module.slope_rate = module.get_slope_rate().to(precision)
                module.query_decay, module.key_decay, module.diagonal_decay = (
                    factor.to(precision) for factor in module.decay_factors(module.slope_rate))
        return model

    return reference(load(torch.float32), load(torch.float64), r, folder)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sweep", type=int, default=2, help="configurations for each system")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path(__file__).with_name("systems"))
    parser.add_argument("--systems", default=",".join([*SYSTEMS, "rwkv7"]))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for system in arguments.systems.split(","):
        done, seed = 0, arguments.first
        while done < arguments.sweep:
            folder = arguments.output / f"{system}-{seed}"
            if system == "rwkv7":
                import rwkv_reference
                noise = rwkv_reference.checkpoint(seed, folder, VOCABULARY, reference)
            else:
                noise = checkpoint(system, seed, folder)
            seed += 1
            if noise is None:
                shutil.rmtree(folder)
                continue
            done += 1
            print(f"{folder}: noise {noise:.1e}", flush=True)


if __name__ == "__main__":
    main()
