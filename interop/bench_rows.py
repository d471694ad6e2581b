"""JSONL of OpenAI messages to Parquet, ours and the peers': part of bench_peers.py.

Every side runs in a process of its own, whose tree's resident memory is sampled.
A peer's seconds are of its work alone, without starting Python and importing;
ours are of the whole program, which also hashes its inputs and what it writes.
"""
import glob
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time

ROW_GROUP = 128
SHARDS = 10
# How much of a copy's words are others, and how many copies are so; the first is the run itself.
EDITS = [(0, 0.03), (0.01, 0.05), (0.12, 0.92)]


def edited(text, rate, rng, vocabulary):
    """Replaces a share of a text's words."""
    words = text.split(" ")
    for _ in range(int(len(words) * rate + rng.random())):
        words[int(rng.random() * len(words))] = vocabulary[int(rng.random() * len(vocabulary))]
    return " ".join(words)


def make_rows(runs, out, copies):
    """Writes shards of rows: every run so many times, nearly all with other words."""
    os.makedirs(out, exist_ok=True)
    vocabulary = sorted({w for r in runs[::5] for m in r["messages"][:10] for w in m["content"].split() if 2 < len(w) < 14})
    rates, shares = zip(*EDITS)
    for shard in range(SHARDS):
        jobs = [(i, copy) for i in range(len(runs)) for copy in range(copies) if (i * 7 + copy) % SHARDS == shard]
        random.Random(shard).shuffle(jobs)
        with open(os.path.join(out, f"shard-{shard:03}.jsonl"), "w") as f:
            for i, copy in jobs:
                rng = random.Random(i * 1000 + copy)
                rate = rng.choices(rates, shares)[0] if copy else 0
                messages = [dict(m, content=edited(m["content"], rate, rng, vocabulary)) if rate else m for m in runs[i]["messages"]]
                f.write(json.dumps({
                    "id": f"{runs[i]['instance_id']}#{i}#{copy}", "instance_id": runs[i]["instance_id"], "policy": f"policy-{rng.choice('ab')}", "source": "real",
                    "resolved": rng.random() < 0.4, "reward": rng.random(), "seed": rng.getrandbits(40), "messages": messages, "patch": runs[i]["patch"],
                }, ensure_ascii=False, separators=(",", ":")) + "\n")


def duckdb_side(shards, out):
    import duckdb
    db = duckdb.connect()
    db.execute("set threads=2; set preserve_insertion_order=false; set memory_limit='8GB'")
    call = "STRUCT(id VARCHAR, name VARCHAR, arguments VARCHAR)[]"
    columns = (f"{{id: 'VARCHAR', instance_id: 'VARCHAR', policy: 'VARCHAR', source: 'VARCHAR', resolved: 'BOOLEAN', reward: 'DOUBLE', seed: 'BIGINT', patch: 'VARCHAR', "
               f"messages: 'STRUCT(role VARCHAR, content VARCHAR, tool_calls {call}, tool_call_id VARCHAR)[]'}}")
    start = time.perf_counter()
    db.execute(f"COPY (SELECT * FROM read_json({shards!r}, format='newline_delimited', maximum_object_size=67108864, columns={columns})) "
               f"TO '{out}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048, PER_THREAD_OUTPUT true, OVERWRITE_OR_IGNORE true)")
    return time.perf_counter() - start


def arrow_shard(job):
    import pyarrow as pa
    import pyarrow.json as pj
    import pyarrow.parquet as pq
    from bench_raw import schema
    shard, out = job
    read = pj.ReadOptions(block_size=16 << 20, use_threads=False)
    parse = pj.ParseOptions(explicit_schema=schema(), unexpected_field_behavior="ignore")
    path = os.path.join(out, os.path.basename(shard) + ".parquet")
    with pq.ParquetWriter(path, schema(), compression="zstd", compression_level=3) as w:
        for batch in pj.open_json(shard, read_options=read, parse_options=parse):
            w.write_table(pa.Table.from_batches([batch]), row_group_size=ROW_GROUP)


def arrow_side(shards, out):
    import multiprocessing
    import pyarrow.json  # noqa: F401 (imported before the clock starts)
    import pyarrow.parquet  # noqa: F401
    os.makedirs(out, exist_ok=True)
    start = time.perf_counter()
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(arrow_shard, [(s, out) for s in shards], 1)
    return time.perf_counter() - start


