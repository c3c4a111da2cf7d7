"""A plain statement of RWKV-7 in torch, with the tensors and the configuration of flash-linear-attention (`rwkv7`).

One token after another, as in Peng et al., "RWKV-7 'Goose' with Expressive Dynamic State Evolution" (2025); the same
formulas as the time mix of the rwkv package, which make_channel_fixtures.py holds against ours by itself.
"""

import json
import random
import shutil

import torch
from safetensors.torch import load_file, save_file


class RWKV7:
    """A model over the tensors of a folder, callable as the models of transformers are."""

    def __init__(self, folder, dtype):
        self.config = json.loads((folder / "config.json").read_text())
        self.w = {name: tensor.to(dtype) for name, tensor in load_file(folder / "model.safetensors").items()}

    def __call__(self, input_ids, use_cache=False):
        self.logits = self.forward(input_ids[0])[None]
        return self

    def norm(self, x, name):
        bias = self.w.get(f"{name}.bias")
        return torch.nn.functional.layer_norm(x, x.shape[-1:], self.w[f"{name}.weight"], bias, self.config["norm_eps"])

    def forward(self, ids):
        c, w = self.config, self.w
        x = w["model.embeddings.weight"][ids]
        if c["norm_first"]:
            x = self.norm(x, "model.layers.0.pre_norm")
        first = None
        for layer in range(c["num_hidden_layers"]):
            prefix = f"model.layers.{layer}."
            mixed, first = self.time_mix(self.norm(x, prefix + "attn_norm"), prefix + "attn.", first)
            x = x + mixed
            y = self.norm(x, prefix + "ffn_norm")
            z = y + self.delta(y) * w[prefix + "ffn.x_k"]
            x = x + torch.relu(z @ w[prefix + "ffn.key.weight"].T) ** 2 @ w[prefix + "ffn.value.weight"].T
        head = w.get("lm_head.weight", w["model.embeddings.weight"])
        return self.norm(x, "model.norm") @ head.T

    @staticmethod
    def delta(y):
        return torch.cat([torch.zeros_like(y[:1]), y[:-1]]) - y

    def time_mix(self, y, prefix, first):
        c, w = self.config, {name[len(prefix):]: tensor for name, tensor in self.w.items() if name.startswith(prefix)}
        size = c["head_dim"]
        heads, delta = y.shape[-1] // size, self.delta(y)
        shifts = w["x_x"].flatten(1) if "x_x" in w else [w[f"x_{n}"].flatten() for n in "rwkvag"]
        xr, xw, xk, xv, xa, xg = (y + delta * shift for shift in shifts)

        def lora(name, x, activation):
            y = activation(x @ w[f"{name}_lora.lora.0.weight"].T) @ w[f"{name}_lora.lora.2.weight"].T
            return y + w.get(f"{name}_lora.lora.2.bias", 0)

        same = lambda x: x
        r, k, v = xr @ w["r_proj.weight"].T, xk @ w["k_proj.weight"].T, xv @ w["v_proj.weight"].T
        decay = torch.exp(-torch.exp(torch.tensor(-0.5, dtype=y.dtype)) * torch.sigmoid(lora("w", xw, torch.tanh)))
        first = v if first is None else first
        if first is not v:
            v = v + (first - v) * torch.sigmoid(lora("v", xv, same))
        a, g = torch.sigmoid(lora("a", xa, same)), lora("g", xg, torch.sigmoid)
        kappa = (k * w["k_k"]).unflatten(-1, (heads, size))
        kappa = kappa / kappa.norm(dim=-1, keepdim=True).clamp_min(1e-12)
        k = k * (1 + (a - 1) * w["k_a"])
        r, k, v, a, decay = (t.unflatten(-1, (heads, size)) for t in (r, k, v, a, decay))
        state, outputs = torch.zeros(heads, size, size, dtype=y.dtype), []
        for t in range(y.shape[0]):
            read = torch.einsum("hk,hkv->hv", kappa[t], state)
            state = decay[t][..., None] * state - (kappa[t] * a[t])[..., None] * read[:, None] + k[t][..., None] * v[t][:, None]
            outputs.append(torch.einsum("hk,hkv->hv", r[t], state))
        o = torch.stack(outputs).flatten(1)
        o = torch.nn.functional.group_norm(o, heads, w["g_norm.weight"], w["g_norm.bias"], size * c["norm_eps"])
        bonus = (r * k * w["r_k"].view(heads, size)).sum(-1, keepdim=True) * v
        return ((o + bonus.flatten(1)) * g) @ w["o_proj.weight"].T, first


