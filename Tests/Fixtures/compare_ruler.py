"""Compares the distributions of our needle, common-word, frequent-word and MQAR items with the published generators.

RULER is taken as the lm-eval package ships it (lm_eval/tasks/ruler); its generators are run, with words for tokens. MQAR is
re-stated here from the definition in HazyResearch/zoology (zoology/data/multiquery_ar.py), which is not on PyPI.

    pip install numpy scipy wonderwords nltk tqdm packaging && pip install --no-deps lm-eval==0.4.9
    python3 Tests/Fixtures/compare_ruler.py --assay .build/release/assay

Prints a table and exits with 1 when a distribution that should agree does not (two-sample Kolmogorov-Smirnov p < 0.001, or
counts that differ), or when an intended difference is not there.
"""

import argparse
import collections
import importlib.util
import itertools
import json
import random
import re
import subprocess
import sys
import types

import numpy as np
from scipy import special, stats

FIRST_SYMBOL, QUERY, END = 64, 4, 2
NOISE = range(FIRST_SYMBOL + 128, FIRST_SYMBOL + 144)
failures = []


def report(what, ours, theirs, verdict=None):
    """One line of the table; a verdict of False is a failure."""
    mark = {None: "", True: "as it should be", False: "NOT AS IT SHOULD BE"}[verdict]
    print(f"{what:<46} {ours:>18} {theirs:>18}  {mark}")
    if verdict is False:
        failures.append(what)


def compare(what, ours, theirs):
    """Two samples that should have one distribution."""
    test = stats.ks_2samp(ours, theirs)
    report(f"{what}: mean", f"{np.mean(ours):.3f}", f"{np.mean(theirs):.3f}")
    report(f"{what}: KS distance, p", f"{test.statistic:.3f}", f"{test.pvalue:.3f}", bool(test.pvalue > 0.001))


# Our items


def items(assay, task, count, **parameters):
    """Sequences of the evaluation stream."""
    arguments = [f"{name.replace('_', '-')}={value}" for name, value in parameters.items()]
    text = subprocess.run(
        [assay, "sample", task, *arguments, "--count", str(count), "--json"], check=True, capture_output=True, text=True
    ).stdout
    return [json.loads(line) for line in text.splitlines()]


def context(sequence):
    tokens = sequence["tokens"]
    return tokens[2 : tokens.index(QUERY)]


# RULER as lm-eval ships it


def load_ruler():
    """Imports the generators without the rest of lm-eval, and without the packages that they need only for their wrapping."""

    def stand_in(name, **attributes):
        module = types.ModuleType(name)
        module.__dict__.update(attributes)
        sys.modules.setdefault(name, module)

    class Anything:
        @staticmethod
        def from_pretrained(*_, **__):
            raise RuntimeError("only the generators are used here")

    stand_in("datasets", Dataset=Anything, Split=Anything, load_dataset=Anything.from_pretrained)
    stand_in("transformers", AutoTokenizer=Anything, PreTrainedTokenizerFast=Anything, PreTrainedTokenizer=Anything)
    root = importlib.util.find_spec("lm_eval").submodule_search_locations[0]
    for name, path in (("lm_eval", root), ("lm_eval.tasks", f"{root}/tasks"), ("lm_eval.tasks.ruler", f"{root}/tasks/ruler")):
        stand_in(name, __path__=[path])
    import nltk

    nltk.data.find = lambda *_, **__: True  # the sentence splitter's data, which is not needed
    niah = importlib.import_module("lm_eval.tasks.ruler.prepare_niah")
    niah.cached_sent_tokenize = lambda text: text.split(" | ")
    return (
        niah,
        importlib.import_module("lm_eval.tasks.ruler.cwe_utils"),
        importlib.import_module("lm_eval.tasks.ruler.fwe_utils"),
    )


def word_tokenizer(text):
    return types.SimpleNamespace(input_ids=text.split())


