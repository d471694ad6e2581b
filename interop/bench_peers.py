"""Measures swerm and its peers side by side: every round runs each side once, in
turn, so that a noisy machine disturbs both. Prints Markdown with medians and
the ratio of the peer's time to ours (above 1: ours is faster).

usage: bench_peers.py SWERM [--real DIR] [--raw DIR] [--rows DIR] [--rounds N] [--only import,rows,grade,engine,comm,ranks,auc]

--raw is a folder of unpacked runs, which are otherwise unpacked from DIR/packed;
--rows one of JSONL shards, which are otherwise made of the runs: 28 edited copies
of each, 14,560 rows in 1.7 GB where there are 520 runs.
"""
import argparse
import glob
import json
import lzma
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time

import bench_engine
import bench_raw
import bench_rows
from bench_raw import row

os.environ["HF_HUB_OFFLINE"] = os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "true"
RAW = ROWS = None  # folders that the command line gives
COPIES = 28  # of every run in the rows
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rounds(n, sides):
    """Runs the sides in turn, each with nothing left to write of the one before, and returns their median seconds."""
    took = {name: [] for name in sides}
    for _ in range(n):
        for name, work in sides.items():
            os.sync()
            took[name].append(work())
    return {name: (statistics.median(t), min(t)) for name, t in took.items()}


def report(title, took, unit, amount):
    print(f"\n### {title}\n\n| side | median s | {unit} | best s | ratio |\n|---|---:|---:|---:|---:|")
    ours = took["swerm"][0]
    for name, (median, best) in took.items():
        ratio = "" if name == "swerm" else f"{median / ours:.2f}"
        print(f"| {name} | {median:.3f} | {amount / median:,.1f} | {best:.3f} | {ratio} |")
    sys.stdout.flush()


def start(command, env):
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ended(process, command):
    if process.wait() != 0:
        sys.exit(f"exit code {process.returncode}: {' '.join(command)}")


def seconds_of(command, env):
    """Runs a command and returns its wall seconds."""
    return timed(lambda: ended(start(command, env), command))


def peak_mib(command, env):
    """Runs a command and returns its peak resident memory. That which wait4 tells is no less than this process's own."""
    process, peak = start(command, env), 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as f:
            peak = max([peak, *(int(line.split()[1]) for line in f if line.startswith("VmHWM:"))])
        time.sleep(0.002)
    ended(process, command)
    return peak / 1024


def unpacked(real, work):
    """Unpacks the archives of real runs once and returns the folder."""
    if RAW:
        return RAW
    source = os.path.join(work, "raw")
    if not os.path.isdir(source):
        archives = glob.glob(os.path.join(real, "packed", "*.tar.xz"))
        if not archives:
            sys.exit(f"{real}/packed holds no .tar.xz; give the folder of real runs with --real")
        for archive in archives:
            with lzma.open(archive) as f, tarfile.open(fileobj=f) as t:
                t.extractall(source, filter="data")
    return source


def messages(real, work):
    """Yields the texts of real runs."""
    for path in sorted(glob.glob(os.path.join(unpacked(real, work), "**", "*.traj.json"), recursive=True)):
        yield from (m["content"] for m in row(path)["messages"] if m["content"])


# Import: unpacked mini-swe-agent runs to Parquet.

