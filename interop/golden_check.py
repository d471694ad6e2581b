"""Compares `swerm score --ids` with the reference logits of two small checkpoints
that transformers computed in float64, where those files are present.

usage: golden_check.py SWERM
"""
import json
import os
import pathlib
import subprocess
import sys

TOLERANCE = 5e-5  # what float32 arithmetic may cost; transformers' own costs 7e-6

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = pathlib.Path(os.environ.get("SWERM_GOLDEN") or ROOT.parent / "shared" / "golden") / "qwen3moe-tiny"


def largest_difference(swerm, directory):
    golden = json.loads((directory / "golden.json").read_text())
    sequences = golden["float64"]["sequences"]
    lines = "".join(json.dumps({"ids": s["input_ids"]}) + "\n" for s in sequences)
    out = subprocess.run([swerm, "score", directory, "--ids", "-", "--yes", str(golden["yes_id"]), "--no", str(golden["no_id"])],
                         input=lines, check=True, capture_output=True, text=True).stdout
    worst = 0.0
    for want, line in zip(sequences, out.splitlines(), strict=True):
        got = json.loads(line)
        worst = max(worst, abs(got["logit_yes"] - want["logit_yes"]), abs(got["logit_no"] - want["logit_no"]),
                    abs(got["score"] - want["r_yes"]))
    return len(sequences), worst


def main():
    directories = sorted(p.parent for p in GOLDEN.glob("*/golden.json"))
    if not directories:
        print("skip golden: no reference checkpoints; set SWERM_GOLDEN to the folder that holds qwen3moe-tiny")
    failed = False
    for directory in directories:
        n, worst = largest_difference(sys.argv[1], directory)
        failed |= not worst < TOLERANCE
        print(f"{'ok  ' if worst < TOLERANCE else 'FAIL'} golden {directory.name}: {n} sequences, largest difference from float64 {worst:.2e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