def checkpoint(seed, folder, vocabulary, reference):
    """Makes a random checkpoint and its reference."""
    r, g = random.Random(f"rwkv7 {seed}"), torch.Generator().manual_seed(seed)
    size, heads = r.choice((4, 8)), r.choice((2, 3))
    width = size * heads
    c = {
        "model_type": "rwkv7", "architectures": ["RWKV7ForCausalLM"], "hidden_size": width, "head_dim": size,
        "num_heads": None, "num_hidden_layers": r.choice((2, 3)), "vocab_size": vocabulary, "norm_eps": r.choice((1e-5, 1e-3)),
        "norm_first": r.random() < 0.8, "norm_bias": r.random() < 0.8, "hidden_act": "sqrelu", "hidden_ratio": 4.0,
        "intermediate_size": r.choice((None, 20)), "decay_low_rank_dim": r.choice((None, 6)), "a_low_rank_dim": 5,
        "v_low_rank_dim": 3, "gate_low_rank_dim": 7, "tie_word_embeddings": False, "fuse_norm": False,
        "attn_mode": "chunk", "use_cache": True, "bos_token_id": 1, "eos_token_id": 2,
    }
    hidden = c["intermediate_size"] or (4 * width + 31) // 32 * 32
    decay = c["decay_low_rank_dim"] or max(32, round(2.5 * width ** 0.5 * size / 64 / 32) * 32)
    ranks = {"w": decay, "a": 5, "v": 3, "g": 7}

    def normal(*shape, scale=1.0, centre=0.0):
        return centre + scale * torch.randn(*shape, generator=g)

    def matrix(rows, columns):
        return normal(rows, columns, scale=1.2 / columns ** 0.5)

    tensors = {"model.embeddings.weight": normal(vocabulary, width), "lm_head.weight": matrix(vocabulary, width)}

    def norm(name):
        tensors[name + ".weight"] = normal(width, scale=0.3, centre=1)
        if c["norm_bias"]:
            tensors[name + ".bias"] = normal(width, scale=0.3)

    norm("model.norm")
    if c["norm_first"]:
        norm("model.layers.0.pre_norm")
    fused = r.random() < 0.3
    for layer in range(c["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        norm(prefix + "attn_norm")
        norm(prefix + "ffn_norm")
        attn = prefix + "attn."
        if fused:
            tensors[attn + "x_x"] = normal(6, 1, 1, width, scale=0.3, centre=0.5)
        else:
            tensors |= {f"{attn}x_{n}": normal(1, 1, width, scale=0.3, centre=0.5) for n in "rwkvag"}
        tensors |= {f"{attn}{n}_proj.weight": matrix(width, width) for n in "rkvo"}
        for name, rank in ranks.items():
            if name == "v" and layer == 0:
                continue
            tensors[f"{attn}{name}_lora.lora.0.weight"] = matrix(rank, width)
            tensors[f"{attn}{name}_lora.lora.2.weight"] = matrix(width, rank)
            if name != "g":
                tensors[f"{attn}{name}_lora.lora.2.bias"] = normal(width)
        tensors |= {attn + "k_k": normal(width, scale=0.2, centre=0.8), attn + "k_a": normal(width, scale=0.2, centre=1),
                    attn + "r_k": normal(heads, size, scale=0.3), attn + "g_norm.weight": normal(width, scale=0.2, centre=1),
                    attn + "g_norm.bias": normal(width, scale=0.2), prefix + "ffn.x_k": normal(width, scale=0.3, centre=0.5),
                    prefix + "ffn.key.weight": matrix(hidden, width), prefix + "ffn.value.weight": matrix(width, hidden)}
    dtype = r.choice((torch.float32, torch.bfloat16, torch.float16))
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    save_file({name: tensor.to(dtype).contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(c, indent=2) + "\n")
    return reference(RWKV7(folder, torch.float32), RWKV7(folder, torch.float64), r, folder)
