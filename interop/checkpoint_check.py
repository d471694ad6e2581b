"""Opens saved checkpoints in transformers and compares the two verdict logits with
`swerm score --ids` on random ids of several lengths; then lets transformers save
each model, and reads that back with swerm. What bf16 costs is compared with what it
costs under torch's autocast.

usage: checkpoint_check.py SWERM CHECKPOINT...
"""
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging

logging.disable_progress_bar()
LENGTHS = (1, 2, 17, 64, 333, 1000)
TOLERANCE = 2e-4  # fp32 on both sides, different order of sums
ROUNDED = 2.0  # times what torch's autocast is off by


def ours(swerm, directory, rows, yes, no, precision="fp32"):
    lines = "".join(json.dumps({"ids": ids}) + "\n" for ids in rows)
    out = subprocess.run([swerm, "score", directory, "--ids", "-", "--yes", str(yes), "--no", str(no), "--precision", precision],
                         input=lines, check=True, capture_output=True, text=True).stdout
    scores = [json.loads(line) for line in out.splitlines()]
    return [(s["logit_yes"], s["logit_no"]) for s in scores]


def theirs(model, rows, yes, no):
    pairs = []
    with torch.no_grad():
        for ids in rows:
            logits = model(torch.tensor([ids])).logits[0, -1]
            pairs.append((logits[yes].item(), logits[no].item()))
    return pairs


def largest_difference(ours, theirs):
    return max(abs(x - y) for a, b in zip(ours, theirs, strict=True) for x, y in zip(a, b, strict=True))


def middle_difference(ours, theirs):
    """Where rounding makes a router choose another expert, a logit is another one: the median does not mind."""
    return statistics.median(abs(x - y) for a, b in zip(ours, theirs, strict=True) for x, y in zip(a, b, strict=True))


def check(swerm, directory):
    model, loading = AutoModelForCausalLM.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True)
    model.eval()
    faults = [f"{what}: {sorted(names)[:3]}" for what, names in loading.items() if names]
    if type(model).__name__ not in ("Qwen3MoeForCausalLM", "Qwen3ForCausalLM"):
        faults.append(f"opened as {type(model).__name__}")
    yes, no = 3, 5
    if os.path.exists(os.path.join(directory, "swerm.json")):
        with open(os.path.join(directory, "swerm.json")) as f:
            contract = json.load(f)["contract"]
        yes, no = contract["yes_id"], contract["no_id"]
    rng = random.Random(7)
    rows = [[rng.randrange(model.config.vocab_size) for _ in range(n)] for n in LENGTHS]
    want = theirs(model, rows, yes, no)
    opened = largest_difference(ours(swerm, directory, rows, yes, no), want)
    halves = middle_difference(ours(swerm, directory, rows, yes, no, "bf16"), want)
    with torch.autocast("cpu", torch.bfloat16):
        autocast = middle_difference(theirs(model, rows, yes, no), want)
    with tempfile.TemporaryDirectory() as saved:
        model.save_pretrained(saved)
        back = largest_difference(ours(swerm, saved, rows, yes, no), want)
    if not max(opened, back) < TOLERANCE:
        faults.append(f"a logit differs by more than {TOLERANCE}")
    if not halves <= ROUNDED * autocast:
        faults.append(f"bf16 is off by more than {ROUNDED} times what autocast is")
    print(f"{'FAIL' if faults else 'ok  '} transformers {directory}: largest difference of a logit {opened:.2e}; saved by transformers and read back {back:.2e}; "
          f"median of what bf16 changes {halves:.1e}, under torch's autocast {autocast:.1e}")
    for fault in faults:
        print("     ", fault)
    if os.path.exists(os.path.join(directory, "tokenizer.json")):
        tokenizer = AutoTokenizer.from_pretrained(directory)
        print(f"ok   AutoTokenizer {directory}: {len(tokenizer)} tokens")
    return not faults


def main():
    swerm, *directories = sys.argv[1:]
    sys.exit(not all([check(swerm, d) for d in directories]))


if __name__ == "__main__":
    main()
