#!/usr/bin/env bash
# Runs every fuzz target of the module for the given time each (default 60s).
set -euo pipefail
cd "$(dirname "$0")/.."
each=${1:-60s}
grep -rlE --include='*_test.go' '^func Fuzz' . | while read -r file; do
  dir=$(dirname "$file")
  grep -oE '^func Fuzz[A-Za-z0-9_]*' "$file" | awk '{print $2}' | while read -r target; do
    echo "== $dir $target $each"
    go test -run '^$' -fuzz "^${target}\$" -fuzztime "$each" "$dir"
  done
done
