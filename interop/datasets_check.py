"""Reads dataset directories with pyarrow, DuckDB, Polars and Hugging Face datasets
and compares every column of every row with what `swerm cat` prints.

usage: datasets_check.py SWERM DIR...
"""
import json
import os
import subprocess
import sys
import tempfile

os.environ["HF_DATASETS_OFFLINE"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"


def ours(swerm, directory):
    out = subprocess.run([swerm, "cat", directory], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


def with_pyarrow(directory):
    import pyarrow.dataset as ds
    return ds.dataset(os.path.join(directory, "data"), format="parquet").to_table().to_pylist()


def with_polars(directory):
    import polars as pl
    return pl.read_parquet(os.path.join(directory, "data", "*.parquet")).to_dicts()


def with_duckdb(directory):
    import duckdb
    cursor = duckdb.sql(f"select * from read_parquet('{directory}/data/*.parquet')")
    names = cursor.columns
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def with_datasets(directory):
    import datasets
    with tempfile.TemporaryDirectory() as cache:
        return datasets.load_dataset(directory, split="train", cache_dir=cache).to_list()


def same(a, b, path, faults):
    """Compares two values. Null is not empty, and true is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        if a.keys() != b.keys():
            faults.append(f"{path}: has {sorted(a)} and {sorted(b)}")
        for key in a.keys() & b.keys():
            same(a[key], b[key], f"{path}.{key}", faults)
    elif isinstance(a, list) and isinstance(b, list):
        if len(a) != len(b):
            faults.append(f"{path}: {len(a)} and {len(b)} items")
        for i, (x, y) in enumerate(zip(a, b)):
            same(x, y, f"{path}[{i}]", faults)
    elif a != b or isinstance(a, bool) != isinstance(b, bool):
        faults.append(f"{path}: {str(a)[:60]!r} and {str(b)[:60]!r}")


def main():
    swerm, failed = sys.argv[1], False
    for directory in sys.argv[2:]:
        want = ours(swerm, directory)
        parts = len(os.listdir(os.path.join(directory, "data")))
        for read in (with_pyarrow, with_polars, with_duckdb, with_datasets):
            got, faults = read(directory), []
            if len(got) != len(want):
                faults.append(f"{len(want)} rows here, {len(got)} there")
            for i, (a, b) in enumerate(zip(want, got)):
                same(a, b, f"row {i}", faults)
            name = read.__name__.removeprefix("with_")
            print(f"{'ok  ' if not faults else 'FAIL'} {name:9} {directory}: {len(got)} rows, {parts} part(s)")
            for fault in faults[:5]:
                print("     ", fault)
            failed |= bool(faults)
    sys.exit(failed)


if __name__ == "__main__":
    main()
