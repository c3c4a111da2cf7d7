"""Writes Tests/Fixtures/tokenizers.json: small tokenizers of many families, and what the package `tokenizers` makes of hard texts.

    pip install tokenizers==0.23.3
    python Tests/Fixtures/make_tokenizer_fixtures.py
"""
import json
import pathlib
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's 12,345.67 dollars, isn't it? We'll see what they've done.",
    "def main(argv):\n    for i in range(1024):\n        print(f'{i:>4}', end='\\n')\n\treturn {\"key\": [1, 2, 3]}\n",
    "Die Straße führt über die Brücke nach Köln; Äpfel, Öl und Übermut kosten 3,50 €.",
    "El niño comió piñas mañana por la mañana. Où est le garçon? Ça va très bien, merci.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Москва, 1999 год.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία. Η Αθήνα είναι πόλη.",
    "我们在北京学习自然语言处理,二〇二四年。今天天气很好,我们去公园吧。",
    "日本語のテキストをトークンに分割します。カタカナとひらがなと漢字。",
    "한국어 문장을 토큰으로 나눕니다. 안녕하세요 세계!",
    "مرحبا بالعالم، هذا نص عربي. שלום עולם, זה טקסט בעברית.",
    "नमस्ते दुनिया, यह हिंदी पाठ है। สวัสดีชาวโลก ภาษาไทย",
    "😀😃🎉 emoji 👩‍👩‍👧‍👦 flags 🇩🇪🇯🇵 skin 👍🏽 and ❤️ 100%",
    "SELECT * FROM users WHERE id = 42 AND name LIKE '%x%'; -- comment\r\n<div class=\"a\">&nbsp;</div>",
    "HTTPServer XMLHttpRequest camelCase snake_case SCREAMING_CASE iPhone McDonald's O'Reilly I'M YOU'RE",
] * 3

LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace("{1,3}", "")
CASE_END = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
O200K = "|".join([
    rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}*{LOWER}+{CASE_END}", rf"[^\r\n\p{{L}}\p{{N}}]?{UPPER}+{LOWER}*{CASE_END}",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
KIMI = "|".join([
    r"[\p{Han}]+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+" + CASE_END,
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*" + CASE_END,
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
DEEPSEEK3 = [
    r"\p{N}{1,3}", "[一-龥\u3040-ゟ゠-ヿ]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"]
DEEPSEEK_LLM = [
    r"[\r\n]", r"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽ]+",
    r"\s?[!-/:-~！-／：-～‘-‟　-。]+", r"\s+$", r"[一-龥ࠀ-一가-퟿]+"]
GPT4 = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"


def byte_level(splits, size=600, normalizer=None, byte=None, added=(), template=None, ignore_merges=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    steps = [s if not isinstance(s, str) else pre_tokenizers.Split(Regex(s), "isolated") for s in splits]
    steps.append(byte or pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False))
    if added:
        for token in added:
            (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    if template:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single=template, special_tokens=[
                (t, tokenizer.token_to_id(t)) for t in template.split() if not t.startswith("$")])])
    return json.loads(tokenizer.to_str())


def sentence_piece(shape, size=420, scored=False):
    """A vocabulary of <unk>, <s>, </s>, the 256 bytes, and merges; `shape` sets the steps around it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    tokenizer.train_from_iterator(CORPUS[:6], trainers.BpeTrainer(vocab_size=size, show_progress=False))
    trained = json.loads(tokenizer.to_str())["model"]
    order = sorted(trained["vocab"], key=trained["vocab"].get)
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)] + order
    vocab = {name: i for i, name in enumerate(names)}
    merges = trained["merges"]
    if scored:
        # As the converter of transformers: every way to make a token, the best score (the lowest id) first.
        merges = sorted(
            ([t[:i], t[i:]] for t in order for i in range(1, len(t)) if t[:i] in vocab and t[i:] in vocab),
            key=lambda pair: vocab["".join(pair)])
    model = models.BPE(
        vocab=vocab, merges=[tuple(m) for m in merges], unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    shape(tokenizer)
    for name in names[:3]:
        tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return json.loads(tokenizer.to_str())


def gemma(tokenizer):
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_tokens([AddedToken(t, normalized=False) for t in ["\n", "\n\n", "\t", "▁▁", "<td>"]])


def llama2(tokenizer):
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])


def mistral(tokenizer):
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first", split=False)
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first"), decoders.Fuse()])


def words(normalizer, pre_tokenizer, fuse, added):
    """Characters with an unknown token, nothing to turn tokens back into text."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", fuse_unk=fuse))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.train_from_iterator(
        CORPUS[:5], trainers.BpeTrainer(vocab_size=300, special_tokens=["[UNK]"], show_progress=False))
    for token in added:
        (tokenizer.add_special_tokens if token.special else tokenizer.add_tokens)([token])
    return json.loads(tokenizer.to_str())


