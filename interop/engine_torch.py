"""The peer's side of the races in bench_engine.py: a process that builds one
model of transformers, says that it is ready, and then does one unit of work for
each line it is sent. interop/engine is ours and answers alike.

usage: engine_torch.py SPEC.json
       engine_torch.py checkpoint CONFIG.json DIRECTORY   saves a random model
"""
import contextlib
import hashlib
import json
import os
import resource
import struct
import sys
import time

YES, NO = 3, 5
AUX = 0.001


def resident_peak():
    """The most bytes that were resident so far."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) << 10 for line in f if line.startswith("VmHWM:"))


def processor_time():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def say(answer):
    print(json.dumps(answer), flush=True)


def save(config, directory):
    import torch
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM
    torch.manual_seed(0)
    with open(config) as f:
        Qwen3MoeForCausalLM(Qwen3MoeConfig(**json.load(f))).save_pretrained(directory)


class Network:
    """A model in one of the ways that PyTorch can run it."""

    def __init__(self, spec):
        import torch
        from transformers import Qwen3MoeForCausalLM
        from transformers.utils import logging
        logging.disable_progress_bar()
        torch.set_num_threads(spec["threads"])
        self.imports = resident_peak()
        self.torch, self.spec = torch, spec
        dtype = torch.bfloat16 if spec["precision"] == "bf16" else torch.float32
        self.model = Qwen3MoeForCausalLM.from_pretrained(spec["checkpoint"], dtype=dtype, attn_implementation=spec["attention"])
        self.model.set_experts_implementation(spec["experts"])
        self.call = torch.compile(self.model) if spec["compiled"] else self.model

    def context(self):
        if self.spec["precision"] == "bf16 autocast":
            return self.torch.autocast("cpu", dtype=self.torch.bfloat16)
        return contextlib.nullcontext()

    def training(self):
        torch, spec = self.torch, self.spec
        self.model.train()
        named = self.model.parameters()
        groups = {True: [], False: []}
        for p in named:
            groups[p.dim() > 1].append(p)
        optimizer = torch.optim.AdamW([{"params": groups[True], "weight_decay": 0.1}, {"params": groups[False], "weight_decay": 0.0}],
                                      lr=1e-4, betas=(0.9, 0.95), eps=1e-8, fused=True)
        ids = torch.tensor(spec["sequences"])
        verdict = 1 - torch.tensor(spec["labels"])  # YES is the first of the two logits

        def unit():
            with self.context():
                out = self.call(input_ids=ids, output_router_logits=True, logits_to_keep=1, use_cache=False)
                two = out.logits[:, -1, [YES, NO]].float()
                loss = torch.nn.functional.cross_entropy(two, verdict) + AUX * out.aux_loss
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            return {"loss": loss.item()}

        return unit

    def scoring(self):
        torch = self.torch
        self.model.eval()
        rows = [torch.tensor([ids]) for ids in self.spec["sequences"]]

        def unit():
            logits = []
            with torch.inference_mode(), self.context():
                for ids in rows:
                    out = self.call(input_ids=ids, logits_to_keep=1, use_cache=False)
                    logits += out.logits[0, -1, [YES, NO]].float().tolist()
            return {"logits": logits}

        return unit


def tokenizing(spec):
    os.environ["RAYON_NUM_THREADS"] = str(spec["threads"])
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(spec["tokenizer"])
    with open(spec["texts"]) as f:
        texts = [json.loads(line) for line in f]
    found = []

    def unit():
        encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
        if not found:
            hashed = hashlib.sha256()
            for e in encoded:
                hashed.update(struct.pack(f"<I{len(e.ids)}i", len(e.ids), *e.ids))
            found.append(hashed.hexdigest())
        return {"hash": found[0]}

    return unit


def serve(spec):
    imports = 0
    if spec["work"] == "tokenize":
        unit = tokenizing(spec)
    else:
        network = Network(spec)
        imports = network.imports
        unit = network.training() if spec["work"] == "train" else network.scoring()
    say({"imports": imports})
    for _ in sys.stdin:
        cpu, start = processor_time(), time.perf_counter()
        answer = unit()
        answer.update(seconds=time.perf_counter() - start, cpu=processor_time() - cpu, resident=resident_peak())
        say(answer)


def main():
    if sys.argv[1] == "checkpoint":
        save(*sys.argv[2:])
        return
    with open(sys.argv[1]) as f:
        serve(json.load(f))


if __name__ == "__main__":
    main()
