"""Holds the swaps of `assay logits --swaps` against transformers with its attention patched, on a folder of a Llama.

    python compare_swaps.py ASSAY FOLDER        (needs torch, transformers, safetensors)

Prints, for each swap and both paths, the largest difference over the largest logit, and what the swap changes.
"""

import math
import pathlib
import random
import subprocess
import sys
import tempfile

import torch
import transformers.models.llama.modeling_llama as llama
from safetensors.torch import load_file
from transformers import LlamaForCausalLM

assay, folder = sys.argv[1], sys.argv[2]
model = LlamaForCausalLM.from_pretrained(folder, attn_implementation="eager").float().eval()
random.seed(1)
ids = [random.randrange(model.config.vocab_size) for _ in range(60)]
options = {}


def attention(module, query, key, value, mask, scaling, dropout=0.0, **_):
    groups = module.num_key_value_groups
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    scores = query @ key.transpose(2, 3) * scaling
    t, s = torch.arange(scores.shape[-1])[:, None], torch.arange(scores.shape[-1])[None, :]
    visible = s <= t
    if "window" in options:
        window, sinks = options["window"]
        visible = visible & ((t - s < window) | (s < sinks))
    scores = scores.masked_fill(~visible, -math.inf)
    if "top" in options:
        least = scores.topk(min(options["top"], scores.shape[-1]), -1).values[..., -1:]
        scores = scores.masked_fill(scores < least, -math.inf)
    probabilities = scores.softmax(-1)
    if options.get("head", (None,))[0] == module.layer_idx:
        probabilities = probabilities.clone()
        probabilities[:, options["head"][1]] = 0
    if options.get("layer") == module.layer_idx:
        probabilities = probabilities * 0
    return (probabilities @ value).transpose(1, 2).contiguous(), probabilities


plain_rotary = llama.apply_rotary_pos_emb


def rotary(query, key, cosines, sines, unsqueeze_dim=1):
    if options.get("still"):
        return query, key
    shift = options.get("shift", 0)
    positions = torch.arange(query.shape[2])[None]
    queries = model.model.rotary_emb(query, positions + max(shift, 0))
    keys = model.model.rotary_emb(key, positions + max(-shift, 0))
    return plain_rotary(query, key, *queries)[0], plain_rotary(query, key, *keys)[1]


llama.eager_attention_forward = attention
llama.apply_rotary_pos_emb = rotary


def theirs(**chosen):
    options.clear()
    options.update(chosen)
    with torch.no_grad():
        return model(torch.tensor([ids])).logits[0]


def ours(swaps, path):
    with tempfile.TemporaryDirectory() as scratch:
        output = pathlib.Path(scratch) / "logits.safetensors"
        command = [assay, "logits", folder, "--ids", ",".join(map(str, ids)), "--path", path, "--output", str(output)]
        subprocess.run(command + (["--swaps", swaps] if swaps else []), check=True, stdout=subprocess.DEVNULL)
        return load_file(output)["logits"]


plain = theirs()
cases = {
    "": {}, "window=16": {"window": (16, 0)}, "window=16+4": {"window": (16, 4)}, "top-k=8": {"top": 8},
    "window=16+4:top-k=5": {"window": (16, 4), "top": 5}, "no-rotary": {"still": True},
    "shift-positions=3": {"shift": 3}, "shift-positions=-2": {"shift": -2}, "drop=1": {"layer": 1},
    "drop-head=0.2": {"head": (0, 2)},
}
for swaps, chosen in cases.items():
    expected = theirs(**chosen)
    scale = expected.abs().max()
    errors = [((ours(swaps, path) - expected).abs().max() / scale).item() for path in ("parallel", "recurrent")]
    change = ((expected - plain).abs().max() / scale).item()
    print(f"{swaps or 'plain':24s} parallel {errors[0]:.1e}  recurrent {errors[1]:.1e}  changes logits by {change:.2f}")
