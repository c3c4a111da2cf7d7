#!/usr/bin/env python3
"""Writes gguf/: blocks of every quantised type with what the gguf package makes of them, and tiny models.

    /tmp/fixtures/bin/pip install gguf torch==2.13.0+cpu transformers==5.23.0
    /tmp/fixtures/bin/python Tests/Fixtures/make_gguf_fixtures.py

The models are checkpoints of systems/ and one of Gemma 3, rearranged as llama.cpp's converter does: rows of queries and keys of Llama in
interleaved pairs, one added to Gemma's norms. They must give the logits of those checkpoints.
"""

import json
import pathlib
import random
import shutil
import tempfile

import gguf
import make_system_fixtures as systems
import numpy
import torch
import transformers
from safetensors.torch import load_file

FIXTURES = pathlib.Path(__file__).parent
TYPES = "Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q4_K Q5_K Q6_K IQ4_NL BF16 F16 F32".split()
NAMES = {
    "input_layernorm": "attn_norm", "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm", "self_attn.k_norm": "attn_k_norm",
    "post_attention_layernorm": "ffn_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}
GEMMA = NAMES | {
    "pre_feedforward_layernorm": "ffn_norm", "post_attention_layernorm": "post_attention_norm",
    "post_feedforward_layernorm": "post_ffw_norm"}
OUTER = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}


def blocks():
    generator = numpy.random.default_rng(1)
    result = []
    for name in TYPES:
        kind = gguf.GGMLQuantizationType[name]
        count, size = gguf.GGML_QUANT_SIZES[kind]
        number = 3 if count > 1 else 40
        data = generator.integers(0, 256, (number, size), dtype=numpy.uint8)
        # Scales that are numbers: the first bytes of most, the last of Q6_K.
        places = {"Q6_K": [208], "Q4_1": [0, 2], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2]}.get(name, [0])
        for place in places if count > 1 else []:
            scales = (generator.standard_normal(number) * 0.1).astype(numpy.float16)
            data[:, place:place + 2] = scales.view(numpy.uint8).reshape(number, 2)
        if count == 1:
            values = generator.standard_normal(number).astype(numpy.float32)
            data = {"F32": values, "F16": values.astype(numpy.float16),
                    "BF16": (values.view(numpy.uint32) >> 16).astype(numpy.uint16)}[name].view(numpy.uint8).reshape(number, size)
        raw = data.reshape(1, -1)
        typed = raw if name not in ("F32", "F16") else raw.view({"F32": numpy.float32, "F16": numpy.float16}[name])
        values = gguf.quants.dequantize(typed, kind).astype(numpy.float32).flatten()
        result.append({"type": name, "number": int(kind), "bytes": raw.flatten().tolist(),
                       "values": [float(f"{v:.9g}") for v in values.tolist()]})
    return result


