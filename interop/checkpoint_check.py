"""Opens a saved checkpoint in transformers and compares the two verdict logits
with `swerm score --ids` on random ids of several lengths.

usage: checkpoint_check.py SWERM CHECKPOINT
"""
import json
import os
import random
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 2e-4  # fp32 on both sides, different order of sums


def main():
    swerm, directory = sys.argv[1:3]
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    assert type(model).__name__ == "Qwen3MoeForCausalLM", type(model)
    rng = random.Random(7)
    vocab = model.config.vocab_size
    rows = [[rng.randrange(vocab) for _ in range(n)] for n in (1, 2, 17, 64, 333, 1000)]
    yes, no = 3, 5
    if os.path.exists(os.path.join(directory, "swerm.json")):
        contract = json.load(open(os.path.join(directory, "swerm.json")))["contract"]
        yes, no = contract["yes_id"], contract["no_id"]
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", delete=False) as f:
        for ids in rows:
            f.write(json.dumps({"ids": ids}) + "\n")
    out = subprocess.run([swerm, "score", directory, "--ids", f.name, "--yes", str(yes), "--no", str(no)],
                         check=True, capture_output=True, text=True).stdout
    os.unlink(f.name)
    worst = 0.0
    for ids, line in zip(rows, out.splitlines(), strict=True):
        got = json.loads(line)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0, -1]
        worst = max(worst, abs(logits[yes].item() - got["logit_yes"]), abs(logits[no].item() - got["logit_no"]))
    print(f"{'ok  ' if worst < TOLERANCE else 'FAIL'} transformers  {directory}: largest difference of a logit {worst:.2e}")
    if os.path.exists(os.path.join(directory, "tokenizer.json")):
        tokenizer = AutoTokenizer.from_pretrained(directory)
        print(f"ok   AutoTokenizer opens {directory}: {len(tokenizer)} tokens")
    sys.exit(worst >= TOLERANCE)


if __name__ == "__main__":
    main()