def special(*texts, **flags):
    return [AddedToken(t, special=True, normalized=False, **flags) for t in texts]


CHAT = special("<|endoftext|>", "<|im_start|>", "<|im_end|>")
FLAGS = [
    AddedToken("[MASK]", lstrip=True, special=True, normalized=False), AddedToken("[R]", rstrip=True, normalized=False),
    AddedToken("[LR]", lstrip=True, rstrip=True), AddedToken("Word", single_word=True), AddedToken("ÄB", normalized=True),
    AddedToken("ab", normalized=False), AddedToken("abc", normalized=False), AddedToken("<PAD>", special=True, normalized=True)]


def families():
    punctuated = pre_tokenizers.Sequence([
        pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation("merged_with_next"), pre_tokenizers.Digits()])
    lower = normalizers.Sequence([normalizers.NFKC(), normalizers.Strip(), normalizers.Lowercase()])
    odd = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"\d+?(?=[,.])|\w+(?<=g)\b"), "contiguous"),
        pre_tokenizers.Split(Regex(r"[aeiou]{2,}|^\s+"), "merged_with_previous"),
        pre_tokenizers.Split(Regex(r"[^\p{L}\s]"), "removed", invert=False), pre_tokenizers.Punctuation("contiguous")])
    return {
        "llama3": byte_level([LLAMA3], added=special("<|begin_of_text|>", "<|eot_id|>"), template="<|begin_of_text|> $A", ignore_merges=True),
        "smollm2": byte_level([pre_tokenizers.Digits(individual_digits=True)], byte=pre_tokenizers.ByteLevel(add_prefix_space=False), added=CHAT),
        "qwen2": byte_level([QWEN2], normalizer=normalizers.NFC(), added=CHAT + [AddedToken("<think>", normalized=False), AddedToken("</think>", normalized=True)]),
        "deepseek-v3": byte_level(DEEPSEEK3, normalizer=normalizers.Sequence([]), added=special("<｜begin▁of▁sentence｜>"), template="<｜begin▁of▁sentence｜> $A"),
        "deepseek-llm": byte_level(DEEPSEEK_LLM + [pre_tokenizers.Digits(individual_digits=True)], size=500),
        "gpt-4o": byte_level([O200K], added=special("<|start|>", "<|end|>")),
        "kimi": byte_level([KIMI]),
        "gpt-4": byte_level([GPT4], size=500),
        "gpt-2": byte_level([], byte=pre_tokenizers.ByteLevel(add_prefix_space=True), added=special("<|endoftext|>"), template="$A <|endoftext|>"),
        "gemma": sentence_piece(gemma), "llama2": sentence_piece(llama2, scored=True), "mistral": sentence_piece(mistral),
        "lowercase": words(lower, punctuated, False, FLAGS),
        "whitespace": words(normalizers.NFD(), pre_tokenizers.Whitespace(), True, [AddedToken("é", normalized=True)]),
        "behaviours": words(normalizers.Replace(Regex(r"\s{2,}"), " "), odd, True, []),
    }