def permute(tensor, heads):
    return tensor.reshape(heads, 2, tensor.shape[0] // heads // 2, *tensor.shape[1:]).transpose(1, 2).reshape(tensor.shape)


def model(source, target, architecture, kind):
    c = json.loads((source / "config.json").read_text())
    rope = c.get("rope_parameters") or {"rope_theta": c["rope_theta"]} | (c.get("rope_scaling") or {})
    writer = gguf.GGUFWriter(target, architecture)
    writer.add_block_count(c["num_hidden_layers"])
    writer.add_embedding_length(c["hidden_size"])
    writer.add_feed_forward_length(c["intermediate_size"])
    writer.add_context_length(256)
    writer.add_head_count(c["num_attention_heads"])
    writer.add_head_count_kv(c["num_key_value_heads"])
    writer.add_layer_norm_rms_eps(c["rms_norm_eps"])
    head = c.get("head_dim") or c["hidden_size"] // c["num_attention_heads"]
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_vocab_size(c["vocab_size"])
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(c["vocab_size"])])
    if architecture == "gemma3":
        full = rope["full_attention"]
        writer.add_rope_freq_base(full["rope_theta"])
        writer.add_key_value("gemma3.rope.freq_base_swa", rope["sliding_attention"]["rope_theta"], gguf.GGUFValueType.FLOAT32)
        writer.add_sliding_window(c["sliding_window"])
    else:
        full = rope
        writer.add_rope_freq_base(rope["rope_theta"])
    if full.get("rope_type", full.get("type", "default")) == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(full["factor"])
    tensors = {}
    for file in sorted(source.glob("model*.safetensors")):
        tensors |= load_file(file)
    for name, tensor in tensors.items():
        tensor = tensor.float()
        stem, leaf = name.rsplit(".", 1)
        if stem in OUTER:
            stem = OUTER[stem]
        else:
            layer, own = stem.removeprefix("model.layers.").split(".", 1)
            stem = f"blk.{layer}.{(GEMMA if architecture == 'gemma3' else NAMES)[own]}"
            if architecture == "llama" and own in ("self_attn.q_proj", "self_attn.k_proj"):
                tensor = permute(tensor, c["num_attention_heads"] if "q_proj" in own else c["num_key_value_heads"])
        if architecture == "gemma3" and "norm" in stem:
            tensor = tensor + 1
        array = tensor.numpy()
        if tensor.ndim == 2 and kind == "F16":
            writer.add_tensor(f"{stem}.{leaf}", array.astype(numpy.float16))
        else:
            writer.add_tensor(f"{stem}.{leaf}", array)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def plain(folder, model_class, config, seed):
    """A checkpoint of what llama.cpp takes for granted, and its reference."""
    model = model_class._from_config(config, dtype=torch.float32).eval()
    systems.randomise(model, torch.Generator().manual_seed(seed))
    model.half().save_pretrained(folder)
    load = lambda precision: model_class.from_pretrained(folder, dtype=precision).eval()
    r = random.Random(f"gguf {seed}")
    assert systems.reference(load(torch.float32), load(torch.float64), r, folder) is not None
    return folder


SIZES = dict(
    hidden_size=16, intermediate_size=24, num_attention_heads=2, num_key_value_heads=1, head_dim=8, vocab_size=64,
    rms_norm_eps=1e-6, bos_token_id=0, eos_token_id=1, pad_token_id=None)


def gemma(folder):
    """The scale of a head's width, every sixth layer full, windows with a base of their own."""
    types = ["full_attention" if (i + 1) % 6 == 0 else "sliding_attention" for i in range(7)]
    config = transformers.Gemma3TextConfig(
        **SIZES, num_hidden_layers=7, query_pre_attn_scalar=8, sliding_window=5, layer_types=types, rope_parameters={
            "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
            "full_attention": {"rope_type": "linear", "rope_theta": 1e6, "factor": 8.0}})
    return plain(folder, transformers.Gemma3ForCausalLM, config, 3)


def qwen(folder):
    config = transformers.Qwen3Config(
        **SIZES, num_hidden_layers=2, rope_parameters={"rope_type": "default", "rope_theta": 1e6})
    return plain(folder, transformers.Qwen3ForCausalLM, config, 4)


def main():
    target = FIXTURES / "gguf"
    target.mkdir(exist_ok=True)
    (target / "blocks.json").write_text(json.dumps(blocks(), separators=(",", ":")) + "\n")
    with tempfile.TemporaryDirectory() as temporary:
        temporary = pathlib.Path(temporary)
        folders = {"llama": source("llama"), "qwen3": qwen(temporary / "qwen3"), "gemma3": gemma(temporary / "gemma3")}
        for architecture, folder in folders.items():
            c = json.loads((folder / "config.json").read_text())
            model(folder, target / f"{architecture}.gguf", architecture, "F16" if c["dtype"] == "float16" else "F32")
            shutil.copy(folder / "reference.safetensors", target / f"{architecture}.safetensors")
            print(architecture, folder)


def source(system):
    """The first checkpoint of a system that this format can hold."""
    for path in sorted((FIXTURES / "systems").glob(f"{system}-*")):
        c = json.loads((path / "config.json").read_text())
        rope = c.get("rope_parameters") or c.get("rope_scaling") or {}
        if (rope.get("rope_type", rope.get("type", "default")) in ("default", "linear") and c["hidden_act"] == "silu"
                and not c.get("use_sliding_window")):
            return path
    raise SystemExit(f"no checkpoint of {system} fits")


if __name__ == "__main__":
    main()
