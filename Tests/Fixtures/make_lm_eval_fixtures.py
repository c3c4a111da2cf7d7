"""Writes Tests/Fixtures/lm-eval/{base,changed}: what two runs of lm-evaluation-harness leave behind.

Both runs are real: two tiny random models of one architecture, one task of multiple choice and one of generation over
documents that are made here. What the files say of the machine is left out.

    pip install lm_eval==0.4.13 transformers torch accelerate tokenizers
    python Tests/Fixtures/make_lm_eval_fixtures.py
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

ROOT = pathlib.Path(__file__).resolve().parent / "lm-eval"
COLOURS = ["red", "green", "blue", "black", "white", "yellow"]
NAMES = ["Anna", "Ben", "Clara", "David", "Emma", "Felix"]
CHOICE = """task: assay_colours
dataset_path: json
dataset_kwargs: {data_files: {test: %s}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{facts}} What colour has {{name}}? Answer:"
doc_to_choice: "{{choices}}"
doc_to_target: "{{label}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
metadata: {version: 1.0}
"""
FREE = """task: assay_copy
dataset_path: json
dataset_kwargs: {data_files: {test: %s}}
test_split: test
output_type: generate_until
doc_to_text: "Repeat: {{word}} ->"
doc_to_target: "{{word}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 4, do_sample: false}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
metadata: {version: 2.0}
"""
# Of the results, what is not the machine's.
KEPT = ["results", "configs", "versions", "n-shot", "higher_is_better", "n-samples", "config", "model_source", "model_name", "lm_eval_version"]


def documents(folder):
    rng = random.Random(3)
    choice, free = [], []
    for _ in range(36):
        names, colours = rng.sample(NAMES, 3), rng.sample(COLOURS, 4)
        asked = rng.randrange(3)
        label = rng.randrange(4)
        options = [c for c in colours if c != colours[asked]][:3]
        options.insert(label, colours[asked])
        choice.append({
            "facts": " ".join(f"{n} has {c}." for n, c in zip(names, colours)), "name": names[asked], "choices": options,
            "label": label})
    for i in range(20):
        free.append({"word": f"{rng.choice(COLOURS)} {i}"})
    for name, rows in [("choice", choice), ("free", free)]:
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "tasks").mkdir()
    (folder / "tasks/choice.yaml").write_text(CHOICE % (folder / "choice.jsonl"))
    (folder / "tasks/free.yaml").write_text(FREE % (folder / "free.jsonl"))
    return choice, free


def model(folder, choice, free, change):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    texts = [row["facts"] for row in choice] + [row["word"] for row in free]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=320, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), special_tokens=["<|end|>"], show_progress=False))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|end|>").save_pretrained(folder)
    torch.manual_seed(1)
    net = LlamaForCausalLM(LlamaConfig(
        vocab_size=320, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=256, bos_token_id=0, eos_token_id=0))
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(4)
            parameter.add_(torch.randn_like(parameter) * change * parameter.std())
    net.save_pretrained(folder)


def trim(source, target):
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for file in sorted(source.rglob("*")):
        if file.name.startswith("results_"):
            content = json.loads(file.read_text())
            kept = {key: content[key] for key in KEPT if key in content}
            name = str(file.parent.parent)
            text = json.dumps(kept, indent=1).replace(name + "/", "")
            (target / "results_2026-01-01T00-00-00.000000.json").write_text(text.replace(str(source.parent) + "/", "") + "\n")
        elif file.name.startswith("samples_"):
            task = file.name.rsplit("_", 1)[0]
            (target / f"{task}_2026-01-01T00-00-00.000000.jsonl").write_text(file.read_text())


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        choice, free = documents(folder)
        for run, change in [("base", 0.0), ("changed", 0.25)]:
            model(folder / run, choice, free, change)
            subprocess.run(
                [sys.executable, "-m", "lm_eval", "run", "--model", "hf", "--model_args", f"pretrained={folder / run},dtype=float32",
                 "--tasks", "assay_colours,assay_copy", "--include_path", str(folder / "tasks"), "--device", "cpu",
                 "--output_path", str(folder / f"out-{run}"), "--log_samples", "--batch_size", "8"],
                check=True, env=dict(os.environ, HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1"))
            trim(folder / f"out-{run}", ROOT / run)
    for file in sorted(ROOT.rglob("*.json*")):
        print(file.relative_to(ROOT), file.stat().st_size)


main()