PEERS = {"duckdb": duckdb_side, "pyarrow": arrow_side}


def resident(pid):
    """Proportional resident bytes of a process and all below it."""
    total, todo = 0, [pid]
    while todo:
        p = todo.pop()
        try:
            with open(f"/proc/{p}/smaps_rollup") as f:
                total += sum(int(line.split()[1]) << 10 for line in f if line.startswith("Pss:"))
            for task in os.listdir(f"/proc/{p}/task"):
                with open(f"/proc/{p}/task/{task}/children") as f:
                    todo += map(int, f.read().split())
        except OSError:
            continue  # it has ended
    return total


def run_side(command, env, watched):
    """Runs a command; returns wall seconds, CPU seconds, peak MiB of its tree, where it is watched, and what it printed."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    peak, ended = [0], threading.Event()

    def sample():
        while not ended.wait(0.05):
            peak[0] = max(peak[0], resident(process.pid))

    sampler = threading.Thread(target=sample)
    if watched:
        sampler.start()
    text = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    ended.set()
    if watched:
        sampler.join()
    if process.returncode != 0:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")
    return wall, usage.ru_utime + usage.ru_stime, peak[0] / (1 << 20), text


def size_of(out):
    return sum(os.path.getsize(p) for p in glob.glob(os.path.join(out, "**", "*.parquet"), recursive=True) if "/index/" not in p)


def bench(swerm, source, n, work):
    """Runs all sides in turn, n times, and prints medians. Memory is of a round before,
    whose time does not count: who looks at it takes some of a processor."""
    shards = sorted(glob.glob(os.path.join(source, "*.jsonl")))
    size = sum(map(os.path.getsize, shards)) / 1e6
    env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "rows-cache"))
    out = os.path.join(work, "rows-out")

    def ours(watched, cores, codec):
        shutil.rmtree(env["XDG_CACHE_HOME"], ignore_errors=True)  # what is remembered of inputs would be a head start
        cpus = sorted(os.sched_getaffinity(0))[:cores]
        wall, cpu, peak, _ = run_side(["taskset", "-c", ",".join(map(str, cpus)), swerm, "import", source, "-o", out, "-q",
                                       "-j", str(cores), f"codec={codec}"], env, watched)
        return wall, cpu, peak, size_of(out)

    def peer(watched, name):
        _, cpu, peak, text = run_side([sys.executable, os.path.abspath(__file__), name, source, out], env, watched)
        return float(text), cpu, peak, size_of(out)

    sides = {
        "swerm, 2 cores": lambda watched: ours(watched, 2, "zstd-fastest"),
        "swerm, 2 cores, codec=zstd": lambda watched: ours(watched, 2, "zstd"),
        "swerm, 1 core": lambda watched: ours(watched, 1, "zstd-fastest"),
        "DuckDB, 2 threads": lambda watched: peer(watched, "duckdb"),
        "pyarrow.json, 2 processes": lambda watched: peer(watched, "pyarrow"),
    }
    took, memory = {name: [] for name in sides}, {}
    for i in range(n + 1):
        for name, side in sides.items():
            shutil.rmtree(out, ignore_errors=True)
            os.sync()  # what the side before had left to write is not this one's
            run = side(i == 0)
            if i == 0:
                memory[name] = run[2]
            else:
                took[name].append(run)
    report(took, memory, len(shards), size)


def report(took, memory, shards, size):
    median = {name: [statistics.median(v) for v in zip(*runs)] for name, runs in took.items()}
    first = next(iter(median.values()))[0]
    print(f"\n### Rows of OpenAI messages to Parquet ({shards} files, {size:.0f} MB)\n")
    print("| side | median s | MB/s | best s | ratio | CPU s | MiB resident, whole tree | MB written |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, (wall, cpu, _, written) in median.items():
        best = min(run[0] for run in took[name])
        print(f"| {name} | {wall:.2f} | {size / wall:,.0f} | {best:.2f} | {wall / first:.2f} | {cpu:.2f} | {memory[name]:.0f} | {written / 1e6:.1f} |")
    print("\nAll write zstd, the peers at level 3. CPU seconds are of whole processes; a peer's start is in them and not in its time.")
    sys.stdout.flush()


if __name__ == "__main__":
    print(PEERS[sys.argv[1]](sorted(glob.glob(os.path.join(sys.argv[2], "*.jsonl"))), sys.argv[3]))
