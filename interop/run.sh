#!/usr/bin/env bash
# Reads what swerm writes with the tools its users have, and the other way round.
# usage: interop/run.sh VENV SWERM
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 swerm=$2
py="$venv/bin/python3"
"$py" -c 'import torch' 2>/dev/null || "$venv/bin/pip" install -q --no-deps -r interop/requirements-torch.txt

rm -rf runs/interop
"$swerm" run configs/debug.yaml out=runs/interop >/dev/null
path() { "$py" -c 'import json,sys; print(json.load(open("runs/interop/run.json"))["stages"][sys.argv[1]]["path"])' "$1"; }
dirs=(import label split mix tokenize score)
failed=0
"$py" interop/datasets_check.py "$swerm" $(for id in "${dirs[@]}"; do path "$id"; done) || failed=1

# The same trajectories in many parts.
"$swerm" import "$(path plant)" -o runs/interop/parts --policy-aliases '' part_bytes=65536 >/dev/null
"$py" interop/datasets_check.py "$swerm" runs/interop/parts || failed=1

"$py" interop/checkpoint_check.py "$swerm" "$(path train)" || failed=1
for check in interop/tokenizer*.py; do
  "$py" "$check" "$swerm" || failed=1
done
exit $failed
