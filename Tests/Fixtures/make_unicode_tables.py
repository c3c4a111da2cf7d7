"""Writes Sources/AssayModels/Tokenizers/Regex/UnicodeTables.swift: the Unicode properties that tokenizers use, as the
package `tokenizers` has them, asked scalar by scalar, so that no version of Unicode stands between it and Assay.

    pip install tokenizers==0.23.3
    python Tests/Fixtures/make_unicode_tables.py
"""
import pathlib
import textwrap

import tokenizers
from tokenizers import Regex, pre_tokenizers

CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Co Cn".split()
SCRIPTS = ["Han", "Hiragana", "Katakana", "Hangul", "Thai", "Latin"]
SURROGATES = range(0xD800, 0xE000)
TEXT = "".join(chr(c) for c in range(0x110000) if c not in SURROGATES)


def of_regex(pattern):
    """The scalars that a character class of Oniguruma matches."""
    split = pre_tokenizers.Split(Regex(f"(?:{pattern})+"), "removed", invert=True)
    return {ord(c) for piece, _ in split.pre_tokenize_str(TEXT) for c in piece}


def removed_by(pre_tokenizer):
    kept = {c for piece, _ in pre_tokenizer.pre_tokenize_str(TEXT) for c in piece}
    return {ord(c) for c in TEXT if c not in kept}


def numeric():
    """Pieces alternate: none, numeric, none, ..."""
    pieces = pre_tokenizers.Digits(individual_digits=False).pre_tokenize_str(TEXT)
    return {ord(c) for piece, _ in pieces[1::2] for c in piece}


def word_of_whitespace():
    """`\\w` of the pre-tokenizer Whitespace, which is not that of Oniguruma."""
    split = pre_tokenizers.Whitespace()
    return {ord(c) for c in TEXT if len(split.pre_tokenize_str(f"a{c}a")) == 1}


def runs(members):
    """Lengths of the runs outside, inside, outside, ... the set, from scalar 0 on."""
    lengths, inside, start = [], False, 0
    for c in range(0x110000):
        if (c in members) != inside:
            lengths.append(c - start)
            inside, start = not inside, c
    if inside:
        lengths.append(0x110000 - start)
    return " ".join(map(str, lengths))


def category_runs():
    category = ["Cn"] * 0x110000
    for c in SURROGATES:
        category[c] = "Cs"
    for name in CATEGORIES[:-1]:
        for c in of_regex(r"\p{%s}" % name):
            category[c] = name
    parts, start = [], 0
    for c in range(1, 0x110001):
        if c == 0x110000 or category[c] != category[start]:
            parts.append(f"{category[start]}{c - start}")
            start = c
    return " ".join(parts)


def literal(name, comment, text):
    lines = textwrap.wrap(text, 108)
    body = "\n".join(f"        {line} \\" for line in lines[:-1]) + ("\n" if len(lines) > 1 else "")
    return f'    /// {comment}\n    static let {name} = """\n{body}        {lines[-1]}\n        """\n'


parts = [
    "// Written by Tests/Fixtures/make_unicode_tables.py; not to be edited.\n",
    "/// Unicode properties as the package `tokenizers` %s has them (Unicode 16 for regular expressions)." % tokenizers.__version__,
    "///\n/// Sets are lengths of runs outside, inside, outside, ... from scalar 0 on.\nenum UnicodeTables {",
    literal("categories", "Runs of general categories over all scalars.", category_runs()),
    literal("word", r"`\\w` of regular expressions.".replace("\\\\", "\\"), runs(of_regex(r"\w"))),
    literal("wordOfWhitespace", r"`\w` of the pre-tokenizer Whitespace and of single-word added tokens.", runs(word_of_whitespace())),
    literal("punctuation", "What the pre-tokenizer Punctuation splits at.", runs(removed_by(pre_tokenizers.Punctuation("removed")))),
    literal("numeric", "What the pre-tokenizer Digits splits at.", runs(numeric())),
]
for script in SCRIPTS:
    parts.append(literal("script" + script, f"The script {script}.", runs(of_regex(r"\p{%s}" % script))))
root = pathlib.Path(__file__).resolve().parents[2]
target = root / "Sources/AssayModels/Tokenizers/Regex/UnicodeTables.swift"
target.write_text("\n".join(parts).rstrip() + "\n}\n")
