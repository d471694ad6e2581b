"""The engine against PyTorch and against the machine: part of bench_peers.py.

A race takes one unit of work of each side in turn, after all of them computed
the same. A row of the table has our median and range, those of the best peer,
the value that counts and whether it reaches its bar; what could not be measured
is named and reaches nothing.

usage: bench_peers.py SWERM --only engine [--rounds N] [--engine step/8x512,score] [--long] [--json FILE]
"""
import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys
import time

from engine_sides import Race, Side, ratio, spread

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MIB = 1 << 20

SCORED = (300, 520, 780, 1040, 1400, 1900, 2600, 4000)
LONG = 131072
CORPUS = 35e6  # bytes of messages for the tokenizer
SAME = 1e-4  # what fp32 may differ by, in losses and logits
NEAR = 0.1  # and bf16, which has eight bits and may route otherwise

DEFAULT = dict(vocab_size=8192, hidden_size=256, num_hidden_layers=6, num_attention_heads=4, num_key_value_heads=2, head_dim=64,
               num_experts=16, num_experts_per_tok=2, moe_intermediate_size=256, intermediate_size=256, norm_topk_prob=True,
               tie_word_embeddings=False, max_position_embeddings=1 << 18, rope_parameters={"rope_type": "default", "rope_theta": 1e6})
SHAPES = {
    "default": DEFAULT,
    "E64K8F64": DEFAULT | dict(num_experts=64, num_experts_per_tok=8, moe_intermediate_size=64),
    "D512": DEFAULT | dict(hidden_size=512, num_hidden_layers=4, num_attention_heads=8, num_key_value_heads=4, num_experts=8,
                           moe_intermediate_size=384),
    "D1024": DEFAULT | dict(hidden_size=1024, num_hidden_layers=4, num_attention_heads=16, num_key_value_heads=4, num_experts=8,
                            moe_intermediate_size=768),
}
# Shape, sequences, their length, and the ratio that bf16 is to reach on AMX.
STEPS = {"8x512": ("default", 8, 512, 4), "E64K8F64": ("E64K8F64", 8, 512, 6), "2x2048": ("default", 2, 2048, 5), "D512": ("D512", 8, 512, 4)}

PLAIN = dict(precision="fp32", compiled=False)
COMPILED = dict(precision="fp32", compiled=True)
AUTOCAST = dict(precision="bf16 autocast", compiled=False)
AUTOCAST_COMPILED = dict(precision="bf16 autocast", compiled=True)
PURE = dict(precision="bf16", compiled=False)


class Table:
    """The rows, in the order in which they are measured."""

    def __init__(self):
        self.rows = []

    def add(self, row, ours, peer, value, bar, form="{:.2f}", most=False, missing="", note=""):
        """With most the bar is the most that is allowed. Missing says why the row does not count."""
        if missing:
            verdict = "not measured: " + missing
        elif bar is None:
            verdict = "no bar"
        else:
            verdict = "met" if (value <= bar if most else value >= bar) else "not met"
        self.rows.append(dict(row=row, ours=ours, peer=peer, value=value, bar=bar, most=most, verdict=verdict, note=note))
        shown = "" if value is None else form.format(value)
        limit = "" if bar is None else ("≤ " if most else "≥ ") + form.format(bar)
        self.rows[-1]["line"] = f"| {row} | {ours} | {peer} | {shown} | {limit} | {verdict} |"
        print(f"{row}: {shown or ours}, {verdict}. {note}".rstrip(), flush=True)

    def markdown(self):
        head = "| | swerm | the best peer | ratio or share | bar | |\n|---|---:|---:|---:|---:|---|\n"
        return head + "\n".join(r["line"] for r in self.rows)


