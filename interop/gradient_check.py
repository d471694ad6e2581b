"""Compares logits, losses and the gradient of every tensor with transformers in
float64: of checkpoints that swerm saved, and of models of the same configs with
other weights that transformers saved, in the same types and numbers of files.

usage: gradient_check.py GRADIENTS CHECKPOINT...   the command interop/gradients
"""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM
from transformers.utils import logging

logging.disable_progress_bar()
torch.set_num_threads(1)
LENGTHS = (1, 2, 17, 150)
TASK = {"yes": 3, "no": 5, "token": 0.01, "aux": 0.05}
OFF = 1e-4  # fp32 against float64: logits and losses, and a gradient over its tensor's norm


def task(vocabulary):
    """Without token 0: it is the padding of these configs, whose embedding transformers gives no gradient."""
    rng = random.Random(11)
    return {**TASK, "sequences": [[rng.randrange(1, vocabulary) for _ in range(n)] for n in LENGTHS],
            "labels": [i % 2 for i in range(len(LENGTHS))]}


def ours(command, directory, work):
    with tempfile.TemporaryDirectory() as out:
        path = os.path.join(out, "gradients.safetensors")
        done = subprocess.run([command, directory, path], input=json.dumps(work), check=True, capture_output=True, text=True)
        return json.loads(done.stdout), load_file(path)


def theirs(model, work):
    """What transformers gets for the same sequences, each alone."""
    got = {"logits": [], "token": [], "two": [], "aux": []}
    total = 0
    for ids, label in zip(work["sequences"], work["labels"], strict=True):
        row = torch.tensor([ids])
        routed = {"output_router_logits": True} if hasattr(model.config, "num_experts") else {}
        out = model(row, use_cache=False, **routed)
        token = torch.nn.functional.cross_entropy(out.logits[0, :-1], row[0, 1:], reduction="sum") if len(ids) > 1 else out.logits.sum() * 0
        pair = out.logits[0, -1, [work["yes"], work["no"]]]
        two = torch.nn.functional.cross_entropy(pair[None], torch.tensor([1 - label]))
        aux = out.aux_loss if routed else torch.zeros(())
        total = total + work["token"] * token + two + work["aux"] * aux
        for key, value in (("logits", pair), ("token", token), ("two", two), ("aux", aux)):
            got[key].append(value.tolist())
    model.zero_grad()
    total.backward()
    return got, dict(by_tensor(model))


def by_tensor(model):
    """Gradients under the names that files have: an expert has three matrices of its own."""
    for name, p in model.named_parameters():
        grad = torch.zeros_like(p) if p.grad is None else p.grad
        stem, _, last = name.rpartition(".")
        if last == "gate_up_proj":
            for e, both in enumerate(grad):
                yield f"{stem}.{e}.gate_proj.weight", both[: len(both) // 2]
                yield f"{stem}.{e}.up_proj.weight", both[len(both) // 2 :]
        elif last == "down_proj":
            for e, one in enumerate(grad):
                yield f"{stem}.{e}.down_proj.weight", one
        else:
            yield name, grad


def differences(got, want):
    """The largest of a number, and of a gradient's entry over its tensor's norm, with its name."""
    (numbers, gradients), (reference, right) = got, want
    flat = lambda x: [y for v in x for y in (v if isinstance(v, list) else [v])]
    number = max(abs(a - b) / (1 + abs(b)) for key in reference for a, b in zip(flat(numbers[key]), flat(reference[key]), strict=True))
    if gradients.keys() != right.keys():
        raise ValueError(f"tensors differ: {sorted(gradients.keys() ^ right.keys())[:3]}")
    worst = (0.0, "")
    for name, grad in right.items():
        if gradients[name].shape != grad.shape:
            raise ValueError(f"{name} has shape {tuple(gradients[name].shape)}, theirs {tuple(grad.shape)}")
        size = grad.norm().item()
        off = (gradients[name].double() - grad).norm().item() / size if size > 1e-9 else gradients[name].norm().item()
        worst = max(worst, (off, name))
    return number, *worst


def opened(directory):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32, attn_implementation="eager")
    if hasattr(model.config, "num_experts"):
        model.set_experts_implementation("eager")  # the others know no float64
    return model.double()


def drawn(config):
    """Another model of a config."""
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_config(config, attn_implementation="eager")
    with torch.no_grad():
        for name, p in model.named_parameters():
            p.copy_(1 + 0.2 * torch.randn_like(p) if "norm" in name else 0.15 * torch.randn_like(p))
    return model


def stored_as(directory):
    """The type of the numbers in a checkpoint's files, and how many files there are."""
    files = sorted(pathlib.Path(directory).glob("*.safetensors"))
    return next(iter(load_file(files[0]).values())).dtype, len(files)


def check(command, directory):
    model = opened(directory)
    work = task(model.config.vocab_size)
    there = differences(ours(command, directory, work), theirs(model, work))
    dtype, files = stored_as(directory)
    other = drawn(model.config).to(dtype)
    with tempfile.TemporaryDirectory() as saved:
        size = sum(p.numel() for p in other.parameters()) * dtype.itemsize
        other.save_pretrained(saved, max_shard_size=size // 3 if files > 1 else "5GB")
        _, parts = stored_as(saved)
        back = differences(ours(command, saved, work), theirs(opened(saved), work))
    sound = max(there[0], there[1], back[0], back[1]) < OFF and (parts > 1) == (files > 1)
    say = lambda d: f"numbers {d[0]:.1e}, gradients {d[1]:.1e} ({d[2]})"
    print(f"{'ok  ' if sound else 'FAIL'} gradients {directory}: {say(there)}; of a model that transformers saved ({dtype}, {parts} files): {say(back)}")
    return sound


def main():
    command, *directories = sys.argv[1:]
    sys.exit(not all([check(command, d) for d in directories]))


if __name__ == "__main__":
    main()
