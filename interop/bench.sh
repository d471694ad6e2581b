#!/usr/bin/env bash
# Measures swerm and its peers side by side and keeps the dated output.
# usage: REAL=folder interop/bench.sh VENV SWERM
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 swerm=$2
interop/torch.sh "$venv"
mkdir -p docs/bench
"$venv/bin/python3" interop/bench_peers.py "$swerm" --real "${REAL:-../shared/real}" | tee "docs/bench/$(date +%F).md"