class Bench:
    """What all rows share: the machine, our program, and the table."""

    def __init__(self, work, options, texts):
        self.work, self.options, self.texts, self.table = work, options, texts, Table()
        self.peak, self.operations = None, []
        self.threads = os.cpu_count()
        flags = set(re.search(r"^flags\s*: (.*)$", open("/proc/cpuinfo").read(), re.M).group(1).split())
        self.amx, self.avx512 = "amx_bf16" in flags, "avx512f" in flags
        self.compiler = shutil.which("g++")  # torch.compile needs one
        self.engine = os.path.join(work, "engine")
        subprocess.run(["go", "build", "-o", self.engine, "./interop/engine"], cwd=ROOT, check=True, env=dict(os.environ, CGO_ENABLED="0"))
        self.kernel = json.loads(subprocess.run([self.engine, self.spec(work="none")], check=True, stdin=subprocess.DEVNULL,
                                                capture_output=True, text=True).stdout)["kernel"]

    def spec(self, **fields):
        path = os.path.join(self.work, f"spec-{len(os.listdir(self.work))}.json")
        with open(path, "w") as f:
            json.dump(dict(threads=self.threads) | fields, f)
        return path

    def peaks(self):
        """The most that all cores did, in GFLOP/s and GB/s; measured once."""
        if not self.peak:
            side = self.ours(work="peak")
            side.start()
            answers = [side.unit() for _ in range(5)]
            side.stop()
            self.peak = dict(fp32=max(a["fp32"] for a in answers) / 1e9, memory=max(a["memory"] for a in answers) / 1e9)
        return self.peak

    def checkpoint(self, shape):
        """A random model that transformers made and saved."""
        directory = os.path.join(self.work, "checkpoint-" + shape)
        if not os.path.isdir(directory):
            config = os.path.join(self.work, shape + ".json")
            with open(config, "w") as f:
                json.dump(SHAPES[shape], f)
            subprocess.run([sys.executable, script(), "checkpoint", config, directory], check=True, stderr=subprocess.DEVNULL)
        return directory

    def ours(self, name="swerm", **spec):
        return Side(name, [self.engine, self.spec(**spec)], dict(os.environ))

    def torch(self, name, way, **spec):
        # Compiled code is kept with the packages, for the next run.
        env = dict(os.environ, TORCHINDUCTOR_CACHE_DIR=os.path.join(sys.prefix, "inductor"))
        return Side(name, [sys.executable, script(), self.spec(attention="sdpa", experts="grouped_mm", **way, **spec)], env)

    def race(self, sides, key):
        return Race(sides, key, lambda name: NEAR if "bf16" in name else SAME)

    def details(self, race, key):
        """Says of each side what it took."""
        ours = next(iter(race.sides.values()))
        for name, s in race.sides.items():
            peer = "" if s is ours else f"; {ratio(ours.seconds, s.seconds):.2f} times ours, {ratio(ours.cpu, s.cpu):.2f} times in processor time"
            print(f"- {name}: {spread(s.seconds)} ms, {spread(s.cpu)} of processor time{peer}. First unit {s.first['seconds']:.1f} s, "
                  f"{s.resident / MIB:,.0f} MiB resident, its {key} within {race.differences[name]:.1e}")
        print(flush=True)


def script():
    return os.path.join(ROOT, "interop", "engine_torch.py")


def sequences(lengths):
    rng = random.Random(1)
    return [[rng.randrange(10, DEFAULT["vocab_size"]) for _ in range(n)] for n in lengths]


