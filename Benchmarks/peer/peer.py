"""PyTorch's side of the benchmark: one process that answers one JSON line for each JSON line it reads.

It trains the same model as Assay does, in eager mode and float32, with the settings that are fastest for it. The other
side starts it once and lets the two take turns, so that both meet the same state of the machine.

Requests (`command`):
  hello                     -> versions
  open    {shape}             -> builds the model, tries the settings, keeps the best
  steps   {count}             -> {seconds: [...]}: whole training steps on the model that is open
  gemm    {products, repeats} -> {seconds: [...]}: of each repeat over all matrix products, with one thread
  open_mixer  {shape, manifest} -> builds one layer on given weights, keeps its best chunk; outputs and gradients
  mixer_steps {kind, count}     -> {seconds: [...]}: passes of that layer, forward and backward (train) or forward (prefill)
  open_system  {shape, manifest} -> builds transformers' model on given weights; the logits of the last position
  open_released {file, tokens, threads} -> reads a GGUF file as float32, a sequence of the tokens for each thread; logits
  system_steps {kind, count}     -> {seconds: [...]}: prefills of all tokens, or tokens decoded after them
  check   {shape, manifest}   -> loss and gradients of given weights and tokens, computed in every way
A shape is {mixer, width, heads, headDimension, hidden, layers, vocabulary, length, sequences, threads, convolution,
rotaryBase, epsilon}.
"""

import itertools
import json
import math
import sys
import time

import numpy
import torch

from model import Model, Settings, random_parameters, load_parameters


class Trainer:
    """A model with its optimiser and one batch of random tokens."""

    def __init__(self, shape, settings):
        torch.manual_seed(1)
        self.settings = settings
        self.model = Model(shape, random_parameters(shape))
        matrices = [p for p in self.model.parameters.values() if p.dim() > 1]
        vectors = [p for p in self.model.parameters.values() if p.dim() == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
        how = {"fused": True} if settings.optimiser == "fused" else {"foreach": True}
        self.optimiser = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, **how)
        rows, length = shape["sequences"], shape["length"]
        self.tokens = torch.randint(0, shape["vocabulary"], (rows, length + 1))

    def step(self):
        """One optimiser step: forward, backward, clipping, AdamW."""
        self.optimiser.zero_grad(set_to_none=True)
        parts = self.tokens.split(self.settings.rows)
        for part in parts:
            loss = self.model.loss(part[:, :-1], part[:, 1:], self.settings)
            (loss / len(parts)).backward()
        torch.nn.utils.clip_grad_norm_(list(self.model.parameters.values()), 1.0, foreach=True)
        self.optimiser.step()

    def time(self, count):
        """Seconds of each of some steps."""
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            self.step()
            seconds.append(time.perf_counter() - start)
        return seconds


