"""One layer of every mixer in PyTorch, on Assay's weights: the public pure-PyTorch forms.

Where transformers has the mixer, its own functions do the work (the torch paths of Qwen3-Next's gated delta rule, Kimi's
delta attention, Mamba-2's scan; MiniMax's lightning attention as a module). RetNet and plain linear attention are scans
with a fixed decay, DeltaNet and DeltaProduct are gated delta rules without decay, so they run through the same functions.
GLA and RWKV-7 have no torch path there and are written out in chunks below.
"""

import math

import torch
import torch.nn.functional as F
from transformers import MiniMaxConfig
from transformers.models.kimi_linear import modeling_kimi_linear as kimi
from transformers.models.mamba2 import modeling_mamba2 as mamba2
from transformers.models.minimax import modeling_minimax as minimax
from transformers.models.qwen3_next import modeling_qwen3_next as qwen3_next

CHUNKS = {"full": [0], "mla": [0], "gated-convolution": [0]}


def chunks(mixer):
    """Chunk sizes to choose from; 0 where there are none."""
    return CHUNKS.get(mixer, [32, 64, 128])


class Layer:
    """Parameters by Assay's names, and the outputs for inputs `[batch, time, width]`."""

    def __init__(self, shape, parameters):
        self.shape, self.p = shape, parameters
        self.heads, self.dimension = shape["heads"], shape["headDimension"]
        self.mixer = getattr(self, shape["mixer"].replace("-", "_"))
        half = self.dimension // 2
        frequencies = shape["rotaryBase"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(shape["length"], dtype=torch.float64)[:, None] * frequencies
        self.cosines, self.sines = angles.cos().float()[:, None], angles.sin().float()[:, None]
        self.module = None

    def __call__(self, x, chunk):
        return self.mixer(x, chunk)

    def split(self, x):
        """`[batch, time, heads * headDimension]` to `[batch, time, heads, headDimension]`."""
        return x.unflatten(-1, (-1, self.dimension))

    def rotary(self, x):
        """Rotates pairs (i, i + d/2) of `[batch, time, heads, headDimension]`."""
        low, high = x.chunk(2, -1)
        return torch.cat([low * self.cosines - high * self.sines, high * self.cosines + low * self.sines], -1)

    def qkv(self, x, activates):
        """Queries, keys and values after the short convolution, if there is one."""
        rows = F.linear(x, self.p["qkv_proj.weight"])
        if "conv.weight" in self.p:
            weight = self.p["conv.weight"]
            rows = F.conv1d(rows.transpose(1, 2), weight.unsqueeze(1), padding=weight.shape[1] - 1,
                            groups=weight.shape[0])[..., :x.shape[1]].transpose(1, 2)
        return (F.silu(rows) if activates else rows)

    def head_norm(self, x, weight, epsilon=None):
        return F.rms_norm(x, (x.shape[-1],), weight, self.shape["epsilon"] if epsilon is None else epsilon)

    def full(self, x, chunk):
        q, k, v = (self.split(part) for part in self.qkv(x, False).chunk(3, -1))
        q, k, v = (part.transpose(1, 2) for part in (self.rotary(q), self.rotary(k), v))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return F.linear(mixed.transpose(1, 2).flatten(2), self.p["out_proj.weight"])

    def gated_delta_net(self, x, chunk):
        q, k, v = (self.split(part) for part in self.qkv(x, True).chunk(3, -1))
        inner = self.heads * self.dimension
        z, b, a = F.linear(x, self.p["zba_proj.weight"]).split([inner, self.heads, self.heads], -1)
        decay = -self.p["A_log"].exp() * F.softplus(a + self.p["dt_bias"])
        mixed, _ = qwen3_next.torch_chunk_gated_delta_rule(
            q, k, v, g=decay, beta=torch.sigmoid(b), chunk_size=chunk, use_qk_l2norm_in_kernel=True)
        gated = self.head_norm(mixed, self.p["norm.weight"]) * F.silu(self.split(z))
        return F.linear(gated.flatten(2), self.p["out_proj.weight"])

    def delta_net(self, x, chunk):
        q, k, v = (self.split(part) for part in self.qkv(x, True).chunk(3, -1))
        beta = torch.sigmoid(F.linear(x, self.p["b_proj.weight"]))
        mixed, _ = qwen3_next.torch_chunk_gated_delta_rule(
            q, k, v, g=torch.zeros_like(beta), beta=beta, chunk_size=chunk, use_qk_l2norm_in_kernel=True)
        return F.linear(self.head_norm(mixed, self.p["norm.weight"]).flatten(2), self.p["out_proj.weight"])

    def delta_product(self, x, chunk):
        """Two steps a token: as flash-linear-attention does it, the delta rule over twice as many rows."""
        steps, inner = 2, self.heads * self.dimension
        q, k, v = self.qkv(x, True).split([inner, steps * inner, steps * inner], -1)
        k, v = (part.unflatten(-1, (steps, self.heads, self.dimension)).flatten(1, 2) for part in (k, v))
        beta = torch.sigmoid(F.linear(x, self.p["b_proj.weight"])).unflatten(-1, (steps, self.heads)).flatten(1, 2)
        rows = torch.zeros_like(k)
        rows[:, steps - 1::steps] = self.split(q)
        mixed, _ = qwen3_next.torch_chunk_gated_delta_rule(
            rows, k, v, g=torch.zeros_like(beta), beta=beta, chunk_size=chunk, use_qk_l2norm_in_kernel=True)
        mixed = mixed[:, steps - 1::steps]
        return F.linear(self.head_norm(mixed, self.p["norm.weight"]).flatten(2), self.p["out_proj.weight"])

    def kda(self, x, chunk):
        q, k, v = (self.split(part) for part in self.qkv(x, True).chunk(3, -1))
        gate = F.linear(F.linear(x, self.p["f_a_proj.weight"]), self.p["f_b_proj.weight"]) + self.p["dt_bias"]
        decay = -self.p["A_log"].exp()[:, None] * F.softplus(self.split(gate))
        beta = torch.sigmoid(F.linear(x, self.p["b_proj.weight"]))
        mixed, _ = kimi.chunk_kimi_delta_attention(
            q, k, v, g=decay, beta=beta, chunk_size=chunk, use_qk_l2norm_in_kernel=True)
        z = F.linear(F.linear(x, self.p["g_a_proj.weight"]), self.p["g_b_proj.weight"])
        gated = self.head_norm(mixed, self.p["norm.weight"]) * torch.sigmoid(self.split(z))
        return F.linear(gated.flatten(2), self.p["out_proj.weight"])

    def mamba_2(self, x, chunk):
        """The state dimension is 128 and x is twice as wide as the stream, as published; one group."""
        heads, state = self.p["A_log"].numel(), 128
        inner = heads * self.dimension
        z, xbc, dt = F.linear(x, self.p["in_proj.weight"]).split([inner, inner + 2 * state, heads], -1)
        weight = self.p["conv1d.weight"]
        xbc = F.conv1d(xbc.transpose(1, 2), weight.unsqueeze(1), self.p["conv1d.bias"], padding=weight.shape[1] - 1,
                       groups=weight.shape[0])[..., :x.shape[1]].transpose(1, 2)
        value, key, query = F.silu(xbc).split([inner, state, state], -1)
        mixed = mamba2.mamba2_chunk_scan(
            self.split(value), dt, -self.p["A_log"].exp(), key.unsqueeze(2), query.unsqueeze(2), chunk_size=chunk,
            D=self.p["D"], dt_bias=self.p["dt_bias"], dt_softplus=True)
        mixed = (mixed[0] if isinstance(mixed, tuple) else mixed).flatten(2)
        return F.linear(self.head_norm(mixed * F.silu(z), self.p["norm.weight"]), self.p["out_proj.weight"])

    def scan(self, q, k, v, slopes, chunk):
        """Linear attention whose heads fade by exp(-slope) a token: Mamba-2's scan with steps of one."""
        steps = torch.ones(*q.shape[:3])
        mixed = mamba2.mamba2_chunk_scan(v, steps, -slopes, k, q, chunk_size=chunk)
        return (mixed[0] if isinstance(mixed, tuple) else mixed) * q.shape[-1] ** -0.5

    def retnet(self, x, chunk):
        inner = self.heads * self.dimension
        q, k, v = self.qkv(x, False).split([inner, inner, 2 * inner], -1)
        slopes = -torch.log1p(-torch.exp2(-5 - torch.arange(self.heads)))
        mixed = self.scan(self.rotary(self.split(q)), self.rotary(self.split(k)),
                          v.unflatten(-1, (self.heads, -1)), slopes, chunk)
        gate = F.silu(F.linear(x, self.p["gate_proj.weight"]))
        return F.linear(self.head_norm(mixed, self.p["norm.weight"]).flatten(2) * gate, self.p["out_proj.weight"])

    def linear_attention(self, x, chunk):
        q, k, v = (self.split(part) for part in self.qkv(x, False).chunk(3, -1))
        q, k = F.elu(q) + 1, F.elu(k) + 1
        mixed = self.scan(q, k, v, torch.zeros(self.heads), chunk)
        total = (q * k.cumsum(1)).sum(-1, keepdim=True) * self.dimension ** -0.5
        return F.linear((mixed / (total + 1e-10)).flatten(2), self.p["out_proj.weight"])

    def mla(self, x, chunk):
        heads, d, shared = self.heads, self.dimension, (self.dimension + 3) // 4 * 2
        latent, turned = F.linear(x, self.p["kv_a_proj.weight"]).split([4 * d, shared], -1)
        latent = self.head_norm(latent, self.p["kv_a_norm.weight"], 1e-6)
        k, v = F.linear(latent, self.p["kv_b_proj.weight"]).split(heads * d, -1)
        q = F.linear(x, self.p["q_proj.weight"]).unflatten(-1, (heads, d + shared))
        q = torch.cat([self.turn(q[..., :shared]), q[..., shared:]], -1)
        turned = self.turn(turned.unsqueeze(2)).expand(-1, -1, heads, -1)
        k = torch.cat([turned, self.split(k)], -1)
        mixed = F.scaled_dot_product_attention(
            q.transpose(1, 2), k.transpose(1, 2), self.split(v).transpose(1, 2), is_causal=True)
        return F.linear(mixed.transpose(1, 2).flatten(2), self.p["out_proj.weight"])

    def turn(self, x):
        """Rotary positions on all of `[batch, time, heads, elements]`."""
        half = x.shape[-1] // 2
        frequencies = self.shape["rotaryBase"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(x.shape[1], dtype=torch.float64)[:, None] * frequencies
        cosines, sines = angles.cos().float()[:, None], angles.sin().float()[:, None]
        low, high = x.chunk(2, -1)
        return torch.cat([low * cosines - high * sines, high * cosines + low * sines], -1)

    def gla(self, x, chunk):
        """A head has keys of half its dimension."""
        inner, keys = self.heads * self.dimension, self.heads * (self.dimension // 2)
        q, k, v = self.qkv(x, False).split([keys, keys, inner], -1)
        q, k = (part.unflatten(-1, (self.heads, -1)) for part in (q, k))
        decay = F.linear(F.linear(x, self.p["gk_a_proj.weight"]), self.p["gk_b_proj.weight"], self.p["gk_b_proj.bias"])
        decay = F.logsigmoid(decay).unflatten(-1, (self.heads, -1)) / 16
        mixed = channel_decay(q * q.shape[-1] ** -0.5, k, self.split(v), decay, chunk)
        gate = F.silu(F.linear(x, self.p["g_proj.weight"]))
        return F.linear(self.head_norm(mixed, self.p["norm.weight"]).flatten(2) * gate, self.p["out_proj.weight"])

    def rwkv_7(self, x, chunk):
        """A first layer: its values are its own."""
        delta = F.pad(x, (0, 0, 1, -1)) - x
        inputs = {name: torch.addcmul(x, delta, self.p[f"x_{name}"]) for name in "rwkvag"}

        def low_rank(name, activation=lambda inner: inner):
            inner = activation(F.linear(inputs[name], self.p[f"{name}_lora.a.weight"]))
            return F.linear(inner, self.p[f"{name}_lora.b.weight"], self.p.get(f"{name}_lora.b.bias"))

        r, k, v = (F.linear(inputs[name], self.p[f"{name}_proj.weight"]) for name in "rkv")
        rate, gate = torch.sigmoid(low_rank("a")), low_rank("g", torch.sigmoid)
        decay = -math.exp(-0.5) * torch.sigmoid(low_rank("w", torch.tanh))
        read = self.split(k * self.p["k_k"])
        read = read * torch.rsqrt(read.square().sum(-1, keepdim=True) + 1e-6)
        k = self.split(k * (1 + (rate - 1) * self.p["k_a"]))
        r, v = self.split(r), self.split(v)
        mixed = channel_decay(r, k, v, self.split(decay), chunk, read=-read, write=read * self.split(rate))
        normed = F.group_norm(mixed.flatten(0, 1).flatten(1), self.heads, self.p["norm.weight"], self.p["norm.bias"],
                              self.shape["epsilon"] * self.dimension).view_as(x)
        bonus = (r * k * self.p["r_k"].view(self.heads, -1)).sum(-1, keepdim=True) * v
        return F.linear((normed + bonus.flatten(2)) * gate, self.p["out_proj.weight"])

    def gated_convolution(self, x, chunk):
        b, c, value = F.linear(x, self.p["in_proj.weight"]).chunk(3, -1)
        weight = self.p["conv.weight"]
        mixed = F.conv1d((b * value).transpose(1, 2), weight.unsqueeze(1), padding=weight.shape[1] - 1,
                         groups=weight.shape[0])[..., :x.shape[1]].transpose(1, 2)
        return F.linear(c * mixed, self.p["out_proj.weight"])

    def lightning(self, x, chunk):
        if self.module is None or self.module.block_size != chunk:
            config = MiniMaxConfig(
                hidden_size=self.shape["width"], num_attention_heads=self.heads, num_key_value_heads=self.heads,
                head_dim=self.dimension, num_hidden_layers=1, block_size=chunk, layer_types=["linear_attention"],
                hidden_act="silu")
            self.module = minimax.MiniMaxLightningAttention(config, layer_idx=0)
        module, d = self.module, self.dimension
        # MiniMax keeps q, k and v of a head together.
        rows = self.p["qkv_proj.weight"].unflatten(0, (3, self.heads, d)).transpose(0, 1).flatten(0, 2)
        parameters = {"qkv_proj.weight": rows, "output_gate.weight": self.p["output_gate.weight"],
                      "norm.weight": self.p["norm.weight"], "out_proj.weight": self.p["out_proj.weight"]}
        return torch.func.functional_call(module, parameters, (x, (None, None), None))[0]


def channel_decay(q, k, v, decay, chunk, read=None, write=None):
    """A state that fades by channel, in chunks: `S <- diag(e^decay) S + write (read' S) + k v'`, `o = S' q`.

    Inputs `[batch, time, heads, dimension]`, decays in logarithms. Products of decays between two tokens of a chunk are
    split at the middle of the chunk, so that neither half overflows.
    """
    def chunked(x):
        return x.unflatten(1, (-1, chunk)).permute(0, 3, 1, 2, 4)

    q, k, v, decay = (chunked(x) for x in (q, k, v, decay))
    total = decay.cumsum(-2)
    last = total[..., -1:, :]
    middle = last / 2
    onward, keys = (total - middle).exp(), k * (middle - total).exp()
    scores = ((q * onward) @ keys.transpose(-1, -2)).tril()
    arrived, kept, faded = q * total.exp(), k * (last - total).exp(), last.exp().transpose(-1, -2)
    within = scores @ v
    if read is not None:
        read, write = chunked(read), chunked(write)
        before = total - decay
        reads, writes = read * (before - middle).exp(), (write * (middle - total).exp()).transpose(-1, -2)
        system = torch.eye(chunk) - (reads @ writes).tril(-1)
        known = torch.cat([(reads @ keys.transpose(-1, -2)).tril(-1) @ v, read * before.exp()], -1)
        solved = torch.linalg.solve_triangular(system, known, upper=False, unitriangular=True)
        own, carried = solved.split([v.shape[-1], k.shape[-1]], -1)
        written, kept_writes = ((q * onward) @ writes).tril(), write * (last - total).exp()
    state = torch.zeros(*q.shape[:2], k.shape[-1], v.shape[-1])
    outputs = []
    for n in range(q.shape[2]):
        output = within[:, :, n] + arrived[:, :, n] @ state
        grown = kept[:, :, n].transpose(-1, -2) @ v[:, :, n]
        if read is not None:
            found = own[:, :, n] + carried[:, :, n] @ state
            output = output + written[:, :, n] @ found
            grown = grown + kept_writes[:, :, n].transpose(-1, -2) @ found
        state = faded[:, :, n] * state + grown
        outputs.append(output)
    return torch.stack(outputs, 2).permute(0, 2, 3, 1, 4).flatten(1, 2)


def layer_check(layer, x, chunk):
    """The end of the outputs and of the inputs' gradients of the sum that Assay differentiates, for its last tokens."""
    x = x.clone().requires_grad_()
    output = layer(x, chunk)
    signs = torch.ones(output.numel())
    signs[1::2] = -1
    (output.flatten() * signs).sum().backward()
    last = min(output.numel(), 64 * output.shape[-1])
    return output.flatten()[-last:].tolist(), x.grad.flatten()[-last:].tolist()
