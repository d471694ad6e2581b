"""Writes unpacked mini-swe-agent runs as Parquet, as the peers do, and prints the
seconds that it took; what is imported for it is there before.

usage: bench_raw.py arrow|hf SOURCE OUT
"""
import glob
import multiprocessing
import os
import sys
import time


def runs(source):
    return sorted(glob.glob(os.path.join(source, "**", "*.traj.json"), recursive=True))


def schema():
    import pyarrow as pa
    call = pa.struct([("id", pa.string()), ("name", pa.string()), ("arguments", pa.string())])
    message = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(call)), ("tool_call_id", pa.string())])
    return pa.schema([("id", pa.string()), ("instance_id", pa.string()), ("messages", pa.list_(message)), ("patch", pa.string())])


def row(path):
    import orjson
    with open(path, "rb") as f:
        run = orjson.loads(f.read())
    messages = [{
        "role": m["role"], "content": m.get("content") or "", "tool_call_id": m.get("tool_call_id") or "",
        "tool_calls": [{"id": c["id"], "name": c["function"]["name"], "arguments": c["function"]["arguments"]}
                       for c in m.get("tool_calls") or []],
    } for m in run["messages"]]
    return {"id": path, "instance_id": run.get("instance_id") or "", "messages": messages, "patch": run["info"].get("submission") or ""}


def write_part(job):
    import pyarrow as pa
    import pyarrow.parquet as pq
    files, path = job
    with pq.ParquetWriter(path, schema(), compression="zstd", compression_level=3) as w:
        for i in range(0, len(files), 128):
            w.write_table(pa.Table.from_pylist([row(f) for f in files[i:i + 128]], schema()))


def rows_of(files):
    for f in files:
        yield row(f)


def arrow(files, out):
    """Two processes with orjson and pyarrow."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(write_part, [(files[i::4], os.path.join(out, f"{i}.parquet")) for i in range(4)], 1)


def hf(files, out):
    """Hugging Face datasets with two processes."""
    import datasets
    d = datasets.Dataset.from_generator(rows_of, gen_kwargs={"files": files}, num_proc=2,
                                        features=datasets.Features.from_arrow_schema(schema()), cache_dir=out)
    d.to_parquet(os.path.join(out, "all.parquet"), batch_size=128)


def main():
    side, source, out = sys.argv[1:]
    import orjson, pyarrow.parquet  # noqa: E401, F401
    if side == "hf":
        import datasets
        datasets.disable_progress_bars()
    os.makedirs(out)
    files, start = runs(source), time.perf_counter()
    {"arrow": arrow, "hf": hf}[side](files, out)
    print(time.perf_counter() - start)


if __name__ == "__main__":
    main()
