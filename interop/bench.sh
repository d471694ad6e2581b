#!/usr/bin/env bash
# Measures swerm and its peers side by side, keeps the dated output, the numbers
# of the engine's table and the picture of its roofline.
# usage: REAL=folder interop/bench.sh VENV SWERM
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 swerm=$2
interop/torch.sh "$venv"
mkdir -p docs/bench docs/img
"$venv/bin/python3" -u interop/bench_peers.py "$swerm" --real "${REAL:-../shared/real}" --long --json docs/bench/engine.json | tee "docs/bench/$(date +%F).md"
go run ./interop/roofline docs/bench/engine.json docs/img/roofline.png
