"""Writes rows of trajectories with the tools of others (pyarrow, datasets, Polars: Parquet
of several codecs and page versions, Arrow streams and files) and imports every file.

usage: tables_check.py SWERM
"""
import datetime
import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import datasets
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 700
datasets.disable_progress_bars()


def table():
    message = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(pa.struct([
        ("id", pa.string()), ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())]))])))])
    schema = pa.schema([
        ("instance_id", pa.large_string()), ("model", pa.dictionary(pa.int32(), pa.string())), ("resolved", pa.bool_()),
        ("created_at", pa.timestamp("us", tz="UTC")), ("day", pa.date32()), ("details", pa.map_(pa.string(), pa.string())),
        ("seed", pa.uint16()), ("cost", pa.float32()), ("messages", pa.list_(message))])
    rows = [{
        "instance_id": f"octo__cat-{i}", "model": f"acme/rocket-{i % 3}", "resolved": [True, False, None][i % 3],
        "created_at": datetime.datetime(2024, 5, 1, 12, tzinfo=datetime.timezone.utc) + datetime.timedelta(hours=i),
        "day": datetime.date(2024, 5, 1), "details": [("k", str(i))], "seed": 65535 - i, "cost": 0.25,
        "messages": [{"role": "user", "content": "Fix it: é🙂 " + "x" * (i % 50)},
                     {"role": "assistant", "content": None if i % 2 else "", "tool_calls": [
                         {"id": f"c{i}", "function": {"name": "bash", "arguments": json.dumps({"command": f"ls {i}"})}}]},
                     {"role": "tool", "content": "out\n" * (i % 7)}],
    } for i in range(ROWS)]
    return pa.Table.from_pylist(rows, schema)


def write(t, work):
    at = lambda name: os.path.join(work, name)
    pq.write_table(t, at("snappy.parquet"), row_group_size=100)
    pq.write_table(t, at("gzip-v2.parquet"), compression="gzip", data_page_version="2.0", data_page_size=4096)
    pq.write_table(t, at("zstd-plain.parquet"), compression="zstd", use_dictionary=False)
    with pa.ipc.new_stream(at("stream.arrow"), t.schema) as w:
        w.write_table(t, max_chunksize=64)
    with pa.ipc.new_file(at("file.arrow"), t.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as w:
        w.write_table(t)
    flat = t.drop_columns(["details"])  # these have no maps
    datasets.Dataset.from_list(flat.to_pylist()).to_parquet(at("datasets.parquet"))
    pl.from_arrow(flat).write_parquet(at("polars.parquet"))


def main():
    swerm = sys.argv[1]
    t = table()
    faults = 0
    with tempfile.TemporaryDirectory() as work:
        write(t, work)
        for name in sorted(os.listdir(work)):
            out = os.path.join(work, name + ".out")
            done = subprocess.run([swerm, "import", os.path.join(work, name), "-o", out, "--json"], capture_output=True, text=True)
            fault = done.stderr.strip() if done.returncode else ""
            if not fault:
                rows = [json.loads(line) for line in subprocess.run([swerm, "cat", out], check=True, capture_output=True, text=True).stdout.splitlines()]
                fault = compare(t.to_pylist(), rows)
            print(f"{'FAIL' if fault else 'ok  '} import {name}: {fault or f'{len(t)} rows'}")
            faults += bool(fault)
    sys.exit(faults > 0)


def compare(want, got):
    if len(want) != len(got):
        return f"{len(got)} rows of {len(want)}"
    for w, g in zip(want, got, strict=True):
        texts = [(m["content"], [c["arguments"] for c in m["tool_calls"] or []]) for m in g["messages"]]
        sent = [(m["content"], [c["function"]["arguments"] for c in m["tool_calls"] or []]) for m in w["messages"]]
        extra = json.loads(g["extra"])
        facts = (g["instance_id"], g["policy_raw"], g["created_at"], json.loads(g["sampling"])["seed"], extra["day"], g["usage"]["cost_usd"])
        given = (w["instance_id"], w["model"], w["created_at"].strftime("%Y-%m-%dT%H:%M:%SZ"), w["seed"], "2024-05-01", w["cost"])
        claims = json.loads(g["claims"] or "{}").get("resolved")
        if texts != sent or facts != given or claims != w["resolved"] or extra.get("details", {}) not in ({}, dict(w["details"])):
            return f"{w['instance_id']}: {facts}, {claims}, {extra}, not {given}, {w['resolved']}"
    return ""


if __name__ == "__main__":
    main()
