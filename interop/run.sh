#!/usr/bin/env bash
# Reads what swerm writes with the tools its users have, and the other way round.
# What it prints is kept in docs/interop/DATE.md once every check passes.
# usage: [REAL=folder] [SWERM_GOLDEN=folder] interop/run.sh VENV SWERM
set -euo pipefail
cd "$(dirname "$0")/.."
venv=$1 swerm=$2 work=runs/interop
py="$venv/bin/python3"
interop/torch.sh "$venv"

rm -rf $work
"$swerm" run configs/debug.yaml out=$work -q >/dev/null
: >$work/stderr
path() { "$py" -c 'import json,sys; print(sys.argv[1] + "/" + json.load(open(sys.argv[1] + "/run.json"))["stages"][sys.argv[2]]["path"])' $work "$1"; }
failed=0
check() { "$py" "interop/$1.py" "$swerm" "${@:2}" 2>>$work/stderr || failed=1; }
trap 'rc=$?; if [ $rc != 0 ]; then cat $work/stderr; echo "interop: failed"; fi >&2' EXIT

checks() {
  dirs=()
  for id in import label split mix tokenize score; do dirs+=("$(path $id)"); done
  # The same trajectories in many parts.
  "$swerm" import "$(path plant)" -o $work/parts part_bytes=65536 >/dev/null 2>>$work/stderr
  dirs+=($work/parts)
  # Text of real runs, where there is any.
  local archive=${REAL:-../shared/real}/packed/mini-deepseek-chat.tar.xz
  if [ -e "$archive" ]; then
    "$swerm" import "$archive" -o $work/real part_bytes=16777216 >/dev/null 2>>$work/stderr
    dirs+=($work/real)
  fi
  check datasets_check "${dirs[@]}"
  check tables_check

  SWERM_INTEROP_OUT=$PWD/$work/checkpoints go test -count=1 -run '^TestWriteInterop$' ./moe >>$work/stderr 2>&1
  check checkpoint_check "$(path train)" $work/checkpoints/*
  go build -o $work/gradients ./interop/gradients
  "$py" interop/gradient_check.py $work/gradients $work/checkpoints/* 2>>$work/stderr || failed=1
  SWERM_INTEROP_ADAPTERS=$PWD/$work/adapters go test -count=1 -run '^TestWriteAdapterInterop$' ./moe >>$work/stderr 2>&1
  check adapter_check $work/adapters/*
  SWERM_INTEROP_MOMENTS=$PWD/$work/moments.json go test -count=1 -run '^TestWriteMomentsInterop$' ./moe/kernel >>$work/stderr 2>&1
  "$py" interop/moments_check.py $work/moments.json 2>>$work/stderr || failed=1
  check golden_check
  check tokenizer
  check grading_check
}

{
  echo "# Interoperability, $(date +%F)"
  echo
  echo "\`make interop\` with Python $("$py" -c 'import platform; print(platform.python_version())'):" \
    "$("$py" -c 'import importlib.metadata as m; print(", ".join(f"{p} {m.version(p)}" for p in "pyarrow polars duckdb datasets tokenizers transformers peft torch swebench".split()))')."
  echo
  echo '```'
  checks
  echo '```'
} > >(tee $work/output.md)
wait
[ $failed = 0 ]
mkdir -p docs/interop
cp $work/output.md "docs/interop/$(date +%F).md"
