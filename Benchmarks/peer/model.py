"""The decoder of the benchmark in PyTorch: RMS norm, mixer, RMS norm, SwiGLU, tied head, loss over all positions.

The maths are Assay's (the check of the benchmark holds the two against each other); how they are computed is whatever
PyTorch does fastest: projections that read the same input are one matrix, and `Settings` names the alternatives.
"""

import dataclasses
import math

import torch
import torch.nn.functional as F


@dataclasses.dataclass(frozen=True)
class Settings:
    """Ways of computing the same thing, of which the fastest is taken."""

    rows: int  # sequences of a forward pass; the gradients of several passes are summed
    attention: str = "fused"  # scaled_dot_product_attention, or `explicit`: matmul, softmax, matmul
    convolution: str = "shifts"  # a sum of shifted products, or `grouped`: conv1d with groups
    inverse: str = "solve"  # of the triangular system: solve_triangular, `doubling`, or forward `substitution`
    chunk: int = 64  # tokens of a chunk of the delta rule
    optimiser: str = "fused"  # AdamW's form, or `foreach`

    def replacing(self, name, value):
        return dataclasses.replace(self, **{name: value})

    def brief(self, shape):
        """What matters to a shape, in one line."""
        mixer = [f"chunk {self.chunk}", self.inverse] if shape["mixer"] == "gated-delta-net" else [self.attention]
        return ", ".join([f"rows {self.rows}", *mixer, self.convolution, self.optimiser])


def projections(shape):
    """Rows of the fused input projection of a mixer, by part."""
    inner = shape["heads"] * shape["headDimension"]
    if shape["mixer"] == "gated-delta-net":
        return {"q": inner, "k": inner, "v": inner, "z": inner, "b": shape["heads"], "a": shape["heads"]}
    return {"q": inner, "k": inner, "v": inner}


def layer_shapes(shape):
    """The parameters of a layer."""
    width, hidden = shape["width"], shape["hidden"]
    inner = shape["heads"] * shape["headDimension"]
    shapes = {"mixer_norm": (width,), "in": (sum(projections(shape).values()), width)}
    if shape["convolution"]:
        shapes["convolution"] = (3 * inner, shape["convolution"])
    if shape["mixer"] == "gated-delta-net":
        shapes |= {"a_log": (shape["heads"],), "dt_bias": (shape["heads"],), "norm": (shape["headDimension"],)}
    return shapes | {"out": (width, inner), "mlp_norm": (width,), "gate_up": (2 * hidden, width),
                     "down": (width, hidden)}


def all_shapes(shape):
    """Every parameter by name."""
    shapes = {"embedding": (shape["vocabulary"], shape["width"]), "final_norm": (shape["width"],)}
    for layer in range(shape["layers"]):
        shapes |= {f"{layer}.{name}": size for name, size in layer_shapes(shape).items()}
    return shapes


def random_parameters(shape):
    """Parameters as a fresh model has them; the values do not matter to the clock."""
    parameters = {}
    for name, size in all_shapes(shape).items():
        if name.endswith("norm"):
            value = torch.ones(size)
        elif name.endswith("a_log"):
            value = torch.empty(size).uniform_(1, 16).log()
        elif name.endswith("dt_bias"):
            value = torch.empty(size).uniform_(math.log(1e-3), math.log(1e-1)).exp().expm1().log()
        elif name.endswith("convolution"):
            value = torch.empty(size).uniform_(-0.5, 0.5)
        else:
            value = torch.randn(size) * 0.02
        parameters[name] = value.requires_grad_()
    return parameters