def first_settings(shape):
    """What was fastest most often; the search begins here."""
    attention = "explicit" if shape["length"] <= 512 else "fused"
    return Settings(rows=max(1, 1024 // shape["length"]), attention=attention)


def axes(shape):
    """One setting after the other is varied."""
    if shape["mixer"] == "gated-delta-net":
        mixer = [("chunk", 32), ("inverse", "doubling")]
    else:
        mixer = [("attention", "fused")]
    return [("rows", shape["sequences"]), *mixer, ("convolution", "grouped"), ("optimiser", "foreach")]


def best_settings(shape, start):
    """Coordinate descent over the settings: a warm-up step and one or two timed steps for each.

    With the best of another thread count to start from, only the size of a pass is searched again.
    """

    def measure(settings, limit):
        trainer = Trainer(shape, settings)
        trainer.step()
        seconds = trainer.time(1)[0]
        return min(seconds, trainer.time(1)[0]) if seconds < 1.15 * limit else seconds

    best = start or first_settings(shape)
    fastest = measure(best, math.inf)
    tried = {best.brief(shape): fastest}
    sizes = [("rows", rows) for rows in (shape["sequences"], max(1, shape["sequences"] // 4))]
    for name, value in axes(shape) if start is None else sizes:
        other = best.replacing(name, value)
        if other.brief(shape) in tried:
            continue
        seconds = measure(other, fastest)
        tried[other.brief(shape)] = seconds
        if seconds < fastest:
            best, fastest = other, seconds
    return best, tried


class Peer:
    """The requests."""

    def __init__(self):
        self.trainer = None
        self.system = None
        self.known = {}

    def hello(self, request):
        return {"torch": torch.__version__, "python": sys.version.split()[0],
                "capability": torch.backends.cpu.get_cpu_capability()}

    def open(self, request):
        shape = request["shape"]
        torch.set_num_threads(shape["threads"])
        key = json.dumps({name: value for name, value in shape.items() if name != "threads"}, sort_keys=True)
        self.trainer = None
        settings, tried = best_settings(shape, self.known.get(key))
        self.known[key] = settings
        self.trainer = Trainer(shape, settings)
        self.trainer.step()
        parameters = self.trainer.model.parameters
        return {"parameters": sum(p.numel() for p in parameters.values()), "linearFLOPs": linear_flops(parameters),
                "settings": settings.brief(shape), "tried": tried}

    def steps(self, request):
        return {"seconds": self.trainer.time(request["count"])}

    def open_mixer(self, request):
        import mixers  # needs transformers, which takes seconds to load

        shape = request["shape"]
        torch.set_num_threads(1)
        with open(request["manifest"]) as file:
            manifest = json.load(file)
        values = numpy.fromfile(manifest["weights"], dtype="<f4")
        parameters = {}
        for entry in manifest["parameters"]:
            count = math.prod(entry["shape"])
            piece = torch.from_numpy(values[entry["offset"]:entry["offset"] + count].copy())
            parameters[entry["name"]] = piece.reshape(entry["shape"]).requires_grad_()
        inputs = numpy.fromfile(manifest["inputs"], dtype="<f4").reshape(-1, shape["length"], shape["width"])
        self.layer, self.inputs = mixers.Layer(shape, parameters), torch.from_numpy(inputs.copy())
        timed = {}
        for chunk in mixers.chunks(shape["mixer"]):
            if chunk <= shape["length"]:
                self.chunk = chunk
                self.time_layer("train", 1)
                timed[chunk] = min(self.time_layer("train", 2))
        self.chunk = min(timed, key=timed.get)
        output, gradient = mixers.layer_check(self.layer, self.inputs, self.chunk)
        return {"settings": f"chunk {self.chunk}" if self.chunk else "fused", "output": output,
                "inputGradient": gradient}

    def mixer_steps(self, request):
        return {"seconds": self.time_layer(request["kind"], request["count"])}

    def time_layer(self, kind, count):
        seconds = []
        for _ in range(count):
            start = time.perf_counter()
            if kind == "train":
                x = self.inputs.detach().requires_grad_()
                for parameter in self.layer.p.values():
                    parameter.grad = None
                self.layer(x, self.chunk).sum().backward()
            else:
                with torch.inference_mode():
                    self.layer(self.inputs, self.chunk)
            seconds.append(time.perf_counter() - start)
        return seconds

    def open_system(self, request):
        import systems  # needs transformers, which takes seconds to load

        torch.set_num_threads(1)
        with open(request["manifest"]) as file:
            manifest = json.load(file)
        self.system = systems.System(request["shape"], manifest, numpy.fromfile(manifest["weights"], dtype="<f4"))
        return {"logits": self.system.prefill()[0, -1].tolist()}

    def open_released(self, request):
        import systems

        torch.set_num_threads(request["threads"])
        start = time.perf_counter()
        if getattr(self.system, "file", None) != request["file"]:
            self.system = systems.Released(request["file"])
        seconds = time.perf_counter() - start
        self.system.prompt(request["tokens"], request["threads"])
        return {"logits": self.system.prefill()[0, -1].tolist(), "loadSeconds": seconds}

    def system_steps(self, request):
        return {"seconds": self.system.time(request["kind"], request["count"])}

    def gemm(self, request):
        torch.set_num_threads(1)
        products = []
        for product in request["products"]:
            m, n, k = product["m"], product["n"], product["k"]
            a = torch.randn(k, m).t() if product["transposeA"] else torch.randn(m, k)
            b = torch.randn(n, k).t() if product["transposeB"] else torch.randn(k, n)
            products.append((a, b, torch.empty(m, n)))
        seconds = []
        for _ in range(request["repeats"] + 1):
            start = time.perf_counter()
            for a, b, c in products:
                torch.mm(a, b, out=c)
            seconds.append(time.perf_counter() - start)
        return {"seconds": seconds[1:]}

    def check(self, request):
        shape = request["shape"]
        torch.set_num_threads(shape["threads"])
        with open(request["manifest"]) as file:
            manifest = json.load(file)
        values = numpy.fromfile(manifest["weights"], dtype="<f4")
        parameters, groups = load_parameters(shape, manifest["parameters"], values)
        tokens = torch.tensor(manifest["tokens"]).reshape(shape["sequences"], shape["length"])
        targets = torch.tensor(manifest["targets"]).reshape(shape["sequences"], shape["length"])
        answers = {}
        for settings in every_setting(shape):
            model = Model(shape, {name: p.detach().clone().requires_grad_() for name, p in parameters.items()})
            loss = model.loss(tokens, targets, settings)
            loss.backward()
            gradients = {name: p.grad for name, p in model.parameters.items()}
            norm = sum(float(g.double().pow(2).sum()) for g in gradients.values()) ** 0.5
            parts = {}
            for name, names in groups.items():
                pieces = gradients[name].split([size for _, size in names]) if len(names) > 1 else [gradients[name]]
                for (part, _), piece in zip(names, pieces):
                    parts[part] = float(piece.double().norm())
            answers[settings.brief(shape)] = {"loss": loss.item(), "gradientNorm": norm, "gradients": parts}
        return {"answers": answers, "parameters": sum(p.numel() for p in parameters.values())}


def linear_flops(parameters):
    """Operations of the linear maps of a token's forward pass, counted from the parameters themselves."""
    return 2 * sum(p.numel() for name, p in parameters.items() if p.dim() == 2 and not name.endswith("convolution"))


def every_setting(shape):
    """Every way of computing the same thing that the benchmark may choose from."""
    if shape["mixer"] == "gated-delta-net":
        kinds = itertools.product(["solve", "doubling", "substitution"], [32, 64])
        return [Settings(rows=1, inverse=inverse, chunk=chunk) for inverse, chunk in kinds]
    kinds = itertools.product(["fused", "explicit"], ["grouped", "shifts"])
    return [Settings(rows=1, attention=attention, convolution=convolution) for attention, convolution in kinds]


def main():
    torch.set_flush_denormal(True)
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(peer, request["command"])(request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