def bench_import(swerm, real, n, work):
    source = unpacked(real, work)
    files = bench_raw.runs(source)
    size = sum(map(os.path.getsize, files)) / 1e6

    def ours(measure=seconds_of):
        shutil.rmtree(os.path.join(work, "ours"), ignore_errors=True)
        shutil.rmtree(os.path.join(work, "cache"), ignore_errors=True)  # what is remembered of inputs would be a head start
        env = dict(os.environ, XDG_CACHE_HOME=os.path.join(work, "cache"))
        return measure([swerm, "import", source, "-o", os.path.join(work, "ours")], env)

    def peer(name):
        out = os.path.join(work, name)
        shutil.rmtree(out, ignore_errors=True)
        text = subprocess.run([sys.executable, bench_raw.__file__, name, source, out], check=True, capture_output=True, text=True).stdout
        return float(text.split()[-1])

    took = rounds(n, {"swerm": ours, "orjson + pyarrow, 2 processes": lambda: peer("arrow"), "HF from_generator, 2 processes": lambda: peer("hf")})
    report(f"Raw trajectories to Parquet ({len(files)} files, {size:.0f} MB)", took, "MB/s", size)
    print(f"\nEach run of a side is a process of its own. Our time includes starting it and hashing what it reads and writes; the peers' does not include "
          f"starting and their imports. Peak resident memory of swerm: {ours(peak_mib):.0f} MiB.")


def bench_jsonl(swerm, real, n, work):
    source = ROWS
    if not source:
        source = os.path.join(work, "rows")
        files = sorted(glob.glob(os.path.join(unpacked(real, work), "**", "*.traj.json"), recursive=True))
        bench_rows.make_rows([row(f) for f in files], source, COPIES)
    bench_rows.bench(swerm, source, n, work)


# Go benchmarks that print MB/s or tokens/s, against the same work in Python.

