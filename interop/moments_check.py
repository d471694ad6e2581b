"""Takes the updates of TestWriteMomentsInterop (moe/kernel) with the AdamW of
bitsandbytes over 8-bit moments, and compares levels, weights, codes and scales.

usage: moments_check.py FILE
"""
import json
import sys

import bitsandbytes
import bitsandbytes.functional
import torch

LEVELS = 1e-6  # relative: bitsandbytes computes levels in float32
SCALES = 1e-6
CODES = 0.001  # how many may differ: bounds between levels fall together but for rounding
WEIGHTS = 0.03  # of the way that weights go, in the mean


def nearest(numbers, scales, levels):
    """The codes of the nearest levels, as the quantizer of bitsandbytes has them that is in torch: the one of its
    CPU library takes others for small unsigned numbers."""
    scaled = torch.cat([block / scale for block, scale in zip(numbers.split(256), scales, strict=True)])
    return torch.bucketize(scaled, (levels[:-1] + levels[1:]) / 2)


def main():
    with open(sys.argv[1]) as f:
        run = json.load(f)
    failed = []

    def hold(what, got, most):
        print(f"{what}: {got:.2g} (at most {most:g})")
        if not got <= most:
            failed.append(what)

    for name, signed in (("Signed", True), ("Unsigned", False)):
        want = bitsandbytes.functional.create_dynamic_map(signed=signed).double()
        ours = torch.tensor(run[name]).double()
        hold(f"levels, {name.lower()}", ((ours - want).abs() / want.abs().clamp_min(1e-30)).max().item(), LEVELS)

    p = torch.nn.Parameter(torch.tensor(run["Start"]))
    adam = bitsandbytes.optim.AdamW8bit([p], lr=run["LR"], betas=(run["Beta1"], run["Beta2"]), eps=run["Eps"], weight_decay=run["WeightDecay"])
    for step, g in enumerate(run["Gradients"]):
        p.grad = torch.tensor(g)
        adam.step()
        if step == 0:
            state = {k: v.clone() for k, v in adam.state[p].items() if torch.is_tensor(v)}
    moved = (p.detach() - torch.tensor(run["Start"])).abs().mean()
    hold("weights, mean difference over mean way", ((p.detach() - torch.tensor(run["End"])).abs().mean() / moved).item(), WEIGHTS)
    g = torch.tensor(run["Gradients"][0])
    first = {"M": (1 - run["Beta1"]) * g, "V": (1 - run["Beta2"]) * g * g}
    for name, scales, levels in (("M", "absmax1", "qmap1"), ("V", "absmax2", "qmap2")):
        want, ours = state[scales], torch.tensor(run["Scales" + name])
        hold(f"scales of {name}, relative", ((ours - want).abs() / want).max().item(), SCALES)
        theirs, mine = nearest(first[name], want, state[levels]), torch.tensor(run[name])
        if name == "V":
            theirs = theirs.clamp_min(1)  # ours has no zero among numbers that are none
        hold(f"codes of {name} that differ, share", (theirs != mine).float().mean().item(), CODES)
    if failed:
        sys.exit("moments_check: " + ", ".join(failed))
    print("moments in eight bits are those of bitsandbytes", bitsandbytes.__version__)


if __name__ == "__main__":
    main()