def training(b, shape, batch, length):
    return dict(work="train", checkpoint=b.checkpoint(shape), sequences=sequences([length] * batch), labels=[1, 0] * (batch // 2))


def step_row(name):
    def row(b):
        shape, batch, length, bar = STEPS[name]
        spec = training(b, shape, batch, length)
        fp32, bf16 = ["PyTorch fp32", "PyTorch fp32 compiled"], ["PyTorch bf16 autocast compiled"]
        sides = [b.ours(**spec)]
        if b.amx:
            sides.append(b.ours("swerm bf16", precision="bf16", **spec))
        sides += [b.torch(n, way, **spec) for n, way in zip(fp32 + bf16, [PLAIN, COMPILED, AUTOCAST_COMPILED]) if b.compiler or not way["compiled"]]
        print(f"\n### Training step, {name}\n", flush=True)
        with b.race(sides, "loss") as race:
            race.run(b.options.rounds)
            b.details(race, "first loss")
            against(b, race, f"step {name}, fp32, ms", "swerm", fp32, 1.5, "" if b.avx512 else "the bar is for hosts with AVX-512")
            against(b, race, f"step {name}, bf16, ms", "swerm bf16", bf16, bar, "" if b.amx else "no AMX on this host")
    return row


def against(b, race, row, name, peers, bar, missing):
    """Adds the row of one of our sides against the best of some peers, all of which must have run."""
    peer, ours = race.best(peers), race.sides.get(name)
    missing = missing or ("" if all(p in race.sides for p in peers) else "torch.compile found no g++")
    value = ratio(ours.seconds, peer.seconds) if ours and peer else None
    b.table.add(row, spread(ours.seconds) if ours else "", f"{spread(peer.seconds)} {peer.name}" if peer else "", value, bar, missing=missing)


def score_row(b):
    spec = dict(work="score", checkpoint=b.checkpoint("default"), sequences=sequences(SCORED))
    fp32, bf16 = ["PyTorch fp32"], ["PyTorch bf16 autocast", "PyTorch bf16"]
    sides = [b.ours(**spec)]
    if b.amx:
        sides.append(b.ours("swerm bf16", precision="bf16", **spec))
    sides += [b.torch(n, way, **spec) for n, way in zip(fp32 + bf16, [PLAIN, AUTOCAST, PURE])]
    print(f"\n### Scoring {len(SCORED)} sequences of {SCORED[0]} to {SCORED[-1]} tokens, unpadded\n", flush=True)
    with b.race(sides, "logits") as race:
        race.run(b.options.rounds)
        b.details(race, "logits")
        against(b, race, "scoring, fp32, ms", "swerm", fp32, 3, "the bar is for hosts without AMX" if b.amx else "")
        against(b, race, "scoring, bf16, ms", "swerm bf16", bf16, 5, "" if b.amx else "no AMX on this host")


def memory_row(b):
    """Our step starts from new weights, as a training does; opening a checkpoint would add the pages of its file."""
    shape, batch, length, _ = STEPS["8x512"]
    spec = training(b, shape, batch, length)
    sides = [b.ours(fresh=True, **spec), b.ours("swerm, memory.recompute: layer", fresh=True, recompute=True, **spec), b.torch("PyTorch fp32", PLAIN, **spec)]
    print("\n### Resident memory of the step 8x512\n", flush=True)
    with Race(sides[:2], "loss", lambda _: SAME) as race, Race(sides[2:], "loss", lambda _: SAME) as peer:
        ours, again, torch = [s.run(2).sides[n] for s, n in [(race, sides[0].name), (race, sides[1].name), (peer, sides[2].name)]]
        imports = torch.ready["imports"] / MIB
        b.table.add("resident memory, step 8x512, fp32, MiB", f"{ours.resident / MIB:,.0f}", f"{torch.resident / MIB:,.0f}", ours.resident / MIB, 500,
                    form="{:,.0f}", most=True, note=f"{again.resident / MIB:,.0f} with memory.recompute: layer; {imports:,.0f} of PyTorch's are imports")


def step_flops(c, batch, length):
    """What the answer needs of a training step: products and the causal half of attention, the way back twice the way forward.
    The last layer's experts answer the last positions alone."""
    tokens, layers = batch * length, c["num_hidden_layers"]
    d, heads, c_h = c["hidden_size"], c["num_attention_heads"] * c["head_dim"], c["head_dim"]
    dense = d * (2 * heads + 2 * c["num_key_value_heads"] * c_h) + d * c["num_experts"]
    expert = c["num_experts_per_tok"] * 3 * d * c["moe_intermediate_size"]
    attention = 2 * length * heads  # 4·S²/2·H·C over S tokens
    return 3 * (tokens * layers * (2 * dense + attention) + 2 * expert * ((layers - 1) * tokens + batch))


def flops_row(b):
    spec = training(b, "D1024", 8, 512)
    print("\n### Model FLOPs of a step of D1024 over the peak\n", flush=True)
    flops = step_flops(SHAPES["D1024"], 8, 512)
    sides = [b.ours(**spec)] + ([b.ours("swerm bf16", precision="bf16", **spec)] if b.amx else [])
    with b.race(sides, "loss") as race:
        race.run(b.options.rounds)
        b.details(race, "first loss")
        for name, precision, bar, missing in [("swerm", "fp32", None, ""), ("swerm bf16", "bf16", 30, "" if b.amx else "no AMX on this host")]:
            ours, peak = race.sides.get(name), b.peaks().get(precision)
            rate = flops / min(ours.seconds) / 1e9 if ours else None
            b.table.add(f"model FLOPs over peak, step D1024, {precision}, %", f"{rate:,.0f} GFLOP/s" if ours else "", f"peak {peak:,.0f}" if peak else "",
                        100 * rate / peak if ours else None, bar, form="{:.0f}", missing=missing)
def go_bench(package, name, times):
    """Runs a Go benchmark and yields the name and the metrics of each line."""
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", name, "-benchtime", times, "-timeout", "1h", package], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout
    for line in out.splitlines():
        if found := re.match(r"Benchmark\w+/(.*?)(?:-\d+)?\s+\d+\s+(.*)", line):
            numbers = found[2].split()
            yield found[1], {unit: float(value) for value, unit in zip(numbers[::2], numbers[1::2])}


def products_row(b):
    """One core against its own peak, in turn, by processor time. Products in registers and first cache alone are left out."""
    print("\n### Products, percent of the measured fp32 peak of a core\n", flush=True)
    shares = {name: m["%peak"] for name, m in go_bench("./moe/kernel", f"^BenchmarkPeak$/^{b.kernel}$", "100x") if "inL1" not in name}
    for name, share in shares.items():
        print(f"- {name}: {share:.0f}")
    if shares:
        least = min(shares, key=shares.get)
        apart = min(share for name, share in shares.items() if "+pack" not in name)
        b.table.add("products, percent of fp32 peak, the least shape", "", "", shares[least], 85, form="{:.0f}",
                    note=f"{least.split('/', 1)[1]}; {sum(s >= 85 for s in shares.values())} of {len(shares)} shapes reach it, the least is {apart:.0f} where experts' packs are left out")
    else:
        b.table.add("products, percent of fp32 peak, the least shape", "", "", None, 85, form="{:.0f}", missing=f"no peak for {b.kernel} kernels")
    b.table.add("products, percent of AMX peak, packing counted", "", "", None, 50, form="{:.0f}", missing="no AMX on this host")


ATTENTION = {"64/forward": 45, "64/backward": 40, "128/forward": 60, "128/backward": 50}


def attention_row(b):
    print("\n### Attention at 4,096 positions, fp32, percent of the measured peak of a core\n", flush=True)
    shares = {name.split("/", 1)[1]: m["%peak"] for name, m in go_bench("./moe/kernel", f"^BenchmarkPeakAttention$/^{b.kernel}$", "5x")}
    for name, bar in ATTENTION.items():
        dim, way = name.split("/")
        b.table.add(f"attention {way}, head_dim {dim}, percent of peak", "", "", shares.get(name), bar, form="{:.0f}",
                    missing="" if shares else f"no peak for {b.kernel} kernels")


def operations_row(b):
    """For the picture of the roofline; no bar."""
    print("\n### Operations of a step of 8 × 512\n\n| | operations per byte | GFLOP/s | of what the roof allows |\n|---|---:|---:|---:|", flush=True)
    for name, m in go_bench("./moe", "^BenchmarkOperations$", "20x"):
        o = dict(name=name.replace("_", " "), intensity=m["FLOP/B"], rate=m["GFLOP/s"])
        roof = min(b.peaks()["fp32"], o["intensity"] * b.peaks()["memory"])
        print(f"| {o['name']} | {o['intensity']:.2f} | {o['rate']:.1f} | {100 * o['rate'] / roof:.0f} % |", flush=True)
        b.operations.append(o)


def threads_row(b):
    spec = training(b, *STEPS["8x512"][:3])
    print("\n### Two threads over one, step 8x512, fp32\n", flush=True)
    with b.race([b.ours(**spec, threads=1), b.ours("swerm, 2 threads", **spec, threads=2)], "loss") as race:
        race.run(b.options.rounds)
        b.details(race, "first loss")
        one, two = race.sides.values()
        b.table.add("2 threads over 1, step 8x512, fp32, ms", spread(two.seconds), f"{spread(one.seconds)} 1 thread", 1 / ratio(one.seconds, two.seconds), 1.85,
                    missing="" if b.threads >= 2 else "one core")


def long_row(b):
    print(f"\n### One trajectory of {LONG:,} tokens, scored, fp32\n", flush=True)
    missing = "" if b.options.long else "takes minutes; give --long"
    seconds = resident = None
    if not missing:
        side = b.ours(work="score", checkpoint=b.checkpoint("default"), sequences=sequences([LONG]))
        side.launch()
        answer = side.unit()
        side.stop()
        seconds, resident = answer["seconds"], answer["resident"] / MIB
    b.table.add(f"{LONG:,} tokens, scored, fp32, s", "", "", seconds, 360, form="{:.0f}", most=True, missing=missing)
    b.table.add(f"{LONG:,} tokens, resident memory, MiB", "", "", resident, 2048, form="{:,.0f}", most=True, missing=missing)


def corpus(b, golden):
    """Real messages, one JSON string per line, and the tokenizer that splits them."""
    tokenizer, corpus = os.path.join(b.work, "tokenizer.json"), os.path.join(b.work, "texts.jsonl")
    with lzma.open(golden) as f, open(tokenizer, "wb") as g:
        shutil.copyfileobj(f, g)
    size = 0
    with open(corpus, "w") as f:
        for text in b.texts:
            f.write(json.dumps(text) + "\n")
            size += len(text.encode())
            if size > CORPUS:
                break
    return dict(work="tokenize", tokenizer=tokenizer, texts=corpus), size / 1e6


def tokenizer_row(b):
    golden = os.path.join(os.path.dirname(os.path.abspath(b.options.real)), "golden", "tokenizer-qwen3", "tokenizer.json.xz")
    spec, size = corpus(b, golden)
    print(f"\n### Token ids with the Qwen3 tokenizer, {size:.0f} MB of real messages, {b.threads} threads\n", flush=True)
    sides = [b.ours(**spec), Side("HF tokenizers", [sys.executable, script(), b.spec(**spec)], dict(os.environ, TOKENIZERS_PARALLELISM="true"))]
    with Race(sides, "hash", lambda _: 0) as race:
        race.run(b.options.rounds)
        b.details(race, "hash of ids")
        against(b, race, "tokenizer on real trajectories, ms", "swerm", ["HF tokenizers"], 15, "")


ROWS = {f"step/{name}": step_row(name) for name in STEPS} | {
    "score": score_row, "memory": memory_row, "flops": flops_row, "products": products_row, "attention": attention_row, "threads": threads_row, "long": long_row, "tokenizer": tokenizer_row,
    "operations": operations_row}


def host(b):
    import tokenizers
    import torch
    import transformers
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    isa = "AVX-512" if b.avx512 else "AVX2"
    return dict(cpu=model.group(1) if model else "unknown", cores=b.threads, isa=isa + (" and AMX-BF16" if b.amx else ""), kernel=b.kernel,
                load=os.getloadavg()[0], date=time.strftime("%Y-%m-%d"), torch=torch.__version__, transformers=transformers.__version__,
                tokenizers=tokenizers.__version__, torch_isa=torch.backends.cpu.get_cpu_capability())


def bench(work, options, texts):
    b = Bench(work, options, texts)
    wanted = options.engine.split(",")
    h = host(b)
    print(f"\n## The engine\n\n{h['cores']} cores, {h['cpu']} with {h['isa']}; kernels {h['kernel']}, {b.threads} threads on both sides, {options.rounds} rounds, "
          f"medians (least to most); load {h['load']:.1f} at the start.\nPeer: torch {h['torch']} ({h['torch_isa']}), transformers {h['transformers']}, attention sdpa, "
          f"experts grouped_mm, AdamW fused; compiled is torch.compile with its defaults. tokenizers {h['tokenizers']}, all cores.", flush=True)
    for name, row in ROWS.items():
        if any(name.startswith(w) for w in wanted):
            row(b)
    h["load_at_the_end"] = os.getloadavg()[0]
    print(f"\n### The table\n\nLoad {h['load_at_the_end']:.1f} at the end.\n\n{b.table.markdown()}", flush=True)
    if options.json:
        with open(options.json, "w") as f:
            json.dump(dict(host=h, peaks=b.peak, operations=b.operations, rows=[{k: v for k, v in r.items() if k != "line"} for r in b.table.rows]), f, indent=1)
            f.write("\n")