class Model:
    """Parameters by name, and the loss of a batch of tokens."""

    def __init__(self, shape, parameters):
        self.shape, self.parameters = shape, parameters
        self.layers = [
            {name: parameters[f"{layer}.{name}"] for name in layer_shapes(shape)} for layer in range(shape["layers"])]
        half = shape["headDimension"] // 2
        frequencies = shape["rotaryBase"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angles = torch.arange(shape["length"], dtype=torch.float64)[:, None] * frequencies
        self.cosines, self.sines = angles.cos().float(), angles.sin().float()
        self.upper = torch.full((shape["length"], shape["length"]), float("-inf")).triu(1)

    def loss(self, tokens, targets, settings):
        """Mean negative log likelihood over all positions; tokens and targets are `[batch, time]`."""
        logits = self.logits(tokens, settings)
        return F.cross_entropy(logits.flatten(0, 1), targets.flatten())

    def logits(self, tokens, settings):
        mixer = self.gated_delta_net if self.shape["mixer"] == "gated-delta-net" else self.attention
        epsilon, width = self.shape["epsilon"], self.shape["width"]
        x = F.embedding(tokens, self.parameters["embedding"])
        for layer in self.layers:
            x = x + mixer(F.rms_norm(x, (width,), layer["mixer_norm"], epsilon), layer, settings)
            y = F.rms_norm(x, (width,), layer["mlp_norm"], epsilon)
            gate, up = F.linear(y, layer["gate_up"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * up, layer["down"])
        x = F.rms_norm(x, (width,), self.parameters["final_norm"], epsilon)
        return F.linear(x, self.parameters["embedding"])

    def heads(self, x):
        """`[batch, time, heads * headDimension]` to `[batch, heads, time, headDimension]`."""
        return x.unflatten(-1, (-1, self.shape["headDimension"])).transpose(1, 2)

    def short_convolution(self, x, layer, settings):
        """Causal depthwise convolution of `[batch, time, channels]`."""
        if not self.shape["convolution"]:
            return x
        weight, time = layer["convolution"], x.shape[1]
        taps = weight.shape[1]
        if settings.convolution == "grouped":
            y = F.conv1d(x.transpose(1, 2), weight.unsqueeze(1), padding=taps - 1, groups=weight.shape[0])
            return y[..., :time].transpose(1, 2)
        padded = F.pad(x, (0, 0, taps - 1, 0))
        y = padded[:, :time] * weight[:, 0]
        for tap in range(1, taps):
            y = torch.addcmul(y, padded[:, tap:tap + time], weight[:, tap])
        return y

    def rotary(self, x):
        """Rotates pairs (i, i + d/2) of `[batch, heads, time, headDimension]`."""
        low, high = x.chunk(2, -1)
        return torch.cat([low * self.cosines - high * self.sines, high * self.cosines + low * self.sines], -1)

    def attention(self, x, layer, settings):
        """Causal softmax attention with rotary positions."""
        projected = self.short_convolution(F.linear(x, layer["in"]), layer, settings)
        q, k, v = (self.heads(part) for part in projected.chunk(3, -1))
        q, k = self.rotary(q), self.rotary(k)
        if settings.attention == "fused":
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scale = self.shape["headDimension"] ** -0.5
            scores = torch.baddbmm(self.upper, q.flatten(0, 1), k.flatten(0, 1).transpose(1, 2), alpha=scale)
            mixed = (F.softmax(scores, -1) @ v.flatten(0, 1)).unflatten(0, q.shape[:2])
        return F.linear(mixed.transpose(1, 2).flatten(2), layer["out"])

    def gated_delta_net(self, x, layer, settings):
        """Gated DeltaNet: S <- e^g S + k (beta (v - (e^g S)^T k))^T, o = S^T q, in chunks."""
        parts = projections(self.shape)
        inner = parts["q"]
        projected = F.linear(x, layer["in"])
        qkv, z, b, a = projected.split([3 * inner, inner, parts["b"], parts["a"]], -1)
        qkv = F.silu(self.short_convolution(qkv, layer, settings))
        q, k, v = (self.heads(part) for part in qkv.chunk(3, -1))
        q = q * torch.rsqrt(q.square().sum(-1, keepdim=True) + 1e-6) * self.shape["headDimension"] ** -0.5
        k = k * torch.rsqrt(k.square().sum(-1, keepdim=True) + 1e-6)
        beta = torch.sigmoid(b).transpose(1, 2)
        decay = (-layer["a_log"].exp() * F.softplus(a + layer["dt_bias"])).transpose(1, 2)
        mixed = chunked_delta_rule(q, k, v, beta, decay, settings).transpose(1, 2)
        normed = F.rms_norm(mixed, (self.shape["headDimension"],), layer["norm"], self.shape["epsilon"])
        gated = normed * F.silu(z.unflatten(-1, (-1, self.shape["headDimension"])))
        return F.linear(gated.flatten(2), layer["out"])


def chunked_delta_rule(q, k, v, beta, decay, settings):
    """The gated delta rule in the WY form: within a chunk by matrix products, between chunks by the state.

    With G the running sum of the log decay within a chunk and L_ij = e^(G_i - G_j) for j <= i, the updates u solve
    (I + tril(beta_i (k_i . k_j) L_ij, -1)) [U | W] = [beta v | beta e^G k];  then, with S the state before the chunk,
    u = U - W S,  o = (e^G q) S + tril(q k^T L) u,  S <- e^(G_C) S + (e^(G_C - G) k)^T u.
    """
    batch, heads, time, dimension = q.shape
    size = settings.chunk
    q, k, v = (part.reshape(batch, heads, -1, size, dimension) for part in (q, k, v))
    beta, decay = (part.reshape(batch, heads, -1, size) for part in (beta, decay))
    total = decay.cumsum(-1)
    relative = (total.unsqueeze(-1) - total.unsqueeze(-2)).tril().exp().tril()
    weighted = k * beta.unsqueeze(-1)
    lower = (weighted @ k.transpose(-1, -2) * relative).tril(-1)
    growth = total.exp().unsqueeze(-1)
    right = torch.cat([v * beta.unsqueeze(-1), weighted * growth], -1)
    updates, reads = triangular_solve(lower, right, settings.inverse).split(dimension, -1)
    within = q @ k.transpose(-1, -2) * relative
    queries = q * growth
    keys = (k * (total[..., -1:] - total).exp().unsqueeze(-1)).transpose(-1, -2)
    survival = total[..., -1].exp()[..., None, None]
    state = None
    outputs = []
    for chunk in range(time // size):
        u = updates[:, :, chunk]
        if state is None:
            outputs.append(within[:, :, chunk] @ u)
            state = keys[:, :, chunk] @ u
            continue
        u = u - reads[:, :, chunk] @ state
        outputs.append(queries[:, :, chunk] @ state + within[:, :, chunk] @ u)
        if chunk + 1 < time // size:
            state = state * survival[:, :, chunk] + keys[:, :, chunk] @ u
    return torch.cat(outputs, 2)


def triangular_solve(lower, right, how):
    """(I + lower)^-1 right for a strictly lower triangular `lower`."""
    size = lower.shape[-1]
    identity = torch.eye(size)
    if how == "solve":
        return torch.linalg.solve_triangular(lower + identity, right, upper=False, unitriangular=True)
    if how == "doubling":
        # The inverse is the product of (I + (-lower)^(2^i)), since the powers vanish at `size`.
        power = -lower
        inverse = identity + power
        for _ in range(int(math.log2(size)) - 1):
            power = power @ power
            inverse = inverse + inverse @ power
        return inverse @ right
    inverse = (-lower).clone()
    for row in range(1, size):
        known = inverse[..., row, :row].clone()
        inverse[..., row, :row] = known + (known.unsqueeze(-1) * inverse[..., :row, :row].clone()).sum(-2)
    return (inverse + identity) @ right


# Names in Assay's checkpoints, by name here; several are stacked by rows into one.
EMBEDDING, FINAL_NORM = "model.embed_tokens.weight", "model.norm.weight"
LAYER_NAMES = {
    "mixer_norm": ["input_layernorm.weight"],
    "convolution": ["mixer.conv.weight"],
    "a_log": ["mixer.A_log"],
    "dt_bias": ["mixer.dt_bias"],
    "norm": ["mixer.norm.weight"],
    "out": ["mixer.out_proj.weight"],
    "mlp_norm": ["post_attention_layernorm.weight"],
    "gate_up": ["mlp.gate_up_proj.weight"],
    "down": ["mlp.down_proj.weight"],
}
INPUT_NAMES = {
    "full": ["mixer.qkv_proj.weight"],
    "gated-delta-net": ["mixer.qkv_proj.weight", "mixer.zba_proj.weight"],
}


def load_parameters(shape, manifest, values):
    """The parameters of a block of floats that Assay wrote, and which of Assay's names are stacked in each.

    The manifest is a list of {name, shape, offset}; every entry must be used, or the two models differ.
    """
    entries = {entry["name"]: entry for entry in manifest}
    parameters, groups = {}, {}
    for name, size in all_shapes(shape).items():
        if name in ("embedding", "final_norm"):
            names = [EMBEDDING if name == "embedding" else FINAL_NORM]
        else:
            layer, _, part = name.partition(".")
            names = INPUT_NAMES[shape["mixer"]] if part == "in" else LAYER_NAMES[part]
            names = [f"model.layers.{layer}.{own}" for own in names]
        pieces, rows = [], []
        for own in names:
            entry = entries.pop(own)
            count = math.prod(entry["shape"])
            piece = torch.from_numpy(values[entry["offset"]:entry["offset"] + count].copy())
            pieces.append(piece.reshape(-1, *size[1:]))
            rows.append((own, pieces[-1].shape[0]))
        stacked = torch.cat(pieces)
        if tuple(stacked.shape) != tuple(size):
            raise ValueError(f"{name} is {tuple(stacked.shape)} in Assay and {tuple(size)} in PyTorch")
        parameters[name], groups[name] = stacked, rows
    if entries:
        raise ValueError(f"parameters that PyTorch's model does not have: {sorted(entries)}")
    return parameters, groups