def ruler_needles(niah, kind, count, **numbers):
    """For each sample: depth of the first needle asked for, needles in all, and their order."""
    sentences = 200
    hay = {"essay": ["one", "sentence", "|"] * sentences, "repeat": "The grass is green.", "needle": niah.NEEDLE}[kind]
    samples = []
    for _ in range(count):
        text, answers, _ = niah.generate_input_output(
            3 * sentences if kind == "essay" else sentences, hay, type_haystack=kind, type_needle_k="words",
            type_needle_v="numbers", template="{context}", num_needle_q=numbers.get("queries", 1),
            num_needle_k=numbers.get("keys", 1), num_needle_v=numbers.get("values", 1),
        )
        text = " ".join(text.split())
        places = sorted(text.index(f"is: {answer}.") for answer in answers)
        samples.append((places[0] / len(text), text.count("One of the special magic"), len(answers)))
    return samples


def compare_needles(assay, niah):
    print("\nneedle-haystack against niah_*")
    forms = [
        ("single_1, two keys in noise", "repeat", {"keys": 2}, {"haystack": "noise"}, {}),
        ("single_2", "essay", {"keys": 1}, {"haystack": "text"}, {}),
        ("multikey_1", "essay", {"keys": 4}, {"haystack": "text"}, {}),
        ("multikey_2", "needle", {"keys": 2}, {"haystack": "needles"}, {}),
        ("multivalue", "essay", {"keys": 1, "values": 4}, {"haystack": "text"}, {}),
        ("multiquery", "essay", {"keys": 4}, {"haystack": "text", "queries": 4}, {"queries": 4}),
    ]
    for name, kind, shared, ours_only, theirs_only in forms:
        mine = items(assay, "needle-haystack", 1000, length=512, symbols=64, **shared, **ours_only)
        theirs = ruler_needles(niah, kind, 1000, **shared, **theirs_only)
        asked = "first of all asked" if "queries" in ours_only else "first asked"
        depths = [min(q["item"]["position"] for q in sequence["questions"]) for sequence in mine]
        compare(f"{name}: depth, {asked}", depths, [sample[0] for sample in theirs])
        answers = {
            sum(q["answer"][1] - q["answer"][0] - (q["grading"] == {"set": {}}) for q in sequence["questions"])
            for sequence in mine
        }
        report(f"{name}: answers", str(sorted(answers)), str(sorted({sample[2] for sample in theirs})),
               answers == {sample[2] for sample in theirs})
        if kind != "needle":
            needles = {sequence["questions"][0]["item"]["facts"] for sequence in mine}
            report(f"{name}: needles", str(sorted(needles)), str(sorted({sample[1] for sample in theirs})),
                   needles == {sample[1] for sample in theirs})


def order_of_first(words):
    """Which place each word's first appearance has, as one tuple: equal for equal permutations of equal counts."""
    names = {}
    return tuple(names.setdefault(word, len(names)) for word in words)


def compare_common(assay, cwe):
    print("\ncommon-words against cwe (below 4,096 tokens: 6 times, 1 time)")
    mine = items(assay, "common-words", 500, common=10, often=6, others=90, seldom=1, length=256)
    theirs = [cwe.get_example(100, 6, 1, 10) for _ in range(500)]
    own = [[token for token in context(sequence) if token not in NOISE] for sequence in mine]
    # "1. word 2. two words 3. word": some words have a space.
    lists = [[entry.strip() for entry in re.split(r"\d+\. ", text)[1:]] for text, _ in theirs]
    law = lambda words: tuple(sorted(collections.Counter(collections.Counter(words).values()).items()))
    laws = [{law(words) for words in sample} for sample in (own, lists)]
    report("times that words come: words", str(sorted(laws[0])[0]), str(sorted(laws[1])[0]), laws[0] == laws[1])
    report("words asked for", str({len(set(mine[0]["tokens"][q["answer"][0]:q["answer"][1]]) - {END})
                                    for q in mine[0]["questions"]}), str({len(answer) for _, answer in theirs}))

    def places(words, common):
        return [place / (len(words) - 1) for place, word in enumerate(words) if word in common]

    gold = [set(s["tokens"][s["questions"][0]["answer"][0]:s["questions"][0]["answer"][1]]) for s in mine]
    compare("places of common words", list(itertools.chain(*map(places, own, gold)))[:6000],
            list(itertools.chain(*(places(words, set(answer)) for words, (_, answer) in zip(lists, theirs))))[:6000])


