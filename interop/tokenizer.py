"""Compare our token ids with those of Hugging Face tokenizers.

Usage: python interop/tokenizer.py [SWERM [DIR]]

Needs the `tokenizers` package and Go; the binary SWERM, which run.sh passes to
every check, is not used. The Go side trains vocabularies on
generated text, encodes generated and adversarial texts with them (and with the
Qwen3 tokenizer where the reference files are present), and writes everything
to DIR (a temporary folder by default). This script loads the same
tokenizer.json files and asks for the same ids, twice per text: with added
tokens matched, and with them read as plain text.

Exit code 0: all equal. 1: a difference, shown. 2: something is missing.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOWN = 5  # differences shown per tokenizer


def compare(folder, tokenizers):
    """Return the number of texts whose ids differ."""
    ours = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    config = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    # Only tokens marked special can be switched off on their side.
    all_special = all(t["special"] for t in config["added_tokens"])
    cases = [json.loads(line) for line in open(folder / "cases.jsonl", encoding="utf-8")]
    texts = [c["text"] for c in cases]
    wrong = set()

    def check(field):
        for i, enc in enumerate(ours.encode_batch(texts, add_special_tokens=False)):
            if enc.ids != cases[i][field]:
                wrong.add(i)
                if len(wrong) <= SHOWN:
                    print(f"{folder.name}: {field} ids of {texts[i][:200]!r}\n  theirs {enc.ids[:60]}\n  ours   {cases[i][field][:60]}")

    check("special")
    if all_special:
        ours.encode_special_tokens = True
        check("plain")
    print(f"{folder.name}: {len(cases)} texts, {len(wrong)} differ, vocabulary {ours.get_vocab_size()}"
          + ("" if all_special else " (plain encoding not compared: it has added tokens that are not special)"))
    return len(wrong)


def main():
    try:
        import tokenizers
    except ImportError:
        print("interop: pip install tokenizers", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else scratch)
        env = dict(os.environ, SWERM_INTEROP_OUT=str(out.resolve()))
        go = subprocess.run(["go", "test", "./moe/tokenizer", "-run", "TestWriteInterop", "-count=1"], cwd=ROOT, env=env, stdout=sys.stderr)
        folders = sorted(p.parent for p in out.glob("*/cases.jsonl"))
        if go.returncode != 0 or not folders:
            print("interop: the Go side wrote nothing", file=sys.stderr)
            return 2
        print(f"tokenizers {tokenizers.__version__}")
        return 1 if sum(compare(f, tokenizers) for f in folders) else 0


if __name__ == "__main__":
    sys.exit(main())