def go_bench(package, name, metric, *flags):
    name = "/".join(f"^{part}$" for part in name.split("/"))
    out = subprocess.run(["go", "test", "-run", "^$", "-bench", name, *flags, package], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    value = re.search(rf"([\d.]+) {re.escape(metric)}", out)
    if not value:
        sys.exit(f"{package} {name}: no {metric} in:\n{out}")
    return float(value.group(1))


# Grading: the logs of real evaluations, each with the report of its harness.

def bench_grade(swerm, real, n, work):
    os.environ["REAL"] = os.environ["SWERM_REAL"] = os.path.abspath(real)
    import grading_check as check
    tasks = [check.task(f) for f in check.folders()]
    size = sum(os.path.getsize(log) for _, _, log in tasks) / 1e6
    took = rounds(n, {
        "swerm": lambda: len(tasks) / go_bench("./labeler/regrade", "BenchmarkGrade/real", "logs/s", "-cpu", "1"),
        "swebench 5.0.2 in process": lambda: timed(lambda: [check.grade(t) for t in tasks]),
    })
    report(f"Harness logs graded on one core ({len(tasks)} logs, {size:.1f} MB)", took, "logs/s", len(tasks))
    reference = f"import sys; sys.path.insert(0, {os.path.join(ROOT, 'interop')!r})\nimport grading_check as c\nfor f in c.folders(): c.grade(c.task(f))"
    took = rounds(n, {
        "swerm": lambda: seconds_of([swerm, "grade", str(check.REAL), "--against-reports", "--json"], os.environ),
        "swebench 5.0.2, a script": lambda: seconds_of([sys.executable, "-c", reference], os.environ),
    })
    report("The same from the command line (`grade --against-reports`, which also does the logs of 2024)", took, "logs/s", len(tasks))


class Gloo:
    """Two processes of torch.distributed over gloo, kept from round to round."""

    def __init__(self, work):
        script, place = os.path.join(ROOT, "interop", "gloo_rank.py"), os.path.join(work, "gloo")
        self.ranks = [subprocess.Popen([sys.executable, script, str(r), "2", place], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                      for r in range(2)]

    def median(self, operation, size, times):
        for rank in self.ranks:
            rank.stdin.write(f"{operation} {size} {times}\n")
            rank.stdin.flush()
        return max(float(rank.stdout.readline()) for rank in self.ranks)

    def close(self):
        for rank in self.ranks:
            rank.stdin.close()
        for rank in self.ranks:
            rank.wait()


def bench_comm(swerm, real, n, work):
    size, times = 4 << 20, 100
    gloo = Gloo(work)
    ours = {"swerm": "unix", "swerm, TCP": "tcp", "swerm, TCP as between machines": "tcp-framed", "swerm, one process": "local"}
    for operation in ["allreduce", "alltoallv"]:
        sides = {name: lambda how=how: go_bench("./trainer/comm", f"BenchmarkCollectives/{how}/{operation}/{size}B", "ns/op",
                                                "-benchtime", f"{times}x") / 1e9 for name, how in ours.items()}
        sides["gloo, TCP"] = lambda: gloo.median(operation, size, times)
        report(f"{operation} of 4 MiB{' to each' if operation != 'allreduce' else ''}, 2 ranks", rounds(n, sides), "MiB/s", size / 2**20)
    gloo.close()


def bench_ranks(swerm, real, n, work):
    steps, tokens = 5, 4096
    run = lambda name, *flags: tokens / go_bench("./trainer", name, "tokens/s", "-benchtime", f"{steps}x", *flags)
    sides = {"swerm": lambda: run("BenchmarkRanks/alone")}
    for how in ["local", "unix"]:
        for shape in ["dp2", "ep2", "ep2-overlap"]:
            sides[f"2 ranks, {how}, {shape}"] = lambda name=f"BenchmarkRanks/{how}/{shape}": run(name)
    if shutil.which("mpirun"):
        os.environ.update(CGO_ENABLED="1", CC="mpicc")
        for shape in ["dp2", "ep2", "ep2-overlap"]:
            sides[f"2 ranks, MPI, {shape}"] = lambda name=f"BenchmarkRanksMPI/{shape}": run(name, "-tags", "mpi")
    report("Two ranks of one thread against one process of two (swerm), a step of 4,096 tokens in micro-batches of 512", rounds(n, sides), "tokens/s", tokens)


def bench_auc(swerm, real, n, work):
    import numpy as np
    from sklearn.metrics import roc_auc_score
    rng = np.random.default_rng(1)
    score, label = rng.random(16384), rng.random(16384) < 0.4
    rows = len(score)
    took = rounds(n, {
        "swerm": lambda: go_bench("./metrics", "BenchmarkAUC/16384", "ns/op") / 1e9,
        "scikit-learn": lambda: min(timed(lambda: roc_auc_score(label, score)) for _ in range(5)),
    })
    report("AUC of 16,384 scores", took, "scores/s", rows)


def main():
    global RAW, ROWS, COPIES
    sides = {"import": bench_import, "rows": bench_jsonl, "grade": bench_grade, "comm": bench_comm, "ranks": bench_ranks, "auc": bench_auc}
    parser = argparse.ArgumentParser()
    parser.add_argument("swerm")
    parser.add_argument("--real", default="../shared/real")
    parser.add_argument("--raw")
    parser.add_argument("--rows")
    parser.add_argument("--copies", type=int, default=COPIES, help="of every run in the rows that are made")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default=",".join([*sides, "engine"]))
    parser.add_argument("--engine", default="", help="rows of the engine by the beginnings of their names, such as step/8x512,score")
    parser.add_argument("--long", action="store_true", help="of the engine: score a trajectory of 131,072 tokens as well")
    parser.add_argument("--json", default="", help="of the engine: a file for the table's numbers")
    a = parser.parse_args()
    RAW, ROWS, COPIES = a.raw, a.rows, a.copies
    model = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    print(f"# Side by side, {time.strftime('%Y-%m-%d')}\n\n{os.cpu_count()} cores, {model.group(1) if model else 'unknown CPU'}; "
          f"{a.rounds} rounds, medians; load {os.getloadavg()[0]:.1f} at the start.")
    with tempfile.TemporaryDirectory() as work:
        for name in a.only.split(","):
            if name == "engine":
                bench_engine.bench(work, a, messages(a.real, work))
            else:
                sides[name](os.path.abspath(a.swerm), a.real, a.rounds, work)


if __name__ == "__main__":
    main()
