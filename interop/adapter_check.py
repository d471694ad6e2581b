"""Opens exported adapters in PEFT over their base and merged checkpoints in
transformers, and compares verdict logits of both with `swerm score --ids` of the
merged checkpoint.

usage: adapter_check.py SWERM DIRECTORY...   each with base/, adapter/ and merged/
"""
import json
import os
import random
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from checkpoint_check import LENGTHS, TOLERANCE, largest_difference, ours, theirs


def open_model(directory):
    return AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager").eval()


def check(swerm, directory):
    base, adapter, merged = (os.path.join(directory, d) for d in ("base", "adapter", "merged"))
    yes, no = 3, 5
    plain = open_model(base)
    rng = random.Random(7)
    rows = [[rng.randrange(plain.config.vocab_size) for _ in range(n)] for n in LENGTHS]
    without = theirs(plain, rows, yes, no)
    adapted = PeftModel.from_pretrained(plain, adapter).eval()
    peft = theirs(adapted, rows, yes, no)
    opened = theirs(open_model(merged), rows, yes, no)
    score = ours(swerm, merged, rows, yes, no)
    faults = []
    if not largest_difference(peft, without) > 100 * TOLERANCE:
        faults.append("the adapters change nothing in PEFT")
    differences = {"PEFT": largest_difference(peft, score), "transformers": largest_difference(opened, score)}
    faults += [f"{who} differs by more than {TOLERANCE}" for who, d in differences.items() if not d < TOLERANCE]
    with open(os.path.join(adapter, "adapter_config.json")) as f:
        targets = ", ".join(json.load(f)["target_modules"])
    print(f"{'FAIL' if faults else 'ok  '} adapters {directory}: largest difference of a logit to the merged model's "
          f"{differences['PEFT']:.2e} in PEFT, {differences['transformers']:.2e} merged in transformers ({targets})")
    for fault in faults:
        print("     ", fault)
    return not faults


def main():
    swerm, *directories = sys.argv[1:]
    sys.exit(not all([check(swerm, d) for d in directories]))


if __name__ == "__main__":
    main()