def compare_frequent(assay, fwe):
    print("\nfrequent-words against fwe (2,000 tokens, alpha 2, 40 words)")
    size, vocabulary = 2000, 40
    mine = items(assay, "frequent-words", 200, common=3, alpha=200, vocabulary=vocabulary, tokens=size, length=2048)
    own = [[token for token in context(sequence) if token not in NOISE] for sequence in mine]
    theirs = []
    for _ in range(200):
        text, answer, _ = fwe.generate_input_output(10**9, word_tokenizer, num_words=size, vocab_size=vocabulary)
        body = text[text.index("coded words. ") + 13 : text.index("\nQuestion")].split()
        theirs.append(([word for word in body if word != "..."], answer))
    counts = lambda words: tuple(sorted(collections.Counter(words).values(), reverse=True))
    laws = [{counts(words) for words in own}, {counts(words) for words, _ in theirs}]
    report("counts of ranks 2, 3, 4, 5", str(sorted(laws[0])[0][:4]), str(sorted(laws[1])[0][:4]), laws[0] == laws[1])
    expected = tuple(c for c in (int(size * k**-2.0 / special.zeta(2)) for k in range(2, vocabulary + 1)) if c)
    report("counts as n k^-2 / zeta(2)", str(sum(expected)), str(sum(sorted(laws[1])[0])), laws[0] == {expected})
    permutations = [len({order_of_first(words) for words in own}), len({order_of_first(words) for words, _ in theirs})]
    report("different permutations in 200 items", str(permutations[0]), str(permutations[1]),
           permutations[0] == 200 and permutations[1] == 1)


# MQAR


def zoology_distances(length, pairs, power, count, generator):
    """Tokens from each question back to its key: numpy's draws, as in multiquery_ar.py."""
    space = (length - 2 * pairs) // 2
    weights = power * np.arange(1, space + 1) ** (power - 1)
    weights = weights / weights.sum()
    distances = []
    for _ in range(count):
        gaps = generator.choice(space, replace=False, p=weights, size=pairs)
        distances.append(2 * pairs + 2 * gaps - 2 * np.arange(pairs))
    return np.array(distances)


def compare_mqar(assay):
    print("\nmqar against zoology's definition; tokens from a question back to its key")
    generator = np.random.default_rng(1)
    for length, pairs, power, count in ((64, 4, 1, 1500), (128, 8, 1, 1500), (256, 16, 1, 1000), (512, 64, 1, 300),
                                        (256, 64, 1, 300), (256, 16, 100, 500)):
        mine = items(assay, "mqar", count, length=length + 2, pairs=pairs, power=power, symbols=64)
        ours = np.array([[question["item"]["distance"] for question in sequence["questions"]] for sequence in mine])
        theirs = zoology_distances(length, pairs, power / 100, count, generator)
        name = f"({length}, {pairs}), a = {power / 100}"
        shares = lambda sample: " ".join(f"{np.mean(sample <= w):.2f}" for w in (16, 32, 64, 128))
        report(f"{name}: share within 16 32 64 128", shares(ours), shares(theirs))
        report(f"{name}: median", f"{np.median(ours):.0f}", f"{np.median(theirs):.0f}")
        # Questions of a sequence depend on each other; one a sequence makes the samples independent.
        chosen = (np.arange(count), generator.integers(pairs, size=count))
        compare(f"{name}: one question", ours[chosen], theirs[chosen])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assay", default=".build/release/assay", help="the program, built")
    arguments = parser.parse_args()
    random.seed(1)
    niah, cwe, fwe = load_ruler()
    print(f"{'':<46} {'ours':>18} {'published':>18}")
    compare_needles(arguments.assay, niah)
    compare_common(arguments.assay, cwe)
    compare_frequent(arguments.assay, fwe)
    compare_mqar(arguments.assay)
    if failures:
        sys.exit(f"{len(failures)} not as they should be: {', '.join(failures)}")


if __name__ == "__main__":
    main()
