"""Whole models of transformers: Llama, Qwen3-Next and Kimi-Linear with dense MLPs on Assay's weights, and released ones.

Only the names and the layouts differ; the maths are held against each other by the benchmark before it times anything.
"""

import math
import pathlib
import time

import torch
import transformers


class Turns:
    """What is timed of a model in evaluation mode, on one batch of prompts."""

    @torch.inference_mode()
    def prefill(self):
        return self.model(input_ids=self.tokens, logits_to_keep=1, use_cache=False).logits

    @torch.inference_mode()
    def time(self, kind, count):
        """Seconds of each of some prefills, or of each of some tokens after one."""
        seconds = []
        if kind == "prefill":
            for _ in range(count):
                start = time.perf_counter()
                self.prefill()
                seconds.append(time.perf_counter() - start)
            return seconds
        result = self.model(input_ids=self.tokens, use_cache=True, logits_to_keep=1)
        for _ in range(min(count, 64) + 1):
            token = result.logits[:, -1:].argmax(-1)
            start = time.perf_counter()
            result = self.model(input_ids=token, past_key_values=result.past_key_values, use_cache=True)
            seconds.append(time.perf_counter() - start)
        return seconds[1:]


class System(Turns):
    """A model in evaluation mode, and one prompt."""

    def __init__(self, shape, manifest, values):
        self.shape = shape
        self.weights = {}
        for entry in manifest["parameters"]:
            count = math.prod(entry["shape"])
            piece = torch.from_numpy(values[entry["offset"]:entry["offset"] + count].copy())
            self.weights[entry["name"]] = piece.reshape(entry["shape"])
        self.inner = shape["heads"] * shape["headDimension"]
        self.model = getattr(self, shape["mixer"].replace("-", "_"))()
        state = self.shared_state()
        for layer in range(shape["layers"]):
            prefix = f"model.layers.{layer}.mixer."
            own = {name.removeprefix(prefix): value for name, value in self.weights.items() if name.startswith(prefix)}
            state |= {f"model.layers.{layer}.{name}": value for name, value in self.mixer(own).items()}
        # Kimi-Linear has a head of its own even where the configuration ties it.
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
        self.model.load_state_dict(state)
        self.model.eval()
        self.tokens = torch.tensor(manifest["tokens"])[None]

    def common(self):
        shape = self.shape
        return dict(vocab_size=shape["vocabulary"], hidden_size=shape["width"], intermediate_size=shape["hidden"],
                    num_hidden_layers=shape["layers"], num_attention_heads=shape["heads"],
                    num_key_value_heads=shape["heads"], head_dim=shape["headDimension"],
                    rms_norm_eps=shape["epsilon"], tie_word_embeddings=True, max_position_embeddings=4096,
                    bos_token_id=None, eos_token_id=None, pad_token_id=None)

    def llama(self):
        config = transformers.LlamaConfig(
            **self.common(), rope_parameters={"rope_type": "default", "rope_theta": self.shape["rotaryBase"]})
        return transformers.LlamaForCausalLM(config)

    def qwen3_next(self):
        shape = self.shape
        config = transformers.Qwen3NextConfig(
            **self.common(), layer_types=self.layer_types(), mlp_only_layers=list(range(shape["layers"])),
            linear_num_key_heads=shape["heads"], linear_num_value_heads=shape["heads"],
            linear_key_head_dim=shape["headDimension"], linear_value_head_dim=shape["headDimension"],
            linear_conv_kernel_dim=shape["convolution"],
            rope_parameters={"rope_type": "default", "rope_theta": shape["rotaryBase"], "partial_rotary_factor": 0.25})
        return transformers.Qwen3NextForCausalLM(config)

    def kimi_linear(self):
        shape, dimension = self.shape, self.shape["headDimension"]
        config = transformers.KimiLinearConfig(
            **self.common(), layer_types=self.layer_types(), mlp_layer_types=["dense"] * shape["layers"],
            linear_num_heads=shape["heads"], linear_head_dim=dimension, linear_conv_kernel_dim=shape["convolution"],
            kv_lora_rank=2 * dimension, q_lora_rank=None, qk_nope_head_dim=dimension, qk_rope_head_dim=dimension // 2,
            v_head_dim=dimension)
        return transformers.KimiLinearForCausalLM(config)

    def layer_types(self):
        return ["linear_attention"] * (self.shape["layers"] - 1) + ["full_attention"]

    def is_qwen(self):
        return self.shape["mixer"] == "qwen3-next"

    def shared_state(self):
        """Everything outside the mixers. Qwen3-Next keeps its norms as what is added to one."""
        one = 1.0 if self.is_qwen() else 0.0
        state = {"model.embed_tokens.weight": self.weights["model.embed_tokens.weight"],
                 "model.norm.weight": self.weights["model.norm.weight"] - one}
        for layer in range(self.shape["layers"]):
            prefix = f"model.layers.{layer}."
            for norm in ("input_layernorm.weight", "post_attention_layernorm.weight"):
                state[prefix + norm] = self.weights[prefix + norm] - one
            gate, up = self.weights[prefix + "mlp.gate_up_proj.weight"].chunk(2)
            state |= {prefix + "mlp.gate_proj.weight": gate, prefix + "mlp.up_proj.weight": up,
                      prefix + "mlp.down_proj.weight": self.weights[prefix + "mlp.down_proj.weight"]}
        return state

    def mixer(self, own):
        """The mixer of a layer under transformers' names, found by what parameters it has."""
        if "zba_proj.weight" in own:
            return self.gated_delta_net(own)
        if "f_a_proj.weight" in own:
            return self.delta_attention(own)
        if "kv_a_proj.weight" in own:
            return self.latent_attention(own)
        return self.attention(own)

    def attention(self, own):
        q, k, v = own["qkv_proj.weight"].split(self.inner)
        result = {"k_proj": k, "v_proj": v, "o_proj": own["out_proj.weight"]}
        if "output_gate.weight" in own:
            # Qwen3-Next: the rows of each head's query and gate in turn; norms as what is added to one.
            size = (self.shape["heads"], self.shape["headDimension"])
            q = torch.cat([part.unflatten(0, size) for part in (q, own["output_gate.weight"])], 1).flatten(0, 1)
            result |= {"q_norm": own["q_norm.weight"] - 1, "k_norm": own["k_norm.weight"] - 1}
        return {f"self_attn.{name}.weight": value for name, value in (result | {"q_proj": q}).items()}

    def latent_attention(self, own):
        heads, d = self.shape["heads"], self.shape["headDimension"]
        # Transformers keeps the keys and the values of a head together, and what heads share after what is their own.
        keys, values = (part.unflatten(0, (heads, d)) for part in own["kv_b_proj.weight"].split(heads * d))
        shared, private = own["q_proj.weight"].unflatten(0, (heads, -1)).split([d // 2, d], 1)
        names = {"q_proj": torch.cat([private, shared], 1).flatten(0, 1), "kv_a_proj_with_mqa": own["kv_a_proj.weight"],
                 "kv_a_layernorm": own["kv_a_norm.weight"], "kv_b_proj": torch.cat([keys, values], 1).flatten(0, 1),
                 "o_proj": own["out_proj.weight"]}
        return {f"self_attn.{name}.weight": value for name, value in names.items()}

    def gated_delta_net(self, own):
        heads, d = self.shape["heads"], self.shape["headDimension"]
        z, b, a = own["zba_proj.weight"].split([self.inner, heads, heads])
        parts = [part.unflatten(0, (heads, d)) for part in (*own["qkv_proj.weight"].split(self.inner), z)]
        names = {"in_proj_qkvz.weight": torch.cat(parts, 1).flatten(0, 1),
                 "in_proj_ba.weight": torch.stack([b, a], 1).flatten(0, 1),
                 "conv1d.weight": own["conv.weight"].unsqueeze(1), "A_log": own["A_log"], "dt_bias": own["dt_bias"],
                 "norm.weight": own["norm.weight"], "out_proj.weight": own["out_proj.weight"]}
        return {f"linear_attn.{name}": value for name, value in names.items()}

    def delta_attention(self, own):
        q, k, v = own["qkv_proj.weight"].split(self.inner)
        names = {"q_proj.weight": q, "k_proj.weight": k, "v_proj.weight": v,
                 "conv1d.weight": own["conv.weight"].unsqueeze(1), "forget_gate.f_a_proj.weight": own["f_a_proj.weight"],
                 "forget_gate.f_b_proj.weight": own["f_b_proj.weight"], "forget_gate.dt_bias": own["dt_bias"],
                 "forget_gate.A_log": own["A_log"].reshape(1, 1, -1, 1), "b_proj.weight": own["b_proj.weight"],
                 "g_a_proj.weight": own["g_a_proj.weight"], "g_b_proj.weight": own["g_b_proj.weight"],
                 "o_norm.weight": own["norm.weight"], "o_proj.weight": own["out_proj.weight"]}
        return {f"{self.linear_name()}.{name}": value for name, value in names.items()}

    def linear_name(self):
        """What Kimi's decoder layers call their delta attention."""
        return next(name for name, _ in self.model.model.layers[0].named_children() if "att" in name)


class Released(Turns):
    """A model that others trained, from a GGUF file, and a batch of one prompt."""

    def __init__(self, file):
        self.file = file
        path = pathlib.Path(file)
        self.model = transformers.AutoModelForCausalLM.from_pretrained(
            path.parent, gguf_file=path.name, dtype=torch.float32)
        self.model.eval()

    def prompt(self, tokens, rows):
        """The same tokens in every row."""
        self.tokens = torch.tensor(tokens)[None].repeat(rows, 1)