HARD = [
    "", " ", "  ", "\n", "\r\n", "\r\n\r\n", "\t\t", " \n \n", "a", " a", "a ", "  a  b   c    ", "\u00a0\u2003\u3000x", "x\u2028y\u2029z\u0085w",
    "It's", "IT'S", "it'ſ x", "don't we'll I'm you're they've he'd 'Tis 'lL 'Re", "''''s", "K'K\u212a k", "1", "12", "123", "1234", "1234567890", "3.14159,2", "½ ² ³ ① Ⅷ ٣٤٥ १२३ 四",
    "Hello, world!", "hello   world", "HelloWorld", "HTTPServer", "helloWORLD HelloWorldXYZabc", "ǅ ǈ ǋ", "a_b-c.d/e\\f", "foo();\n\n\nbar();\n", "if (x) {\r\n\treturn y;\r\n}", "    indented\n        more\n", "x = [[1,2],[3]]//2 ** 3 /// /*\n*/ ",
    "Straße ẞ ß", "é e\u0301 \u00e9\u0301", "A\u030a \u00c5 \u212b", "ﬁ ﬀ ㎏ ① ｱ Ａ", "q\u0323\u0307 q\u0307\u0323", "\u1e9b\u0323", "가 \u1100\u1161 \u1100\u1161\u11a8", "\u0958 \u09dc", "が か\u3099", "İ i\u0307 I ı",
    "Съешь ещё", "Ελλάδα ΣΊΣΥΦΟΣ ς", "我们在北京", "我们2024年abc", "漢字かなカナ漢字", "ひらがなカタカナ・ー゛", "한국어 문장", "مرحبا بالعالم", "שלום עולם", "नमस्ते दुनिया", "สวัสดีชาวโลก", "தமிழ்", "ქართული", "አማርኛ", "𠀀𠀁 𪜶", "𝔘𝔫𝔦 𝟙𝟚", "𓀀 𒀀", "ᏣᎳᎩ ꮳꮃ",
    "😀", "😀😃", "👩‍👩‍👧‍👦", "🇩🇪🇯🇵", "👍🏽 ❤️ ☎️", "a😀b", "\u200b\u200c\u200d\ufeff", "\u202eabc\u202c", "\x00", "a\x00b", "\x01\x02\x1b[0m\x7f", "\ufffd\ufffe\uffff", "\U0010ffff\U000e0001", "\u0378 \u0c5b \u088f", "\ue000",
    "e\u0301\u0301\u0301\u0301", "a\u0300b\u0300", " \u0301x", "\n\u0301x", "1\u0301", "_x", "__init__", "$x €y £1", "a+b=c", "“quotes” ‘single’ «g»", "…—–-", "!!! ??? ...", " !", "! ", "!\n", "!\r\n x", "¿Qué?", "#!/bin/sh\n", "<a href=\"x\">y</a>", "\\n \\u0041", "{{}} %s %d",
    "<|begin_of_text|>hi<|eot_id|>", "<|im_start|>user\nhi<|im_end|>\n", "a <|endoftext|> b", "<|endoftext|", "<|endoftext|><|endoftext|>", "<think>x</think>y", "<s>x</s>", "<unk>", "<0x41>", "<td>\n\n\n\t", "▁", "▁▁▁ a▁b", " ▁ ", "<｜begin▁of▁sentence｜>x", "<|start|>a<|end|>",
    "x [MASK] y", "x  [MASK]y", "[R]  y [R]", " [LR]  [LR] ", "a[LR] b", "Word", "aWord Word, Word1 word", "ÄB äb Äb äB", "abcab abd", "<PAD> <pad>", "[MASK][MASK]", "\u3000[MASK]\u2003[R]\t x", "Word_ \u0301Word ²Word Word½",
    "running jogging 12,345.67", "aaa eee  queue,, ;;..", "  leading", "trailing  ", "a  b   c", "bookkeeper beautiful oooo", "12. 3, 45", "g-g g.g ing",
    "a" * 60, "ab" * 40, " " * 50, "\n" * 33, "中" * 40, "!" * 40, "1" * 41, "Aa" * 30, "a b " * 20, "é" * 30,
]
INVALID = ["80", "ff41", "c3", "c328", "e282", "e28228", "f09f98", "f09f9841", "eda080", "edbfbf", "c080", "f8888080", "f4908080", "41c2a9ff42", "e3818182e3", "efbfbd", "f0808080", "e0808041"]


def random_texts(count):
    rng = random.Random(6)
    spans = [(0x20, 0x7F)] * 6 + [(0x09, 0x0E), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE80), (0x1100, 0x1200),
             (0x2000, 0x2070), (0x20A0, 0x2BFF), (0x3000, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4), (0xFB00, 0x10000), (0x1D400, 0x1D800), (0x1F300, 0x1FA00)]
    return ["".join(chr(rng.randrange(*rng.choice(spans))) for _ in range(rng.randrange(1, 14))) for _ in range(count)]


def main():
    texts = HARD + random_texts(24)
    cases = [{"text": t} for t in texts] + [{"bytes": h} for h in INVALID]
    plain = texts + [bytes.fromhex(h).decode("utf-8", "replace") for h in INVALID]
    result = {"package": tokenizers.__version__, "cases": cases, "families": []}
    for name, content in families().items():
        tokenizer = Tokenizer.from_str(json.dumps(content))
        ids = [tokenizer.encode(t).ids for t in plain]
        whole = [tokenizer.decode(i, skip_special_tokens=False) for i in ids]
        short = [tokenizer.decode(i) for i in ids]
        model = content["model"]
        # Merges as one text: half the room of lists, and a form that files have.
        if all(" " not in part for merge in model["merges"] for part in merge):
            model["merges"] = [" ".join(merge) for merge in model["merges"]]
        result["families"].append({
            "name": name, "tokenizer": content, "ids": [" ".join(map(str, i)) for i in ids],
            # Texts that come back as they were given are null.
            "decoded": [None if d == t else d for d, t in zip(whole, plain)],
            "plain": [None if s == d else s for s, d in zip(short, whole)],
            "withoutSpecial": [" ".join(map(str, tokenizer.encode(t, add_special_tokens=False).ids)) for t in plain[:4]],
        })
    target = pathlib.Path(__file__).with_name("tokenizers.json")
    target.write_text(json.dumps(result, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(target, target.stat().st_size, len(plain), "texts", len(result["families"]), "families")


main()
